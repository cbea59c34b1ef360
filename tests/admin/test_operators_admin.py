import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from billing.models import Bill
from community.desk.rows import ReadOnly
from community.desk.site import desk as desk_site
from community.models import AuditRecord, Role, User
from credits.models import CreditUse
from credits.services.spending import spend_credits
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import (
    add_manual_item,
    issue_bill_by_hand,
    open_bill_by_hand,
)
from membership.services.bill_payment import mark_bill_paid
from membership.services.joining import suspend_member
from payments.models import GatewayConnection, GatewayEvent, ReviewCase, Transaction
from payments.services.reviewing import open_review
from tests.factories import (
    NOON,
    AssignmentFactory,
    CustomerFactory,
    DetailsFactory,
    UserFactory,
    company_of,
    with_second_factor,
)
from tests.membership.tab import received
from tests.membership.takings import owed_of
from tests.notifications.books import books_of_news

LEDGER = {
    "AuditRecord",
    "Bill",
    "BillPayment",
    "CreditNote",
    "Entry",
    "GatewayEvent",
    "Lot",
    "LotMovement",
    "Purchase",
    "Receipt",
    "RevenueLine",
    "Transaction",
    "Wallet",
}
LISTINGS = sorted(
    f"{model._meta.app_label}_{model._meta.model_name}" for model in desk_site._registry
)
READ_ONLY = {
    model: page for model, page in desk_site._registry.items() if isinstance(page, ReadOnly)
}


@pytest.fixture
def operator(db):
    return with_second_factor(UserFactory(is_superuser=True, is_staff=True))


@pytest.fixture
def desk(signed_in, operator):
    """The operator's browser."""
    return signed_in(operator)


@pytest.fixture
def trade(location, mia, admin, buy, add_credits):
    """A bit of everything that the admin lists."""

    def happen():
        with scopes_disabled():
            gateway = GatewayConnection.objects.get(location=location)
        bought = buy(mia)
        add_credits(mia, key=f"given:{bought.pk}")
        company = company_of(mia)
        add_credits(company, key=f"given:{bought.pk}")
        spend_credits(
            customer=mia.customer, credits=bought.credits, key=f"desk:{bought.pk}", at=NOON
        )
        _bill(mia.customer, admin)
        other = CustomerFactory(member__location=location).member
        suspend_member(member=other, by=admin, reason="Lent their key", at=NOON)
        GatewayEvent.objects.create(
            location=location,
            connection=gateway,
            reference=f"evt_{bought.pk}",
            kind="payment_intent.succeeded",
            payload={"id": f"evt_{bought.pk}"},
            received_at=timezone.now(),
        )
        return bought

    return happen


def _bill(customer, admin):
    """A bill with an item, credited in part and paid."""
    key = Bill.objects.count()
    bill = open_bill_by_hand(customer=customer, key=key, by=admin, at=NOON)
    item = add_manual_item(
        bill_id=bill.pk, description="Locker", price_minor=500, key=key, by=admin, at=NOON
    )
    issue_bill_by_hand(bill_id=bill.pk, by=admin, at=NOON)
    wanted = {item.pk: 100}
    credit_bill(
        bill_id=bill.pk,
        wanted=wanted,
        reason="Agreed",
        waive_spent=False,
        key=key,
        by=admin,
        at=NOON,
    )
    mark_bill_paid(bill_id=bill.pk, received=received(), by=admin, at=NOON)


def url(page, *ids):
    name = "change" if ids else "changelist"
    return reverse(f"admin:{page}_{name}", args=ids)


def newest(model):
    with scopes_disabled():
        return model._base_manager.order_by("-pk").first()


def test_the_operator_sees_every_list_and_finds_in_it(desk, trade):
    trade()

    seen = {it: (desk.get(url(it)), desk.get(url(it), {"q": "mia"})) for it in LISTINGS}

    assert {it: [page.status_code for page in pages] for it, pages in seen.items()} == {
        it: [200, 200] for it in LISTINGS
    }


def test_a_list_asks_no_more_for_more_rows(desk, trade):
    trade()
    few = {it: asked(desk, it) for it in LISTINGS}
    for _ in range(3):
        trade()

    assert {it: asked(desk, it) for it in LISTINGS} == few
    assert max(few.values()) <= 20


def asked(desk, listing):
    """How many queries its page takes; what is remembered from the first time is not counted."""
    desk.get(url(listing))
    with CaptureQueriesContext(connection) as queries:
        desk.get(url(listing))
    return len(queries)


def test_the_ledger_and_all_of_its_kin_are_read_only():
    assert {model.__name__ for model in READ_ONLY} >= LEDGER


def test_nothing_that_grows_with_trade_is_searched_for_parts_of_a_text():
    searched = {it.__name__ for it, page in READ_ONLY.items() if page.search_fields}
    looked_up = {it.__name__ for it, page in READ_ONLY.items() if page.finding}

    people = {"Member", "Company", "CompanyMember", "Customer", "BillingDetails", "Card"}
    settings = {"Location", "CreditOption", "CreditUse", "Plan", "GatewayConnection"}
    assert searched - looked_up == people | settings | {"PushSubscription"}


def test_no_post_changes_what_is_read_only(desk, trade, mia, location):
    trade()
    rarely_there(mia, location)
    before = {model: first_values(model) for model in READ_ONLY}

    answers = {model: posted(desk, model) for model in READ_ONLY}

    assert [model for model, (own, _others) in answers.items() if own != {403}] == []
    assert [model for model, (_own, others) in answers.items() if others - {200, 302, 403}] == []
    assert {model: first_values(model) for model in READ_ONLY} == before
    assert [model for model, values in before.items() if not values] == []


def rarely_there(mia, location):
    charge = newest(Transaction)
    with scope(location=location):
        books_of_news(location, mia.customer.pk, NOON)
        owed_of(charge, reference="re_1")
        open_review(charge=charge, reason=ReviewCase.Reason.SURPLUS, at=NOON)
        DetailsFactory(customer=mia.customer)
        AssignmentFactory(customer=mia.customer)
        CreditUse.objects.create(location=location, name="Desk", credits=1)


def first_values(model):
    row = newest(model)
    return row and model._base_manager.filter(pk=row.pk).values().get()


def posted(desk, model):
    """What adding, changing and deleting were answered, and what ticking and reading were."""
    page = f"{model._meta.app_label}_{model._meta.model_name}"
    adding = desk.post(reverse(f"admin:{page}_add"), {"location": "1"}).status_code
    row = newest(model)
    changing = desk.post(url(page, row.pk), {"credits": "1000", "state": "succeeded"}).status_code
    deleting = desk.post(reverse(f"admin:{page}_delete", args=[row.pk]), {"post": "yes"})
    ticked = {"action": "delete_selected", "_selected_action": [row.pk]}
    others = {desk.post(url(page), ticked).status_code, desk.get(url(page, row.pk)).status_code}
    return {adding, changing, deleting.status_code}, others


def test_no_secret_is_on_any_page(desk, trade):
    trade()
    gateway = newest(GatewayConnection)
    GatewayConnection._base_manager.filter(pk=gateway.pk).update(
        secret_key="rk_test_never_shown", webhook_secret="whsec_never_shown"
    )
    user = User.objects.get(email="mia@h.test")

    texts = [
        desk.get(url("payments_gatewayconnection")).content.decode(),
        desk.get(url("payments_gatewayconnection", gateway.pk)).content.decode(),
        desk.get(url("community_user", user.pk)).content.decode(),
        desk.get(url("payments_transaction", newest(Transaction).pk)).content.decode(),
    ]

    assert gateway.publishable_key in texts[1]
    for text in texts:
        assert "never_shown" not in text
        assert str(gateway.key) not in text
        assert user.password not in text
        assert "argon2" not in text


def test_libraries_admins_with_their_secrets_are_not_part_of_it(desk):
    with pytest.raises(NoReverseMatch):
        reverse("admin:mfa_authenticator_changelist")
    assert desk.get("/admin/mfa/authenticator/").status_code == 404
    assert desk.get("/admin/account/emailaddress/").status_code == 404


def test_only_a_superuser_has_an_admin(location, signed_in, admin, staff, mia):
    helper = UserFactory(is_staff=True)

    for user in (admin, staff, mia.user, helper):
        browser = signed_in(user)
        assert browser.get("/admin/", follow=True).status_code == 403
        assert browser.get(url("credits_entry"), follow=True).status_code == 403
        assert browser.post(reverse("admin:login"), {"username": "a"}).status_code == 403


def test_its_sign_in_is_the_one_sign_in_page(client, db):
    answer = client.get(url("credits_entry"), follow=True)

    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert answer.context["redirect_field_value"] == url("credits_entry")

    posted = client.post(reverse("admin:login"), {"username": "a", "password": "b"})
    assert posted.status_code == 302
    assert posted["Location"].startswith(reverse("account_login"))


def test_a_password_is_changed_on_the_page_for_it(desk):
    assert desk.get("/admin/password_change/")["Location"] == reverse("account_change_password")


def test_the_operator_adds_a_user_who_has_no_password_yet(desk):
    desk.post(
        reverse("admin:community_user_add"),
        {"email": "Nils@New.test", "name": "Nils Berg", "is_active": "on"},
    )

    user = User.objects.get(email="nils@new.test")
    assert not user.has_usable_password()
    assert not user.is_superuser


def test_the_same_address_is_not_added_twice(desk, mia):
    answer = desk.post(
        reverse("admin:community_user_add"),
        {"email": "MIA@h.test", "name": "Mia", "is_active": "on"},
    )

    assert answer.status_code == 200
    assert User.objects.filter(email__iexact="mia@h.test").count() == 1


def test_an_address_stays_its_owners(desk, mia):
    desk.post(
        url("community_user", mia.user_id),
        {"email": "other@h.test", "name": "Mia H.", "is_active": "on"},
    )

    mia.user.refresh_from_db()
    assert (mia.user.email, mia.user.name) == ("mia@h.test", "Mia H.")


def test_the_operator_gives_and_takes_a_role(desk, location, mia):
    desk.post(
        reverse("admin:community_role_add"),
        {"user": mia.user_id, "location": location.pk, "kind": "admin"},
    )
    role = Role.objects.get(user=mia.user, location=location)
    desk.post(reverse("admin:community_role_delete", args=[role.pk]), {"post": "yes"})

    assert not Role.objects.filter(pk=role.pk).exists()


def test_users_are_never_deleted(desk, outsider):
    page = reverse("admin:community_user_delete", args=[outsider.pk])

    assert desk.post(page, {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=outsider.pk).exists()


def test_audit_records_are_listed_newest_first(desk, trade):
    trade()
    trade()

    rows = desk.get(url("community_auditrecord")).context["cl"].result_list

    assert [row.pk for row in rows] == list(
        AuditRecord._base_manager.order_by("-pk").values_list("pk", flat=True)
    )
