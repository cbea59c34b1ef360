"""What the tests of the settings pages share: addresses, forms as a browser sends them, words."""

import re
from datetime import timedelta

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth import SESSION_KEY
from django.urls import reverse
from django.utils.timezone import now

from community.models import AuditRecord

LOCATION = "settings_location"
BILLING = "settings_billing"
TAX = "settings_tax"
TEAM = "settings_team"
POLICY = "settings_credit_policy"
PAYMENTS = "settings_payments"
STRIPE = "settings_stripe"
TRANSFER = "settings_bank_transfer"
PAGES = [LOCATION, BILLING, TAX, TEAM, POLICY, PAYMENTS, TRANSFER, STRIPE]


def address(location, name, *args):
    return reverse(f"community:{name}", args=[location.slug, *args])


def words(response):
    return response.content.decode()


def filled(browser, location, page, *args, form="form"):
    """Open a page and give the fields of its form, as a browser would send them back."""
    shown = browser.get(address(location, page, *args)).context[form]
    fields = {}
    for field in shown:
        value = field.value()
        if value not in {None, False}:
            fields[field.html_name] = "on" if value is True else str(value)
    return fields


def confirmed(browser, *, ago=timedelta(0)):
    """As if who is signed in had typed their password then."""
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": (now() - ago).timestamp()}
    ]
    session["account_authentication_methods_user"] = session[SESSION_KEY]
    session.save()
    return browser


def error_at(response, field):
    found = re.search(rf'id="id_{field}_error">(.*?)</p>', words(response), re.DOTALL)
    return found[1] if found else ""


def ticket_in(response):
    return re.search(r'name="ticket" value="([^"]+)"', words(response))[1]


def audited():
    return [
        (record.action, record.before, record.after)
        for record in AuditRecord.objects.order_by("pk")
    ]
