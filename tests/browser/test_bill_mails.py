"""The mail of a bill and its reminder, as they land in a mailbox, and where their links lead."""

import re
from email import message_from_bytes, policy
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.conftest import eventually
from tests.browser.counter import issue_a_bill
from tests.browser.looks import axe_violations
from tests.browser.places import connect

REMIND = "from membership.tasks import remind_of_bills; remind_of_bills()"


@pytest.fixture
def mails_about(stack):
    """Wait for so many mails with this in their subjects, the oldest first."""

    def find(words, *, number=1):
        found = []

        def arrived():
            folder = Path(stack.environment["DATA"]) / "mail"
            mails = [
                message_from_bytes(path.read_bytes(), policy=policy.default)
                for path in sorted(folder.glob("*"))
            ]
            found[:] = [mail for mail in mails if words in str(mail["Subject"])]
            return len(found) >= number

        eventually(arrived)
        assert len(found) == number
        return found

    return find


def pdf_of(mail):
    (attached,) = mail.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    return attached.get_filename(), PdfReader(BytesIO(attached.get_content()))


def link_in(mail):
    return re.search(r"http\S+/membership/bills/\d+/", mail.get_body(("plain",)).get_content())[0]


def make_overdue(place, days):
    """Let a bill's day to pay be so many days ago, past the trigger that keeps it as issued."""
    with connect(place.stack) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE billing_bill SET due_on = current_date - %s WHERE location_id ="
            " (SELECT id FROM community_location WHERE slug = %s)",
            [days, place.slug],
        )


@pytest.fixture
def issued(place, nora):
    """Mia's bill: its address, its number, and how its mails name it."""
    nora.goto("community/")
    member = nora.get_by_role("link", name="Mia Holm").get_attribute("href")
    bill = issue_a_bill(nora, member)
    number = nora.get_by_role("heading", level=1).inner_text().split()[-1]
    return bill, number, f"{number} from {place.slug.replace('-', ' ').title()}"


def test_a_bill_is_mailed_and_reminded_of_once(place, stack, mia, issued, mails_about):
    _bill, number, about = issued
    (mail,) = mails_about(f"Bill {about}")
    assert mail["To"] == "mia@quay.test"
    name, pdf = pdf_of(mail)
    assert name == f"{number}.pdf"
    assert link_in(mail) in pdf.pages[0].extract_text()
    mia.goto(link_in(mail))
    expect(mia.get_by_role("heading", level=1)).to_have_text(f"Bill {number}")

    make_overdue(place, days=4)
    for _twice in range(2):
        stack.manage("shell", "-c", REMIND)

    (reminder,) = mails_about(f"Reminder: bill {about}")
    assert link_in(reminder) == link_in(mail)


def test_a_bill_is_sent_again(nora, issued, mails_about):
    bill, number, about = issued
    mails_about(f"Bill {about}")

    nora.goto(bill)
    nora.get_by_role("button", name="Send again").click()
    dialog = nora.get_by_role("dialog", name=f"Send {number} again?")
    expect(dialog).to_contain_text("mia@quay.test")
    assert axe_violations(nora) == []
    dialog.get_by_role("button", name="Send", exact=True).click()

    expect(nora.get_by_text(f"{number} is on its way to mia@quay.test.")).to_be_visible()
    mails_about(f"Bill {about}", number=2)
    nora.reload()
    for words in ("Emailed again", "Emailed"):
        expect(nora.get_by_text(words, exact=True)).to_be_visible()


def test_a_bill_is_opened_from_the_list_by_searching_its_customer(place, nora):
    nora.goto("community/bills/")
    nora.get_by_role("link", name="Open a bill").click()
    nora.get_by_role("searchbox", name="Search customers").fill("mia")
    nora.get_by_role("searchbox", name="Search customers").press("Enter")
    expect(nora.get_by_text("Theo Night")).to_have_count(0)
    opens = nora.get_by_role("button", name="Open a bill for Mia Holm")
    expect(opens).to_be_visible()
    assert axe_violations(nora) == []

    opens.click()

    expect(nora.get_by_role("heading", level=1)).to_have_text("Open bill")
    expect(nora.get_by_role("link", name="Mia Holm")).to_be_visible()
