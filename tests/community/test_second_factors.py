import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.urls import reverse

from community.forms.second_factors import SecondFactorForm
from tests.factories import UserFactory

KEY = "GEZDGNBVGY3TQOJQ"


def accepts(user, code, rf):
    with context.request_context(rf.get("/")):
        return SecondFactorForm({"code": code}, user=user).is_valid()


@pytest.mark.django_db
def test_the_code_before_and_after_is_taken_too_and_none_twice(rf, monkeypatch):
    user = UserFactory()
    TOTP.activate(user, KEY)
    # allauth forgets a code after 30 seconds, while it is good for 90.
    monkeypatch.setattr(TOTP, "_mark_code_used", lambda *_: True)
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: 300)
    before, now, later = (format_hotp_value(hotp_value(KEY, step)) for step in (9, 10, 12))

    assert accepts(user, now, rf)
    assert accepts(user, before, rf)
    assert not accepts(user, before, rf)
    assert not accepts(user, f"{now[:3]} {now[3:]}", rf)
    assert not accepts(user, later, rf)


@pytest.mark.django_db
def test_the_key_is_not_readable_in_the_database():
    factor = TOTP.activate(UserFactory(), KEY).instance

    factor.refresh_from_db()
    assert KEY not in str(factor.data)


@pytest.mark.django_db
def test_who_has_a_second_factor_reads_how_to_change_the_address_all_the_same(client):
    user = UserFactory()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    client.force_login(user)

    page = client.post(reverse("account_email"), {"action_add": "", "email": "new@h.test"})

    assert "Switch it off, add the address, then switch it on again." in page.content.decode()
