"""The server's time for a page that members open, alone and while others buy."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from io import BytesIO
from time import perf_counter
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.utils.timezone import now
from django_scopes import scope

from benchmarks.buying import Buying
from benchmarks.figures import ROUNDS, Figure, middle, p95, rounded
from benchmarks.rows import Buyer, make_buyers, settle_down
from community.models import Location, User
from credits.models import CreditUse, Entry
from credits.services.granting import grant_credits
from credits.services.options import add_option
from credits.services.spending import spend_credits

ENTRIES = 200
REQUESTS = 100
BUYERS = 8
OK = "200 OK"


def measure() -> Iterator[Figure]:
    buyers = make_buyers()
    reader = buyers[0]
    _fill(reader)
    settle_down()
    location = Location.objects.get(pk=reader.member.location_id)
    user = User.objects.get(pk=reader.member.user_id)
    page = signed_in_page(user, f"/{location.slug}/membership/credits/")
    with Buying(buyers, threads=BUYERS) as buying:
        page.times(REQUESTS)  # warm: templates, prepared statements
        idle: list[list[float]] = []
        busy: list[list[float]] = []
        rates: list[float] = []
        for number in range(ROUNDS):
            for is_busy in (False, True) if number % 2 else (True, False):
                with buying.going(on=is_busy) as bought:
                    (busy if is_busy else idle).append(page.times(REQUESTS))
                if is_busy:
                    rates.append(bought.per_second)
    yield _figure(idle, busy, rates)


def _figure(idle: list[list[float]], busy: list[list[float]], rates: list[float]) -> Figure:
    idle_p95, busy_p95 = [p95(times) for times in idle], [p95(times) for times in busy]
    ratios = [under / alone for under, alone in zip(busy_p95, idle_p95, strict=True)]
    return Figure(
        "credits_page_ms",
        middle(idle_p95),
        "ms",
        {
            "measured": "GET /<slug>/membership/credits/ through WSGI, p95, one client",
            "entries": ENTRIES,
            "requests_per_round": REQUESTS,
            "idle_p50": middle([middle(times) for times in idle]),
            "under_8_buyers_p95": middle(busy_p95),
            "under_8_buyers_vs_idle": middle(ratios),
            "buyers": f"on the bill, {BUYERS} threads of another process, without pause",
            "buyers_per_s": rounded(rates, 0),
            "rounds_idle_p95": rounded(idle_p95),
            "rounds_busy_p95": rounded(busy_p95),
        },
    )


def _fill(reader: Buyer) -> None:
    location = Location.objects.get(pk=reader.member.location_id)
    with scope(location=location):
        for credits, price in ((25, 2400), (50, 4500), (100, 8500)):
            add_option(
                location=location,
                credits=Decimal(credits),
                price_minor=price,
                expiry_months=None,
                by=reader.member.user,
                at=now(),
            )
        for position, name in enumerate(("Hot desk", "Room", "Booth", "Print"), start=1):
            CreditUse.objects.create(
                location=location, name=name, credits=Decimal(position), position=position
            )
        for number in range(ENTRIES // 2):
            grant_credits(
                customer=reader.customer,
                credits=Decimal(5),
                reason=Entry.Reason.GIVEN,
                key=f"given:{number}",
                at=now(),
            )
            spend_credits(
                customer=reader.customer, credits=Decimal(4), key=f"spent:{number}", at=now()
            )


class Page:
    """One signed-in member's requests of one address, without a socket between."""

    def __init__(self, application: WSGIHandler, path: str, session: str) -> None:
        self.application = application
        self.path, _, self.query = path.partition("?")
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={session}"

    def times(self, count: int) -> list[float]:
        """Milliseconds from the request to the last byte of the answer, of each."""
        return [self._once() for _ in range(count)]

    def _once(self) -> float:
        said: list[Any] = []
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": self.path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": self.query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_COOKIE": self.cookie,
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
        }
        started = perf_counter()

        def start(
            status: str, _headers: object, _failure: object = None
        ) -> Callable[[bytes], object]:
            said.append(status)
            return said.append  # nobody writes: answers are iterated

        answer = self.application(environ, start)
        b"".join(answer)
        answer.close()
        milliseconds = (perf_counter() - started) * 1000
        assert said == [OK], said
        return milliseconds


def signed_in_page(user: User, path: str) -> Page:
    """The page at an address, as somebody sees it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key
    return Page(get_wsgi_application(), path, session.session_key)
