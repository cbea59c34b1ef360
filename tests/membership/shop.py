"""A shop counter for the tests of pages: what a buyer sees, posts and is answered."""

import re
from html import unescape

from django.urls import reverse

JSON = {"HTTP_ACCEPT": "application/json"}


def address(location, name, *arguments):
    return reverse(f"membership:{name}", args=[location.slug, *arguments])


def words(response):
    return " ".join(unescape(response.content.decode()).split())


def look(client, option):
    """Open the checkout and give the ticket on it."""
    return ticket_on(client.get(address(option.location, "checkout", option.pk)))


def ticket_on(response):
    assert response.status_code == 200
    [ticket] = re.findall(r'name="quote" value="([^"]+)"', response.content.decode())
    return ticket


def confirm(client, option, ticket, *, card="new", **more):
    """Press Pay, as the page's script does unless told otherwise."""
    posted = {"quote": ticket, "method": "card", "card": str(card)}
    for name in set(more) & {"keep", "method"}:
        posted[name] = more.pop(name)
    return client.post(address(option.location, "checkout", option.pk), posted, **(JSON | more))
