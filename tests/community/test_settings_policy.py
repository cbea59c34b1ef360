"""Settings > Credit policy."""

from decimal import Decimal

from tests.community.settings_pages import POLICY, address, audited, filled, words


def post(browser, location, **changes):
    fields = filled(browser, location, POLICY) | changes
    return browser.post(address(location, POLICY), fields, follow=True)


def test_a_policy_is_saved_as_a_whole(location, admin, signed_in):
    browser = signed_in(admin)
    fields = filled(browser, location, POLICY) | {
        "bill_credits": "when_paid",
        "bill_limit_credits": "250.5",
        "staff_limit_credits": "20",
    }
    del fields["refuse_bills_while_overdue"]

    response = browser.post(address(location, POLICY), fields, follow=True)

    assert "Credit policy saved." in words(response)
    location.refresh_from_db()
    assert location.bill_credits == "when_paid"
    assert location.bill_limit_credits == Decimal("250.5")
    assert location.refuse_bills_while_overdue is False
    assert location.staff_limit_credits == 20
    assert audited() == [
        (
            "credit policy changed",
            {
                "bill_credits": "at_once",
                "bill_limit_credits": None,
                "refuse_bills_while_overdue": True,
                "staff_limit_credits": "0",
            },
            {
                "bill_credits": "when_paid",
                "bill_limit_credits": "250.5",
                "refuse_bills_while_overdue": False,
                "staff_limit_credits": "20",
            },
        )
    ]


def test_an_empty_limit_is_none(location, admin, signed_in):
    browser = signed_in(admin)
    post(browser, location, bill_limit_credits="100")

    post(browser, location, bill_limit_credits="")

    location.refresh_from_db()
    assert location.bill_limit_credits is None


def test_a_second_factor_can_be_required(location, admin, signed_in):
    post(signed_in(admin), location, require_second_factor="on")

    location.refresh_from_db()
    assert location.require_second_factor
