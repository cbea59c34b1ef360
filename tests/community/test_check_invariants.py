from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django_scopes import scope

from credits.models import Entry
from credits.services.granting import grant_credits
from tests.factories import NOON, CustomerFactory


@pytest.mark.django_db(transaction=True)
def test_the_command_says_which_rows_break_what():
    customer = CustomerFactory()
    with scope(location=customer.location):
        entry = grant_credits(
            customer=customer, credits=Decimal(5), reason=Entry.Reason.GIVEN, key="gift", at=NOON
        )
    call_command("check_invariants", stdout=StringIO())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE credits_wallet SET balance = balance + 1")

    said = StringIO()
    with pytest.raises(CommandError, match=r"2 of \d+ invariants are broken"):
        call_command("check_invariants", stdout=said)

    assert f"BROKEN  A wallet's balance is the sum of its entries: {entry.wallet_id}" in (
        said.getvalue()
    )
    assert "ok      A receipt's total is the sum of its lines" in said.getvalue()
