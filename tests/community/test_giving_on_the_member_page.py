from uuid import uuid4

import pytest
from django.urls import reverse
from django_scopes import scope

from credits.models import Wallet
from tests.factories import CustomerFactory, RoleFactory


@pytest.fixture
def customer(db):
    return CustomerFactory()


def post(client, customer, action, *, kind="admin", **values):
    role = RoleFactory(location=customer.location, kind=kind)
    client.force_login(role.user)
    data = {"credits": "5", "reason": "Welcome", "key": str(uuid4()), **values}
    return client.post(
        reverse(f"community:{action}_credits", args=[customer.location.slug, customer.member.pk]),
        {f"{action}-{name}": value for name, value in data.items()},
    )


def balance(customer):
    with scope(location=customer.location):
        wallet = Wallet.objects.filter(customer=customer).first()
    return wallet.balance if wallet else 0


def test_an_admin_gives_and_deducts(client, customer):
    assert post(client, customer, "give").status_code == 302
    assert post(client, customer, "deduct", credits="2").status_code == 302

    assert balance(customer) == 3


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"credits": "0"}, "Enter a number above 0."),
        ({"credits": "1.005"}, "at most two decimal places"),
        ({"credits": "2000000"}, "more than anyone can hold"),
        ({"reason": ""}, "This field is required."),
        ({"reason": "x" * 201}, "at most 200 characters"),
        ({"reason": "a\x00b"}, "Null characters are not allowed."),
        ({"last_day": "2020-01-01"}, "Choose a day after today."),
        ({"last_day": "tomorrow"}, "Enter a valid date."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_gives_nothing(client, customer, values, words):
    page = post(client, customer, "give", **values)

    assert words in page.content.decode()
    assert balance(customer) == 0


def test_more_than_the_balance_is_refused_in_words(client, customer):
    page = post(client, customer, "deduct")

    assert "0 credits are available." in page.content.decode()


def test_staff_read_but_give_nothing(client, customer):
    assert post(client, customer, "give", kind="staff").status_code == 403
    assert post(client, customer, "deduct", kind="staff").status_code == 403

    assert balance(customer) == 0
