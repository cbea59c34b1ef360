"""Billing details as pages: of a member or a company, for admins; one's own, for members."""

import pytest
from django.urls import reverse

from billing.models import BillingDetails
from membership.services.companies import put_in_company
from tests.community.settings_pages import audited, error_at, words
from tests.factories import NOON, CustomerFactory, DetailsFactory, company_of

FILLED = {
    "name": "Holm & Søn ApS",
    "address": "Havnegade 1\r\n1058 København",
    "vat_number": "dk 13 58 56 28",
    "emails": "books@holm.test\nmia@holm.test",
    "reference": "PO-4711",
}


def own(location):
    return reverse("membership:billing_details", args=[location.slug])


def companys(location, company):
    return reverse("membership:company_billing_details", args=[location.slug, company.pk])


def admins(location, member):
    return reverse("community:member_details", args=[location.slug, member.pk])


def save(browser, address, **changes):
    version = browser.get(address).context["form"]["version"].value()
    return browser.post(address, {"version": version} | FILLED | changes, follow=True)


@pytest.fixture
def company(location, mia):
    """Studio North, which Mia manages."""
    return company_of(mia, name="Studio North")


@pytest.fixture
def cleo(location, company):
    """A member of Studio North who doesn't manage it."""
    member = CustomerFactory(member__location=location).member
    put_in_company(company=company, member=member, by=None, at=NOON)
    return member


def test_a_member_says_how_documents_name_them(location, mia, signed_in):
    page = save(signed_in(mia.user), own(location))

    assert "Billing details saved." in words(page)
    details = BillingDetails.objects.get(customer=mia.customer)
    assert details.name == "Holm & Søn ApS"
    assert details.address == "Havnegade 1\n1058 København"
    assert details.vat_number == "DK13585628"
    assert details.emails == ["books@holm.test", "mia@holm.test"]
    assert details.exemption == ""


def test_a_member_does_not_free_themself_of_tax(location, mia, signed_in):
    save(signed_in(mia.user), own(location), exemption="reverse_charge", exemption_reason="Me")

    details = BillingDetails.objects.get(customer=mia.customer)
    assert (details.exemption, details.exemption_reason) == ("", "")


def test_a_manager_edits_the_company_s_and_its_members_do_not_see_them(
    location, mia, company, cleo, signed_in
):
    save(signed_in(mia.user), companys(location, company), name="Studio North GmbH")
    assert BillingDetails.objects.get().customer == company.customer

    refused = signed_in(cleo.user).get(companys(location, company))
    assert (refused.status_code, "Studio North GmbH" in words(refused)) == (403, False)


def test_the_switch_leads_to_the_companies_that_one_manages(
    location, mia, company, cleo, signed_in
):
    assert companys(location, company) in words(signed_in(mia.user).get(own(location)))
    assert companys(location, company) not in words(signed_in(cleo.user).get(own(location)))


def test_the_bills_lead_to_the_details(location, mia, company, admin, signed_in):
    browser = signed_in(mia.user)
    bills = reverse("membership:bills", args=[location.slug])
    company_bills = reverse("membership:company_bills", args=[location.slug, company.pk])

    assert own(location) in words(browser.get(bills))
    assert companys(location, company) in words(browser.get(company_bills))
    bills_of_mia = reverse("community:member_bills", args=[location.slug, mia.pk])
    assert admins(location, mia) in words(signed_in(admin).get(bills_of_mia))


def test_an_admin_sets_the_reverse_charge_and_it_is_on_record(location, mia, admin, signed_in):
    page = save(signed_in(admin), admins(location, mia), exemption="reverse_charge")

    assert "Billing details saved." in words(page)
    assert BillingDetails.objects.get().no_tax_because == "reverse_charge"
    action, before, after = audited()[-1]
    assert action == "billing details of a customer changed"
    assert (before["exemption"], after["exemption"]) == ("", "reverse_charge")


def test_the_member_reads_why_they_pay_no_tax(location, mia, signed_in):
    DetailsFactory(customer=mia.customer, exemption="other", exemption_reason="Embassy")

    assert "Embassy" in words(signed_in(mia.user).get(own(location)))


def test_the_member_cannot_change_the_number_that_frees_them(location, mia, signed_in):
    DetailsFactory(customer=mia.customer, exemption="reverse_charge")

    page = save(signed_in(mia.user), own(location))

    assert "only the team can change it" in error_at(page, "vat_number")
    assert BillingDetails.objects.get().vat_number == "DE136695976"


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"vat_number": "12345"}, "vat_number", "This is no VAT number"),
        ({"emails": "books@holm.test nobody"}, "emails", "“nobody” is no email address"),
        ({"emails": "a" * 250 + "@h.test"}, "emails", "is no email address"),
        ({"emails": " ".join(f"p{i}@h.test" for i in range(11))}, "emails", "at most 10"),
        ({"reference": "x" * 61}, "reference", "at most 60"),
        ({"exemption": "reverse_charge", "vat_number": ""}, "vat_number", "needs the customer"),
        ({"exemption": "other"}, "exemption_reason", "Say why no tax is charged"),
        ({"exemption": "friend"}, "exemption", "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_changes_nothing(
    location, mia, admin, signed_in, changes, field, said
):
    page = save(signed_in(admin), admins(location, mia), **changes)

    assert said in error_at(page, field)
    assert not BillingDetails.objects.filter(customer=mia.customer).exists()


def test_an_address_named_twice_is_kept_once(location, mia, signed_in):
    save(signed_in(mia.user), own(location), emails="a@h.test, A@h.test; b@h.test")

    assert BillingDetails.objects.get().emails == ["A@h.test", "b@h.test"]


def test_what_somebody_else_saved_meanwhile_is_shown_beside_one_s_own(
    location, mia, admin, signed_in
):
    page = save(signed_in(admin), admins(location, mia), version="old")

    assert "Somebody changed this while you were here" in words(page)
    assert not BillingDetails.objects.filter(customer=mia.customer).exists()
    form = page.context["form"]
    assert form["version"].value() == form.initial["version"]


def test_staff_read_without_a_form(location, mia, staff, signed_in):
    DetailsFactory(customer=mia.customer, exemption="reverse_charge")

    page = words(signed_in(staff).get(admins(location, mia)))

    assert "DE136695976" in page
    assert "Reverse charge" in page
    assert 'name="vat_number"' not in page


def test_the_pages_ask_the_database_as_often_for_many_emails(
    location, mia, signed_in, django_assert_max_num_queries
):
    DetailsFactory(customer=mia.customer, emails=[f"p{i}@h.test" for i in range(10)])
    browser = signed_in(mia.user)

    with django_assert_max_num_queries(12):
        browser.get(own(location))
