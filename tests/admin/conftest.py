"""Browsers in front of the admin."""

import pytest
from django.conf import settings


@pytest.fixture
def as_user(live_server, client, new_context):
    """Open a browser for somebody; its console must stay silent."""
    from tests.factories import with_second_factor  # noqa: PLC0415 - needs the servers

    complaints = []

    def open_browser(user, **look):
        client.force_login(with_second_factor(user))
        context = new_context(base_url=live_server.url, reduced_motion="reduce", **look)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
        )
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_browser
    assert complaints == []
