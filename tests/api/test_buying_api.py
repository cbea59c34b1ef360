"""Quotes, purchases, plans and bills by a key: the rules and prices of the pages."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from community.models import ApiKey, AuditRecord
from credits.models import Wallet
from membership.models import Purchase
from membership.services.periods import local_day
from payments.models import Transaction
from tests.factories import CardFactory, CustomerFactory, OptionFactory, PlanFactory


@pytest.fixture
def option(location):
    return OptionFactory(location=location, credits=10, price_minor=1000)


@pytest.fixture
def card(mia):
    return CardFactory(customer=mia.customer, is_default=True)


def quote(api, mia, option, **more):
    return api.post("quotes", {"option": option.pk, "member": mia.pk, **more})


def buy(api, quoted, method, *, key="", **more):
    return api.post("purchases", {"quote": quoted["quote"], "method": method, **more}, key=key)


def test_a_quote_says_what_it_costs_and_how_it_may_be_paid(api, mia, option, card):
    told = quote(api, mia, option).json()

    assert told["total"] == {"amount_minor": 1200, "currency": "EUR", "formatted": "€12.00"}
    assert told["credits"] == "10.00"
    assert told["methods"] == [
        {"method": "card", "open": True, "code": ""},
        {"method": "bill", "open": False, "code": "no_plan"},
    ]


def test_a_card_on_file_pays_once(api, mia, option, card, fake_gateway, invariants_hold):
    quoted = quote(api, mia, option).json()

    bought = buy(api, quoted, "card", key="k")
    again = buy(api, quoted, "card", key="k")
    other_key = buy(api, quoted, "card")

    assert (bought.status_code, bought.json()["state"]) == (201, "completed")
    assert again.json() == other_key.json() == bought.json()
    assert bought.json()["receipt"]
    assert Wallet.objects.get(customer=mia.customer).balance == 10
    assert Transaction.objects.filter(state="succeeded").count() == 1
    assert api.get(f"purchases/{bought.json()['id']}").json() == bought.json()
    pdf = api.get(f"receipts/{bought.json()['receipt']}/pdf")
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    invariants_hold()


def test_a_declined_card_is_a_failed_purchase(api, mia, option, card, fake_gateway):
    card.reference = "card_declined"
    card.save()

    failed = buy(api, quote(api, mia, option).json(), "card").json()

    assert (failed["state"], failed["entry"]) == ("failed", None)
    assert failed["failure_code"]
    assert not Wallet.objects.filter(customer=mia.customer, balance__gt=0).exists()


def test_a_request_that_died_at_the_gateway_is_taken_over_by_the_next(
    api, mia, option, card, fake_gateway, monkeypatch, invariants_hold
):
    quoted = quote(api, mia, option).json()
    monkeypatch.setattr("community.api.once.keep_answer", _die)
    with pytest.raises(Died):
        buy(api, quoted, "card", key="k")
    monkeypatch.undo()

    early = buy(api, quoted, "card", key="k")
    _two_minutes_pass()
    late = buy(api, quoted, "card", key="k")

    assert (early.status_code, early.json()["code"]) == (409, "request_in_progress")
    assert (late.status_code, late.json()["state"]) == (201, "completed")
    assert Wallet.objects.get(customer=mia.customer).balance == 10
    invariants_hold()


def test_nobody_elses_card_is_used(api, mia, option, card):
    stranger = CardFactory(customer__member__location=mia.location, connection=card.connection)

    refused = buy(api, quote(api, mia, option).json(), "card", card=stranger.pk)

    assert (refused.status_code, refused.json()["code"]) == (422, "card_not_usable")
    assert Purchase.objects.count() == 0


def test_a_changed_price_is_not_charged(api, mia, option, card, fake_gateway):
    quoted = quote(api, mia, option).json()
    option.price_minor = 1500
    option.save()

    refused = buy(api, quoted, "card")

    assert (refused.status_code, refused.json()["code"]) == (422, "quote_changed")
    assert Transaction.objects.count() == 0


def test_a_plan_opens_the_bill_that_purchases_go_on(api, mia, option, invariants_hold):
    plan = PlanFactory(location=mia.location, price_minor=5000, discount_percent=Decimal(10))
    customer = mia.customer.pk
    today = str(local_day(mia.location, now()))
    given = api.post(
        "assignments",
        {"customer": customer, "plan": plan.pk, "starts_on": today, "bill_enabled": True},
    )

    bought = buy(api, quote(api, mia, option).json(), "bill").json()
    bill = bought["bill"]
    item = api.post(f"bills/{bill}/items", {"description": "Locker", "price_minor": 500})

    assert given.status_code == 201
    assert (bought["state"], bought["total"]["amount_minor"]) == ("completed", 1080)
    assert item.json()["total"]["amount_minor"] == 600
    items = api.get(f"bills/{bill}/items").json()["results"]
    assert [it["source"] for it in items] == ["other", "credits", "plans"]
    assert api.get(f"bills/{bill}").json()["total"]["amount_minor"] == 6000 + 1080 + 600
    assert api.get(f"bills/{bill}/pdf").status_code == 404  # no document yet
    ended = api.post(f"customers/{customer}/plan/end", {})
    assert ended.json()["ends_on"] > today
    months = api.get("revenue").json()["results"]
    assert {it["source"]: it["net"]["amount_minor"] for it in months} == {
        "credits": 900,
        "other": 500,
        "plans": 5000,
    }
    invariants_hold()


def test_what_software_did_names_its_key(api, mia, option, card, fake_gateway):
    plan = PlanFactory(location=mia.location, price_minor=5000)
    today = str(local_day(mia.location, now()))
    body = {"customer": mia.customer.pk, "plan": plan.pk, "starts_on": today, "bill_enabled": True}
    api.post("assignments", body)
    by_card = buy(api, quote(api, mia, option).json(), "card").json()
    bill = buy(api, quote(api, mia, option).json(), "bill").json()["bill"]
    api.post(f"bills/{bill}/items", {"description": "Locker", "price_minor": 500})
    api.post(f"customers/{mia.customer.pk}/plan/end", {})

    told = AuditRecord.objects.filter(api_key__name="Doors").order_by("pk")
    assert [it.action for it in told] == ["plan assigned", "bill item added", "plan ended"]
    assert {it.user for it in told} == {ApiKey.objects.get().made_by}
    assert by_card["state"] == "completed"
    assert [it.api_key.name for it in Purchase.objects.all()] == ["Doors", "Doors"]


def test_a_request_that_was_not_allowed_leaves_its_key_free(location, mia, option, card, client):
    stranger = CustomerFactory(member__location=location).member
    client.force_login(stranger.user)
    body = {"option": option.pk, "member": stranger.pk}
    theirs = client.post("/api/v1/quotes", body, content_type="application/json").json()["quote"]
    client.force_login(mia.user)

    refused = [
        client.post(
            "/api/v1/purchases",
            {"quote": theirs, "method": "card"},
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
        )
        for _again in range(2)
    ]

    assert [it.json()["code"] for it in refused] == ["only_for_oneself"] * 2
    assert not Purchase.objects.exists()


def test_a_session_buys_once_and_shares_its_keys_with_nobody(
    location, mia, option, card, client, fake_gateway
):
    other = CustomerFactory(member__location=location).member
    CardFactory(customer=other.customer, connection=card.connection)
    said = {}
    for member in (mia, other):
        client.force_login(member.user)
        body = {"option": option.pk, "member": member.pk}
        told = client.post("/api/v1/quotes", body, content_type="application/json").json()
        said[member] = [
            client.post(
                "/api/v1/purchases",
                {"quote": told["quote"], "method": "card"},
                content_type="application/json",
                headers={"Idempotency-Key": "k"},
            )
            for _again in range(2)
        ]

    for first, again in said.values():
        assert (first.status_code, again.json()) == (201, first.json())
        assert again["Idempotent-Replayed"] == "true"
    assert Purchase.objects.filter(state="completed", api_key=None).count() == 2


def test_a_session_buys_for_its_own_user_alone(location, mia, option, client):
    client.force_login(mia.user)
    stranger = CustomerFactory(member__location=location).member
    body = {"option": option.pk, "member": mia.pk}

    own = client.post("/api/v1/quotes", body, content_type="application/json")
    others = client.post(
        "/api/v1/quotes", body | {"member": stranger.pk}, content_type="application/json"
    )

    assert (own.status_code, others.status_code) == (201, 403)
    assert others.json()["code"] == "only_for_oneself"


class Died(Exception):
    pass


def _die(**_facts):
    raise Died


def _two_minutes_pass():
    from community.models import ApiAnswer  # noqa: PLC0415 - the only use

    ApiAnswer.objects.update(claimed_at=now() - timedelta(minutes=3))
