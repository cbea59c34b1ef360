import signal
from io import StringIO

import pytest
import requests
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled

from billing.models import Bill
from community.management.commands.check_invariants import broken_invariants
from community.models import Customer, Location, User
from credits.models import CreditOption, Wallet
from membership.demo import living
from membership.management.commands import load_demo
from membership.models import Plan, Purchase
from membership.services.paying import pay_charge
from payments.models import Card, GatewayConnection, Transaction
from payments.services.connecting import webhook_url
from tests.stack.test_stripe_standin.conftest import Standin

pytestmark = pytest.mark.django_db
FAY = "fay@harbour.demo"
OURS = ("community", "notifications", "analytics", "credits", "billing", "payments", "membership")


@pytest.fixture
def standin(tmp_path):
    running = Standin(tmp_path / "standin.sqlite3").start()
    yield running
    running.end(signal.SIGTERM)


@pytest.fixture(autouse=True)
def own_servers(settings, standin):
    settings.EMBEDDED = True
    settings.STRIPE_API_BASE = standin.root


@pytest.fixture
def one_place(monkeypatch):
    """Only the smaller location: half the time."""
    monkeypatch.setattr(load_demo, "PLACES", load_demo.PLACES[1:])


@pytest.fixture
def no_story(monkeypatch, one_place):
    monkeypatch.setattr(load_demo, "story_of", lambda _place, today: [])


def load(*arguments):
    output = StringIO()
    call_command("load_demo", *arguments, stdout=output)
    return output.getvalue()


def rows():
    """Every row of ours, as the database has it."""
    with scopes_disabled():
        return {
            model.__name__: list(model.objects.order_by("pk").values())
            for app in OURS
            for model in apps.get_app_config(app).get_models()
        }


def webhooks(standin, account):
    answer = requests.get(
        f"{standin.base(account)}/v1/webhook_endpoints",
        headers={"Authorization": "Bearer rk_test_reader"},
        timeout=10,
    )
    return [endpoint["url"] for endpoint in answer.json()["data"]]


def test_the_demo_is_told_once_and_all_books_agree(standin):
    load()
    told = rows()
    load()

    assert rows() == told
    assert {mail["state"] for mail in told["DocumentMail"]} == {"sent"}
    assert {mail["kind"] for mail in told["DocumentMail"]} == {"issued", "reminder"}
    assert broken_invariants() == {}
    with scopes_disabled():
        for location in Location.objects.all():
            charged = Transaction.objects.filter(location=location, state="succeeded")
            book = requests.get(f"{standin.base(location.slug)}/_book", timeout=10).json()
            assert book["totals"] == {
                location.currency.lower(): sum(charged.values_list("amount_minor", flat=True))
            }
        assert_garden_is_lively()
        assert_harbour_has_plans_and_bills_of_months()


def assert_garden_is_lively():
    with scope(location=Location.objects.get(slug="garden")):
        yuki = User.objects.get(email="yuki@garden.demo").memberships.get().customer
        assert Wallet.objects.get(customer=yuki).balance > 0
        assert str(Card.objects.kept().get(customer=yuki)) == "Visa •••• 4242"
        assert CreditOption.objects.on_sale().count() == 4
        assert CreditOption.objects.archived().count() == 1
        states = set(Transaction.objects.values_list("state", flat=True))
        assert states == {"succeeded", "failed"}
        reasons = set(Wallet.objects.values_list("entries__reason", flat=True)) - {None}
        assert reasons == {"purchase", "given", "spending", "lapse"}


def assert_harbour_has_plans_and_bills_of_months():
    with scope(location=Location.objects.get(slug="harbour")):
        names = Plan.objects.on_offer().values_list("name", "discount_percent")
        assert list(names) == [("Flex", 0), ("Founders", 100), ("Resident", 25)]
        studio = Customer.objects.get(company__name="Studio North")
        assert Bill.objects.get(customer=studio).items.count() == 3
        assert Purchase.objects.filter(method="free", bought_by__user__email=FAY).count() == 2
        flex = Bill.objects.filter(customer__assignments__plan__name="Flex")
        assert flex.exclude(state="active").count() >= 15
        late = {bill.customer.name for bill in Bill.objects.overdue(now().date()).with_who()}
        assert late == {"Ben Wolff"}
        assert flex.active().count() == 5


def test_killed_within_a_sale_it_goes_on_to_the_same_end(one_place, monkeypatch):
    left = iter(range(20))

    def pay_until_killed(**purchase):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return pay_charge(**purchase)

    with monkeypatch.context() as patched:
        patched.setattr(living, "pay_charge", pay_until_killed)
        with pytest.raises(KeyboardInterrupt):
            load()
    load()

    again = rows()
    load()
    assert rows() == again
    assert broken_invariants() == {}
    assert len(again["Purchase"]) > 50
    assert "pending" not in {purchase["state"] for purchase in again["Purchase"]}


def test_a_silent_gateway_is_said_and_asked_again_next_time(settings, no_story, standin):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    said = load()

    assert "Garden House: its gateway at http://127.0.0.1:9 can't be heard" in said
    with scopes_disabled():
        assert not GatewayConnection.objects.exists()

    settings.STRIPE_API_BASE = standin.root
    load()

    with scopes_disabled():
        assert GatewayConnection.objects.connected().count() == 1


def test_webhooks_follow_deskmint_to_another_port(settings, no_story, standin):
    load()
    settings.BASE_URL = "http://127.0.0.1:8123"
    load()

    with scopes_disabled():
        connection = GatewayConnection.objects.get()
    assert webhook_url(connection).startswith("http://127.0.0.1:8123/webhooks/stripe/")
    here = [url for url in webhooks(standin, "garden") if str(connection.key) in url]
    assert here == [webhook_url(connection)]


def test_it_keeps_away_from_servers_that_are_not_its_own(settings, no_story):
    settings.EMBEDDED = False

    with pytest.raises(CommandError, match="public password"):
        load()
    assert not User.objects.exists()

    load("--anywhere")
    assert User.objects.filter(is_superuser=True).count() == 1


def test_it_lists_the_log_ins(no_story):
    listed = load("--list")

    assert "password deskmint-demo" in listed
    assert [word for word in listed.split() if "@" in word] == [
        "admin@harbour.demo",
        "staff@harbour.demo",
        "mia@harbour.demo",
        "carl@harbour.demo",
        "cora@harbour.demo",
        "cleo@harbour.demo",
        "fay@harbour.demo",
        "noah@harbour.demo",
        "operator@harbour.demo",
        "admin@garden.demo",
        "yuki@garden.demo",
    ]
