"""The whole of `make run`, once: pages, a browser, management commands beside it."""

from __future__ import annotations

import http.client
import urllib.request
from urllib.parse import urlsplit


def test_it_serves_pages_to_a_browser(stack, page):
    page.goto(stack.url)

    assert page.url.startswith(stack.url)
    assert page.locator("body").inner_text().strip()


def test_the_stand_in_answers_where_it_says(stack):
    with urllib.request.urlopen(f"{stack.standin_url}/js.stripe.com/v3/") as answer:
        assert answer.status == 200


def test_a_management_command_runs_beside_it(stack):
    code = (
        "from community.models import User; print(User.objects.filter(is_superuser=True).count())"
    )

    assert stack.manage("shell", "-v0", "-c", code).strip() == "1"


def test_the_server_refuses_a_charset_that_is_none(stack):
    server = http.client.HTTPConnection(urlsplit(stack.url).netloc)

    server.request("GET", "/?q=%C3%A9", headers={"Content-Type": "text/plain; charset=base64"})

    assert server.getresponse().status == 400
    server.close()
