"""While the database is away or busy a page asks to come again; a bug of ours is still an error."""

import pytest
from django.db import connection
from django.db.utils import InterfaceError, OperationalError


@pytest.fixture
def page(client, location, admin):
    client.force_login(admin)
    client.raise_request_exception = False

    def read(trouble):
        def fail(*_arguments):
            raise trouble

        with connection.execute_wrapper(fail):
            return client.get(f"/{location.slug}/")

    return read


@pytest.mark.parametrize("trouble", [OperationalError("gone"), InterfaceError("closed")])
def test_a_database_that_is_away_is_503_and_says_when_to_come_again(page, trouble):
    response = page(trouble)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    assert "Nothing that you did is lost" in response.content.decode()


def test_a_bug_of_ours_is_500(page):
    assert page(RuntimeError("bug")).status_code == 500
