"""The gateway's book beside ours: each way in which they can differ is found."""

from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now
from django_scopes import scope

from membership.services.paying import pay_charge
from payments.gateways.protocol import ChargeOutcome, ChargeState, GatewayUnavailable
from payments.models import ReviewCase
from payments.services.comparing import BookDifference, Differs, compare_charges
from tests.factories import CardFactory, pending_purchase

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def card(db, fake_gateway):
    card = CardFactory()
    with scope(location=card.location):
        yield card


@pytest.fixture
def charge(card):
    """One that succeeded, here and there."""
    purchase = pending_purchase(card=card, at=now())
    pay_charge(charge=purchase.charge, at=now())
    purchase.charge.refresh_from_db()
    return purchase.charge


@pytest.fixture
def differences(card):
    def compare(at=None):
        at = at or now()
        return compare_charges(connection=card.connection, since=at - AN_HOUR, at=at)

    return compare


def strange(key, reference="pi_strange"):
    return ChargeOutcome(reference, ChargeState.SUCCEEDED, 500, "EUR", livemode=False, key=key)


def test_books_that_agree_differ_nowhere(charge, differences):
    assert differences() == []


@pytest.mark.parametrize("facts", [{"amount_minor": 1}, {"currency": "USD"}])
def test_another_amount_is_found(charge, differences, fake_gateway, facts):
    key = str(charge.key)
    fake_gateway.charges[key] = replace(fake_gateway.charges[key], **facts)

    assert differences() == [BookDifference(charge.reference, Differs.AMOUNT)]


def test_what_the_gateway_does_not_have_is_found(charge, differences, fake_gateway):
    fake_gateway.charges.clear()

    assert differences() == [BookDifference(charge.reference, Differs.NOT_THERE)]


def test_what_we_do_not_have_is_found(differences, fake_gateway):
    fake_gateway.charges["x"] = strange("018f0000-0000-7000-8000-000000000001")

    assert differences() == [BookDifference("pi_strange", Differs.NOT_WITH_US)]


def test_a_charge_that_was_collected_twice_is_found(charge, differences, fake_gateway):
    fake_gateway.charges["again"] = strange(str(charge.key), "pi_again")

    found = differences()

    assert BookDifference("pi_again", Differs.TWICE) in found
    assert BookDifference("pi_again", Differs.NOT_WITH_US) in found


def test_what_is_just_being_settled_or_on_the_list_to_review_is_none(card, differences):
    card.reference = "card_lost_answer"
    card.save()
    pending = pending_purchase(card=card, at=now()).charge
    pay_charge(charge=pending, at=now())
    assert differences() == []
    in_a_while = now() + timedelta(minutes=20)
    assert [it.how for it in differences(in_a_while)] == [Differs.NOT_WITH_US]

    ReviewCase.objects.create(
        location=card.location,
        charge=pending,
        reason="mismatch",
        expected={"amount_minor": 1},
        reported={"reference": "pi_1"},
        noticed_at=now(),
    )

    assert differences(in_a_while) == []


@pytest.mark.django_db(transaction=True)
def test_the_command_names_the_charges_over_which_the_books_differ(charge, fake_gateway):
    said = StringIO()
    call_command("check_invariants", "--gateways", stdout=said)
    assert "ok      What Stripe acct_fake collected is what we have" in said.getvalue()

    fake_gateway.charges.clear()
    with pytest.raises(CommandError, match=r"1 of \d+ invariants are broken"):
        call_command("check_invariants", "--gateways", "--since", "2020-01-01", stdout=said)

    assert f"{charge.reference}: with us, not collected there" in said.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_gateway_that_can_not_be_asked_breaks_the_command(charge, fake_gateway, monkeypatch):
    def silent(*, since):
        raise GatewayUnavailable("no answer")

    monkeypatch.setattr(fake_gateway, "collected_charges", silent)
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("check_invariants", "--gateways", stdout=said)

    assert "could not be asked: no answer" in said.getvalue()
