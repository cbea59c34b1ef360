import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from community.database import fetch_row, run_statement
from community.models import Location

RENAME = "UPDATE community_location SET name = %(name)s WHERE id = %(location)s"
SPOIL = "UPDATE community_location SET currency = 'eur' WHERE id = %s"


def test_a_statement_writes_in_the_transaction_around_it(location):
    with transaction.atomic():
        run_statement(RENAME, {"name": "Quay", "location": location.pk})
        transaction.set_rollback(True)

    assert Location.objects.get().name == location.name


def test_a_statement_answers_with_its_first_row(location):
    names = "SELECT name FROM community_location WHERE id = %s"

    assert fetch_row(names, [location.pk]) == (location.name,)
    assert fetch_row(names, [0]) is None


def test_a_broken_rule_is_an_error_of_django(location):
    with pytest.raises(IntegrityError, match="location_currency_is_iso"), transaction.atomic():
        run_statement(SPOIL, [location.pk])


def test_nothing_runs_in_a_transaction_that_failed(location):
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic(savepoint=False):
            run_statement(SPOIL, [location.pk])

        with pytest.raises(TransactionManagementError):
            run_statement(RENAME, {"name": "Quay", "location": location.pk})

        transaction.set_rollback(True)


def test_whoever_counts_queries_hears_of_it(location):
    with CaptureQueriesContext(connection) as heard:
        fetch_row("SELECT 1", ())

    assert [query["sql"] for query in heard] == ["SELECT 1"]


def test_whoever_wraps_statements_hears_of_it(location):
    heard = []

    def listen(execute, sql, *rest):
        heard.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(listen):
        fetch_row("SELECT 1", ())

    assert heard == ["SELECT 1"]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_a_statement_is_one_of_its_own(location):
    run_statement(RENAME, {"name": "Quay", "location": location.pk})

    assert Location.objects.get().name == "Quay"
    assert not connection.in_atomic_block
