"""The admin with its own scripts and look, as the operator and as a location's team have it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.timezone import now
from playwright.sync_api import expect

from billing.models import Bill
from community.models import AuditRecord, Export
from community.tasks import make_next_export
from credits.models import Entry
from membership.models import OwedCredits
from payments.models import GatewayEvent, ReviewCase
from tests.admin.books import bill_of
from tests.admin.clerk import Clerk
from tests.browser.looks import faults_of
from tests.factories import OptionFactory, UserFactory
from tests.membership.takings import owed_of

PAGES = ("index", "community_user_changelist", "community_user_add", "community_role_add")
PHONE_BY_NIGHT = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_admin_works_under_the_strict_policy(as_user):
    page = as_user(UserFactory(is_superuser=True, is_staff=True))

    for name in PAGES:
        page.goto(reverse(f"admin:{name}"))
        expect(page.get_by_role("link", name="Deskmint").first).to_be_visible()


@pytest.fixture
def clerk(as_user, staff):
    return Clerk(as_user(staff))


def test_credits_are_given_up_to_the_limit_and_taken_as_far_as_there_are(clerk, mia, staff):
    mia.location.staff_limit_credits = Decimal(5)
    mia.location.save()

    clerk.find("community_customer", "mia@h")
    clerk.do("Give credits", Credits="6", Reason="Broken printer")
    clerk.is_refused("Ask an admin")
    clerk.fill_in("Give credits", Credits="4")
    clerk.is_told("Done: Give credits.")
    clerk.do("Deduct credits", Credits="5", Reason="Too much")
    clerk.is_refused("credits")
    clerk.page.get_by_role("link", name="Cancel").click()

    history = clerk.page.get_by_role("region", name="Who changed what")
    expect(history).to_contain_text("Broken printer")
    assert [entry.credits for entry in Entry.objects.filter(made_by=staff)] == [4]


def test_a_bill_is_found_issued_paid_and_credited(clerk, mia, admin, staff):
    bill = bill_of(mia.customer, admin, issued=False, at=now())

    clerk.find("billing_bill", "mia@h")
    clerk.do("Issue")
    assert Bill.objects.get(pk=bill.pk).state == "active"  # the browser asks for the reason
    clerk.fill_in("Issue", Reason="Leaves early")
    clerk.is_told("Done: Issue.")
    clerk.do("Mark paid", Reason="At the counter")
    clerk.is_told("Done: Mark paid.")
    clerk.do("Credit note", **{"=Locker": "99", "Reason": "Agreed"})
    clerk.is_refused("at most")
    clerk.fill_in("Credit note", **{"=Locker": "2"})
    clerk.is_told("Done: Credit note.")
    clerk.do("Send again", Reason="Lost")
    clerk.is_told("Done: Send again.")

    assert Bill.objects.get(pk=bill.pk).credited_minor == 200
    kept = AuditRecord.objects.filter(user=staff, action__startswith="admin: ").order_by("pk")
    assert [record.reason for record in kept] == ["Leaves early", "At the counter", "Lost"]


def test_what_waits_for_a_human_is_settled_and_closed(clerk, mia, buy):
    bought = buy(mia, at=now())
    about = {"location": mia.location, "charge": bought.charge, "noticed_at": now()}
    case = ReviewCase.objects.create(**about, reason="surplus")
    owed = owed_of(bought.charge, reference="re_1")
    event = GatewayEvent.objects.create(
        location=mia.location,
        connection=bought.charge.connection,
        reference="evt_1",
        kind="charge.refunded",
        payload={"data": {"object": {"payment_intent": bought.charge.reference}}},
        received_at=now(),
    )

    clerk.find("payments_transaction", bought.charge.reference)
    clerk.page.get_by_role("link", name="charge.refunded evt_1").click()
    clerk.do("Retry", Reason="The worker was down")
    clerk.is_told("Done: Retry.")
    for listing, row, act in (
        ("payments_reviewcase", case, "Close"),
        ("membership_owedcredits", owed, "Waive"),
    ):
        clerk.page.goto(reverse(f"admin:{listing}_change", args=[row.pk]))
        clerk.do(act, Reason="Agreed")
        clerk.is_told(f"Done: {act}.")

    clerk.page.wait_for_load_state()
    expect(clerk.page.get_by_role("link", name="Settle", exact=True)).to_have_count(0)
    assert OwedCredits.objects.get(pk=owed.pk).state == "waived"
    assert AuditRecord.objects.get(subject=f"gatewayevent {event.pk}").action == "admin: retry"


def test_an_admin_edits_an_option_on_a_phone(as_user, location, admin):
    option = OptionFactory(location=location, credits=10, price_minor=1000)
    clerk = Clerk(as_user(admin, **PHONE_BY_NIGHT))

    clerk.page.goto(reverse("admin:credits_creditoption_change", args=[option.pk]))
    clerk.do("Edit", Price="12,50")
    clerk.is_told("Write decimals with a point")
    clerk.fill_in("Edit", Price="12.50")

    history = clerk.page.get_by_role("region", name="Who changed what")
    expect(history).to_contain_text("price: €10.00 → €12.50")


def test_a_long_list_is_taken_away_in_the_background(
    as_user, location, admin, monkeypatch, tmp_path
):
    for number in range(4):
        record = {"location": location, "action": f"told {number}", "subject": "x"}
        AuditRecord.objects.create(**record, happened_at=now())
    monkeypatch.setattr("community.desk.taking.MOST_AT_ONCE", 2)
    monkeypatch.setattr("community.desk.taking.send_soon", lambda _task: None)
    page = as_user(admin, **PHONE_BY_NIGHT)

    page.goto(reverse("admin:community_auditrecord_changelist"))
    page.get_by_role("link", name="CSV", exact=True).click()
    page.get_by_role("button", name="Make the file").click()
    expect(page.get_by_text("It waits for a worker.")).to_be_visible()
    assert [fault for fault in faults_of(page) if "files" in fault] == []
    Export.objects.update(state="running", attempts=1, noted_at=now(), rows_total=4, rows_done=2)
    expect(page.get_by_text("2 of 4 rows")).to_be_visible()
    expect(page.get_by_role("status")).to_be_empty()
    Export.objects.update(noted_at=now() - timedelta(hours=1))  # its worker died
    make_next_export()
    expect(page.get_by_role("status")).to_have_text("Audit records · CSV: ready to download")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()

    download.value.save_as(tmp_path / "records.csv")
    assert len((tmp_path / "records.csv").read_text().splitlines()) == 5
