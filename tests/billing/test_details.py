"""Billing details: who changes what, which VAT numbers there are, and what documents take over."""

import pytest

from billing.models import BillingDetails
from billing.services import (
    DETAILS,
    EXEMPTION,
    VatNumberInvalid,
    change_customer_details,
    details_of,
    issue_bill,
    open_bill,
    read_vat_number,
)
from billing.services.details import (
    ReasonNeeded,
    VatNumberBilled,
    VatNumberHeld,
    VatNumberNeeded,
)
from community.models import Customer
from community.services.settings import ChangedMeanwhile, facts_of, version_of
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import add_manual_item
from tests.community.settings_pages import audited
from tests.factories import NOON, DetailsFactory
from tests.membership.tab import plan_with_bill
from tests.racing import errors, race

ALL = (*DETAILS, *EXEMPTION)


def anew(customer):
    return Customer.objects.get(pk=customer.pk)


def change(customer, *, by, names=DETAILS, seen=None, **values):
    """Change some of the values, as whoever has just read them all."""
    now = details_of(anew(customer))
    return change_customer_details(
        customer=customer,
        names=names,
        values={name: getattr(now, name) for name in names} | values,
        seen=seen or version_of(facts_of(now, names)),
        by=by,
        at=NOON,
    )


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("", ""),
        ("DE136695976", "DE136695976"),
        (" de 136.695-976 ", "DE136695976"),
        ("DE123456789", "DE123456789"),  # its check digit is off: that is for a look-up to say
        ("ATU13585627", "ATU13585627"),
        ("EL094259216", "EL094259216"),
        ("XI123456789", "XI123456789"),
        ("CHE-107.787.577 MWST", "CHE107787577MWST"),
        ("GB 980 7806 84", "GB980780684"),
    ],
)
def test_a_vat_number_is_kept_as_it_is_printed(typed, printed):
    assert read_vat_number(typed) == printed


@pytest.mark.parametrize(
    "typed",
    ["136695976", "DE12345", "DE1366959761", "DEABCDEFGHI", "QZ123456", "GB1", "ATU1234567", "DE"],
)
def test_what_is_no_vat_number_by_its_form_is_refused(typed):
    with pytest.raises(VatNumberInvalid):
        read_vat_number(typed)


def test_the_first_details_make_the_row_and_are_on_record(location, mia, admin):
    change(mia.customer, by=mia.user, address="Pier 1", emails=["books@h.test"])

    [details] = BillingDetails.objects.all()
    assert (details.customer, details.address, details.emails) == (
        mia.customer,
        "Pier 1",
        ["books@h.test"],
    )
    assert audited() == [
        (
            "billing details of a customer changed",
            {"address": "", "emails": []},
            {"address": "Pier 1", "emails": ["books@h.test"]},
        )
    ]


def test_what_stays_as_it_was_writes_nothing(location, mia):
    change(mia.customer, by=mia.user, vat_number=" ")

    assert not BillingDetails.objects.filter(customer=mia.customer).exists()
    assert audited() == []


def test_a_reverse_charge_needs_the_vat_number(location, mia, admin):
    with pytest.raises(VatNumberNeeded) as refusal:
        change(mia.customer, by=admin, names=ALL, exemption="reverse_charge")

    assert list(refusal.value.error_dict) == ["vat_number"]
    assert details_of(anew(mia.customer)).no_tax_because == ""


def test_another_exemption_needs_its_reason(location, mia, admin):
    with pytest.raises(ReasonNeeded):
        change(mia.customer, by=admin, names=ALL, exemption="other")

    change(mia.customer, by=admin, names=ALL, exemption="other", exemption_reason="§ 4 UStG")
    assert details_of(anew(mia.customer)).no_tax_because == "§ 4 UStG"


def test_a_reason_goes_with_its_exemption(location, mia, admin):
    change(mia.customer, by=admin, names=ALL, exemption="other", exemption_reason="Embassy")

    change(mia.customer, by=admin, names=ALL, exemption="")

    details = details_of(anew(mia.customer))
    assert (details.no_tax_because, details.exemption_reason) == ("", "")


def test_the_number_that_frees_of_tax_is_changed_by_admins_alone(location, mia, admin):
    DetailsFactory(customer=mia.customer, exemption="reverse_charge")

    for other in ("", "DE123456789"):
        with pytest.raises(VatNumberHeld):
            change(mia.customer, by=mia.user, vat_number=other)
    change(mia.customer, by=mia.user, address="Elsewhere")
    change(mia.customer, by=admin, names=ALL, vat_number="DE123456789")

    details = details_of(anew(mia.customer))
    assert (details.address, details.vat_number) == ("Elsewhere", "DE123456789")


def test_the_number_stays_while_the_open_bill_rests_on_it(location, mia, admin):
    DetailsFactory(customer=mia.customer, exemption="reverse_charge")
    bill = open_bill(customer=mia.customer, key="by hand", at=NOON)
    add_manual_item(
        bill_id=bill.pk, description="Locker", price_minor=500, key="1", by=admin, at=NOON
    )
    change(mia.customer, by=admin, names=ALL, exemption="", exemption_reason="")

    with pytest.raises(VatNumberBilled):
        change(mia.customer, by=mia.user, vat_number="")
    issue_bill(bill_id=bill.pk, at=NOON)
    change(mia.customer, by=mia.user, vat_number="")

    bill.refresh_from_db()
    assert bill.buyer["vat_number"] == "DE136695976"


def test_a_credit_note_names_whom_its_bill_named(location, mia, admin):
    details = DetailsFactory(customer=mia.customer)
    bill = issue_bill(bill_id=plan_with_bill(mia.customer).pk, at=NOON)
    type(details).objects.filter(pk=details.pk).update(name="Somebody Else", vat_number="")

    note = credit_bill(
        bill_id=bill.pk,
        wanted={bill.items.get().pk: 100},
        reason="Agreed",
        waive_spent=False,
        key="1",
        by=admin,
        at=NOON,
    )

    assert note.buyer == bill.buyer


def test_nobody_overwrites_what_somebody_else_saved_meanwhile(location, mia, admin):
    seen = version_of(facts_of(details_of(mia.customer), DETAILS))
    change(mia.customer, by=admin, address="Pier 1")

    with pytest.raises(ChangedMeanwhile):
        change(mia.customer, by=mia.user, seen=seen, address="Pier 2")

    assert details_of(anew(mia.customer)).address == "Pier 1"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_the_first_details_at_once_one_is_told(location, mia, admin):
    seen = version_of(facts_of(details_of(mia.customer), DETAILS))
    values = dict.fromkeys(DETAILS, "") | {"emails": []}

    def saving(pier):
        return lambda: change_customer_details(
            customer=mia.customer,
            names=DETAILS,
            values=values | {"address": f"Pier {pier}"},
            seen=seen,
            by=admin,
            at=NOON,
        )

    answers = race(location, [saving(pier) for pier in range(6)])

    assert [type(it) for it in errors(answers)] == [ChangedMeanwhile] * 5
    assert len(audited()) == 1
