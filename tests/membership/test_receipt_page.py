import pytest
from django.urls import reverse

from community.models import Location
from membership.models import Purchase
from tests.factories import CustomerFactory, LocationFactory, RoleFactory
from tests.membership.shop import address, words


@pytest.fixture
def receipt(location, mia, buy):
    Location.objects.filter(pk=location.pk).update(
        legal_name="Harbour Loft GmbH", address="Am Kai 7\nHamburg", vat_number="DE312456789"
    )
    location.refresh_from_db()
    return buy(mia).receipt


def page_of(client, location, receipt):
    return client.get(address(location, "receipt", receipt.number))


def test_a_receipt_names_seller_buyer_line_tax_and_card(location, mia, receipt, signed_in):
    page = words(page_of(signed_in(mia.user), location, receipt))

    for fact in (
        f"Receipt {receipt.number}",
        "Harbour Loft GmbH",
        "Am Kai 7<br>Hamburg",
        "DE312456789",
        "Mia Holm",
        "mia@h.test",
        "10 credits",
        "VAT 20 %",
        "Visa •••• 4242",
    ):
        assert fact in page
    assert "data-print" in page


def test_a_receipt_keeps_what_was_true_when_it_was_written(location, mia, receipt, signed_in):
    Location.objects.filter(pk=location.pk).update(legal_name="Somebody else", tax_percent=0)
    mia.user.name = "Mia Newname"
    mia.user.save()

    page = words(page_of(signed_in(mia.user), location, receipt))

    assert "Harbour Loft GmbH" in page
    assert 'To</h2><address class="mt-1 not-italic">Mia Holm' in page
    assert "VAT 20 %" in page


def test_a_receipt_is_dated_in_the_location_s_time(location, mia, receipt, signed_in):
    assert "22 Nov 2026" in words(page_of(signed_in(mia.user), location, receipt))


def test_admins_and_staff_read_it_too_without_a_way_to_the_member_s_pages(
    location, receipt, staff, admin, signed_in
):
    for user in (staff, admin):
        response = page_of(signed_in(user), location, receipt)
        assert response.status_code == 200
        assert address(location, "payments") not in words(response)


def test_a_colleague_does_not_find_it(location, receipt, signed_in):
    colleague = CustomerFactory(member__location=location).member

    assert page_of(signed_in(colleague.user), location, receipt).status_code == 404


def test_another_location_s_admin_does_not_find_it(receipt, signed_in):
    elsewhere = LocationFactory()
    admin = RoleFactory(location=elsewhere).user

    assert page_of(signed_in(admin), elsewhere, receipt).status_code == 404


def test_a_stranger_is_asked_to_join_and_an_anonymous_one_to_sign_in(
    location, receipt, outsider, signed_in, client
):
    anonymous = page_of(client, location, receipt)
    assert anonymous["Location"].startswith(reverse("account_login"))
    assert page_of(signed_in(outsider), location, receipt).status_code == 403


@pytest.mark.parametrize(
    ("number", "status"), [("R-0", 404), ("x'--", 404), ("…", 404), ("%00", 400)]
)
def test_an_unknown_number_is_not_there(location, mia, receipt, signed_in, number, status):
    page = f"{address(location, 'home')}receipts/{number}/"

    assert signed_in(mia.user).get(page).status_code == status
    assert signed_in(mia.user).get(f"{page}pdf/").status_code == status


def test_every_completed_purchase_has_one(location, mia, receipt):
    assert Purchase.objects.get().receipt == receipt


def test_it_links_its_pdf(location, mia, receipt, signed_in):
    browser = signed_in(mia.user)
    pdf = address(location, "receipt_pdf", receipt.number)

    assert f'href="{pdf}"' in page_of(browser, location, receipt).content.decode()
    assert browser.get(pdf).content.startswith(b"%PDF")
