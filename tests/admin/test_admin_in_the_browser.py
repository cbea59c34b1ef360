import pytest
from django.conf import settings
from django.urls import reverse

from tests.factories import UserFactory, with_second_factor

PAGES = ("index", "community_user_changelist", "community_user_add", "community_role_add")


@pytest.mark.django_db(transaction=True)
def test_the_admin_works_under_the_strict_policy(live_server, client, page):
    client.force_login(with_second_factor(UserFactory(is_superuser=True, is_staff=True)))
    page.context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": live_server.url,
            }
        ]
    )
    complaints = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    for name in PAGES:
        page.goto(live_server.url + reverse(f"admin:{name}"))
        assert page.get_by_role("link", name="Deskmint").first.is_visible()

    assert complaints == []
