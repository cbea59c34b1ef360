"""Bills, receipts and credit notes as PDF, read back as text."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.utils.translation import override
from django_scopes import scope
from pypdf import PdfReader
from pypdf.generic import ContentStream

from billing.documents import bill_pdf, credit_note_pdf, receipt_pdf
from billing.models import Bill, CreditNote, Receipt
from community.models import Location
from membership.services.bill_credits import credit_bill
from membership.services.bill_keeping import (
    add_manual_item,
    issue_bill_by_hand,
    open_bill_by_hand,
    remove_item,
)
from membership.services.bill_payment import mark_bill_paid
from tests.factories import (
    NOON,
    CustomerFactory,
    DetailsFactory,
    LocationFactory,
    OptionFactory,
    UserFactory,
)
from tests.membership.tab import plan_with_bill, received

CASES = {
    "EUR": (
        "de",
        "Čeněk Müßig-Ñandú",
        "Kontor Größe GmbH",
        6000,
        ("60,00 €", "12,00 €", "72,00 €"),
    ),
    "JPY": ("ja", "髙橋 直子", "港ロフト株式会社", 6000, ("￥6,000", "￥1,200", "￥7,200")),
    "KWD": ("en", "مريم الخطيب", "رصيف", 6000, ("KWD6.000", "KWD1.200", "KWD7.200")),
    "KRW": ("ko", "김민준", "항구", 6000, ("₩6,000", "₩1,200", "₩7,200")),
    "CNY": ("zh-Hans", "张伟", "码头", 6000, ("¥60.00", "¥12.00", "¥72.00")),
}


@pytest.fixture(params=CASES)
def place(request, db):
    """A location of each currency, with a customer who has a bill for the period, and its words."""
    locale, buyer, seller, price, amounts = CASES[request.param]
    location = LocationFactory(
        currency=request.param,
        locale=locale,
        legal_name=seller,
        address="Am Kai 7\nHafen",
        vat_number="DE312456789",
        registration_number="HRB 4711",
        bank_details="Harbour Bank\nDE02 1203 0000",
        document_footer="*Danke* #panic() $x$",
    )
    with scope(location=location):
        customer = CustomerFactory(member__location=location, member__user__name=buyer)
        yield customer, price, amounts


@pytest.fixture
def loft(db):
    """A location in euros with Mia, and an open bill of hers."""
    location = LocationFactory(tax_name="VAT", tax_percent=Decimal(20), legal_name="Loft GmbH")
    with scope(location=location):
        customer = CustomerFactory(member__location=location, member__user__name="Mia Holm")
        yield open_bill_by_hand(customer=customer, key="first", by=UserFactory(), at=NOON)


def issued(bill) -> Bill:
    issue_bill_by_hand(bill_id=bill.pk, by=UserFactory(), at=NOON)
    return Bill.objects.get(pk=bill.pk)


def add(bill, description, price_minor):
    return add_manual_item(
        bill_id=bill.pk,
        description=description,
        price_minor=price_minor,
        key=description,
        by=UserFactory(),
        at=NOON,
    )


def credit(bill, wanted) -> CreditNote:
    return credit_bill(
        bill_id=bill.pk,
        wanted=wanted,
        reason="Moved in late",
        waive_spent=False,
        key=f"note-{bill.pk}",
        by=UserFactory(),
        at=NOON,
    )


def text_of(pdf):
    pages = PdfReader(BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def is_named(name, text):
    """Arabic is read back as it was drawn, from the left and joined: there the letters count."""
    if "ARABIC" in unicodedata.name(name[0]):
        return set(name) <= set(text)
    return name in text


def has_a_missing_shape(pdf):
    """Whether a glyph is number 0: the box that stands for a character no font has."""
    reader = PdfReader(BytesIO(pdf))
    shown = [
        part
        for page in reader.pages
        for operands, operator in ContentStream(page.get_contents(), reader).operations
        if operator in {b"Tj", b"TJ"}
        for part in (operands[0] if operator == b"TJ" else operands)
        if not isinstance(part, int | float)
    ]
    glyphs = [
        bytes(part.original_bytes) if hasattr(part, "original_bytes") else part for part in shown
    ]
    return any(glyph[at : at + 2] == b"\0\0" for glyph in glyphs for at in range(0, len(glyph), 2))


def test_a_bill_names_both_parties_and_its_amounts(place):
    customer, price, amounts = place
    bill = issued(plan_with_bill(customer, price_minor=price))

    text = text_of(bill_pdf(bill))

    for words in (bill.number, customer.email, *amounts):
        assert words in text
    for name in (customer.name, bill.seller["name"]):
        assert is_named(name, text)
    for words in ("Am Kai 7", "DE312456789", "HRB 4711", "DE02 1203 0000", "*Danke* #panic() $x$"):
        assert words in text


def test_every_character_of_a_name_has_its_shape(place):
    customer, price, _amounts = place
    bill = issued(plan_with_bill(customer, price_minor=price))

    assert not has_a_missing_shape(bill_pdf(bill))


def test_a_missing_shape_would_be_seen(loft):
    add(loft, "\N{EGYPTIAN HIEROGLYPH A001}", 1000)

    assert has_a_missing_shape(bill_pdf(issued(loft)))


def test_a_receipt_says_what_was_paid_with_what(location, mia, buy):
    receipt = buy(mia, option=OptionFactory(location=location, price_minor=1000)).receipt

    text = text_of(receipt_pdf(receipt))

    for words in (receipt.number, "Mia Holm", "10 credits", "VAT 20 %", "Visa •••• 4242", "€12.00"):
        assert words in text


def test_a_credit_note_names_its_bill_and_reason(place):
    customer, price, (net, tax, total) = place
    bill = issued(plan_with_bill(customer, price_minor=price))
    note = credit(bill, {item.pk: item.total_minor for item in bill.items.all()})

    text = text_of(credit_note_pdf(note))

    for words in (note.number, bill.number, "Moved in late", net, tax, total):
        assert words in text
    assert is_named(customer.name, text)


def test_tax_is_summed_by_its_rate(loft):
    add(loft, "Locker", 1000)
    add(loft, "Desk", 3000)
    Location.objects.filter(pk=loft.location_id).update(tax_name="Books", tax_percent=7)
    add(loft, "Map", 1000)

    text = text_of(bill_pdf(issued(loft)))

    assert "VAT 20 % €40.00 €8.00 €48.00" in text
    assert "Books 7 % €10.00 €0.70 €10.70" in text
    assert "Total €50.00 €8.70 €58.70" in text


def test_what_was_removed_is_not_on_it(loft):
    add(loft, "Locker", 1000)
    item = add(loft, "Mistake", 500)
    remove_item(
        bill_id=loft.pk, item_id=item.pk, reason="No", waive_spent=False, by=UserFactory(), at=NOON
    )

    text = text_of(bill_pdf(issued(loft)))

    assert "Locker" in text
    assert "Mistake" not in text


def test_a_bill_of_a_plan_says_its_period_and_when_it_is_due(loft):
    bill = issued(plan_with_bill(CustomerFactory(member__location=loft.location)))
    assert (bill.period_start, bill.due_on) == (NOON.date(), date(2026, 12, 6))

    text = text_of(bill_pdf(bill))

    assert "Nov 22, 2026 – Dec 21, 2026" in text
    assert "Due on Dec 6, 2026" in text


def test_a_long_bill_numbers_its_pages_and_repeats_its_columns(loft):
    for number in range(60):
        add(loft, f"Locker {number}", 100)
    bill = issued(loft)

    pages = PdfReader(BytesIO(bill_pdf(bill))).pages

    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert f"{bill.number} · {number} / {len(pages)}" in page.extract_text()
        assert "Net" in page.extract_text()


def test_the_same_bytes_each_time_in_whatever_language_it_is_read(place):
    customer, price, _amounts = place
    bill = issued(plan_with_bill(customer, price_minor=price))
    first = bill_pdf(bill)

    with override("fr"):
        assert bill_pdf(Bill.objects.get(pk=bill.pk)) == first


def test_no_document_changes_with_what_comes_after_it(location, mia, buy):
    receipt = buy(mia).receipt
    bill = issued(plan_with_bill(mia.customer))
    note = credit(bill, {bill.items.get().pk: 1200})
    before = all_documents(bill, receipt, note)

    mark_bill_paid(bill_id=bill.pk, received=received(), by=UserFactory(), at=NOON)
    Location.objects.update(
        name="Other",
        legal_name="Other GmbH",
        address="Elsewhere",
        bank_details="Other Bank",
        document_footer="Other",
        document_prefix="NEW",
        currency="USD",
        locale="de",
        time_zone="Asia/Tokyo",
        tax_name="MwSt",
        tax_percent=7,
        payment_terms_days=1,
    )
    mia.user.name, mia.user.email = "Mia Newname", "new@h.test"
    mia.user.save()

    assert all_documents(bill, receipt, note) == before


def all_documents(bill, receipt, note):
    """Rendered from rows that are read anew."""
    return [
        bill_pdf(Bill.objects.get(pk=bill.pk)),
        receipt_pdf(Receipt.objects.get(pk=receipt.pk)),
        credit_note_pdf(CreditNote.objects.get(pk=note.pk)),
    ]


NAMES = {
    "de": ("Čeněk Müßig-Ñandú OÜ", "Große Straße 7\n20457 Hamburg", "Hinweis: Größe"),
    "ja": ("髙橋商店株式会社", "東京都千代田区丸の内1-1", "大使館のため免税"),
    "ko": ("김민준 상회", "서울특별시 중구 세종대로 110", "외교 면세"),
    "zh-Hans": ("张伟有限公司", "北京市朝阳区建国路1号", "使馆免税"),
    "ar": ("شركة مريم الخطيب", "شارع الخليج العربي ١٢\nالكويت", "إعفاء دبلوماسي"),  # noqa: RUF001
}


@pytest.mark.parametrize("locale", NAMES)
def test_a_document_shows_the_buyer_s_details_and_why_there_is_no_tax(db, locale):
    name, address, reason = NAMES[locale]
    location = LocationFactory(locale=locale, tax_name="VAT")
    with scope(location=location):
        customer = CustomerFactory(member__location=location)
        DetailsFactory(
            customer=customer,
            name=name,
            address=address,
            exemption="other",
            exemption_reason=reason,
        )
        bill = issued(plan_with_bill(customer))
        pdf = bill_pdf(bill)

    # Between scripts a little room is set, which reads like a space or like none.
    text = text_of(pdf).replace(" ", "")
    for words in (name, *address.splitlines(), reason):
        assert is_named(words.replace(" ", ""), text)
    for words in ("DE136695976", "PO-4711", "VAT0%"):
        assert words in text
    assert not has_a_missing_shape(pdf)


def test_a_reverse_charge_is_said_on_bill_and_credit_note(loft):
    DetailsFactory(customer=loft.customer, exemption="reverse_charge")
    item = add(loft, "Locker", 5000)
    bill = issued(loft)
    note = credit(bill, {item.pk: 5000})

    for pdf in (bill_pdf(bill), credit_note_pdf(note)):
        text = text_of(pdf)
        assert "Reverse charge: VAT is to be accounted for by the recipient." in text
        assert "VAT 0 %" in text
        assert "VAT 20 %" not in text


def test_a_bill_with_taxed_and_exempt_items_shows_both_rates_and_the_reason(loft):
    add(loft, "Before", 5000)
    DetailsFactory(customer=loft.customer, exemption="reverse_charge")
    add(loft, "After", 5000)

    text = text_of(bill_pdf(issued(loft)))

    assert "VAT 20 %" in text
    assert "VAT 0 %" in text
    assert text.count("Reverse charge:") == 1


def test_a_document_from_before_there_were_details_is_set_as_it_was(loft):
    add(loft, "Locker", 5000)
    bill = issued(loft)
    bill.buyer = {"name": "Mia Holm", "email": "mia@h.test"}

    assert "mia@h.test" in text_of(bill_pdf(bill))


def test_a_line_keeps_its_own_direction_and_breaks_where_it_is_too_long(db):
    location = LocationFactory(locale="ar", address="Am Kai 7\n20457 Hamburg")
    with scope(location=location):
        customer = CustomerFactory(member__location=location)
        DetailsFactory(customer=customer, address="1058 København", reference="X" * 60)
        text = text_of(bill_pdf(issued(plan_with_bill(customer))))

    assert "20457 Hamburg" in text
    assert "1058 København" in text
    assert "X" * 60 not in text
    assert text.count("X") == 60


def test_a_bill_to_pay_links_to_where_it_is_paid(loft, settings):
    settings.BASE_URL = "https://desk.example"
    add(loft, "Locker", 1000)
    bill = issued(loft)
    page = f"https://desk.example/{bill.location.slug}/membership/bills/{bill.pk}/"
    before = bill_pdf(bill)
    settings.BASE_URL = "https://moved.example"

    assert bill_pdf(Bill.objects.get(pk=bill.pk)) == before
    assert f"Pay online {page}" in text_of(before)
    (link,) = PdfReader(BytesIO(before)).pages[0]["/Annots"]
    assert link.get_object()["/A"]["/URI"] == page


def test_a_bill_over_nothing_has_no_place_to_pay(loft):
    add(loft, "Welcome", 0)
    bill = issued(loft)

    assert (bill.state, bill.seller.get("pay_online")) == ("paid", None)
    assert "Pay online" not in text_of(bill_pdf(bill))
