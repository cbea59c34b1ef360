"""The desk's list of transactions, of locations with few and many of them."""

from collections.abc import Iterator
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate, now
from django_scopes import scopes_disabled

from benchmarks.figures import Figure, p95
from benchmarks.pages import signed_in_page
from benchmarks.rows import Buyer, make_buyers, settle_down
from community.desk.exporting import make_export
from community.models import Export, Role, User
from community.services.exports import ask_for_export, claim_next_export

SIZES = (10_000, 1_000_000)
LARGE = 1_000_000
EXPORTED = 100_000
BUYERS = 500
REQUESTS = 20
KIB = 1024

# One of a hundred failed; a day has some 2,700 of the million.
TRANSACTIONS = """
INSERT INTO payments_transaction
    (location_id, customer_id, connection_id, kind, state, amount_minor, currency, key, reference,
     keep_card, paid_with, is_surplus, failure_code, made_by_id, created_at, settled_at)
SELECT %(location)s, (%(customers)s::bigint[])[n %% %(buyers)s + 1], %(connection)s, 'charge',
       CASE WHEN n %% 100 = 0 THEN 'failed' ELSE 'succeeded' END, 1000 + n %% 997, 'EUR',
       gen_random_uuid(), 'pi_' || %(location)s || '_' || n, false, 'Visa', false, '', %(user)s,
       %(until)s - (%(count)s - n) * interval '365 days' / %(count)s,
       %(until)s - (%(count)s - n) * interval '365 days' / %(count)s
FROM generate_series(1, %(count)s) n
"""


def measure() -> Iterator[Figure]:
    places = {size: make_buyers(locations=1, members=BUYERS) for size in SIZES}
    for size, buyers in places.items():
        _fill(buyers, count=size)
    settle_down()
    lists = {size: _lists(buyers, count=size) for size, buyers in places.items()}
    yield Figure(
        "desk_list_ms",
        lists[LARGE]["all_ms"],
        "ms",
        {
            "measured": "the desk's list of transactions through WSGI, p95, by how many the"
            " location has, as narrowed by each",
            "by_transactions": lists,
        },
    )


def measure_export() -> Iterator[Figure]:
    buyers = make_buyers(locations=1, members=BUYERS)
    _fill(buyers, count=EXPORTED)
    settle_down()
    yield _export(_staff(buyers[0].place.location))


def _fill(buyers: list[Buyer], *, count: int) -> None:
    place = buyers[0].place
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # a million rows take a while
        cursor.execute(
            TRANSACTIONS,
            {
                "location": place.location.pk,
                "connection": place.gateway.pk,
                "customers": [buyer.customer.pk for buyer in buyers],
                "buyers": len(buyers),
                "user": buyers[0].member.user_id,
                "until": now(),
                "count": count,
            },
        )


def _lists(buyers: list[Buyer], *, count: int) -> dict[str, Any]:
    location, day = buyers[0].place.location, localdate().isoformat()
    narrowed = {
        "all": "",
        "last_page": "?p=100",
        "state": "?state__exact=failed",
        "day": f"?created_at_from={day}&created_at_to={day}",
        "method": "?connection__gateway__exact=stripe",
        "person": f"?q=buyer7@{location.slug}",
        "reference": f"?q=pi_{location.pk}_{count // 2}",
        "amount": "?q=12.34",
        "nothing": "?q=nobody-like-this",
    }
    staff = _staff(location)
    found: dict[str, Any] = {}
    for name, query in narrowed.items():
        page = signed_in_page(staff, f"/admin/payments/transaction/{query}")
        page.times(2)  # warm: templates, prepared statements
        found[f"{name}_ms"] = round(p95(page.times(REQUESTS)), 1)
        with CaptureQueriesContext(connection) as asked:
            page.times(1)
        found[f"{name}_queries"] = len(asked)
    return found


def _staff(location: Any) -> User:
    staff = User.objects.create(email=f"staff@{location.slug}.test", name="Jonas Brandt")
    Role.objects.create(user=staff, location=location, kind=Role.Kind.STAFF)
    TOTP.activate(staff, generate_totp_secret())
    return staff


def _export(staff: User) -> Figure:
    """Many rows as a file, as a worker makes it."""
    asked = {"listing": "payments.transaction", "query": "", "form": "csv"}
    ask_for_export(**asked, by=staff, at=now())
    claimed = claim_next_export(at=now())
    assert claimed
    started, before = perf_counter(), _memory_mib()
    with scopes_disabled():
        make_export(claimed)
    seconds = perf_counter() - started
    made = Export.objects.get(pk=claimed.pk)
    assert made.state == Export.State.DONE, made.trouble
    return Figure(
        "desk_export_s",
        round(seconds, 1),
        "s",
        {
            "measured": "community.desk.exporting.make_export of all transactions of a location"
            " as CSV, once",
            "rows": made.rows_done,
            "mib": round(made.size_bytes / 2**20, 1),
            "memory_grew_mib": _memory_mib() - before,
        },
    )


def _memory_mib() -> int:
    """The most that this process ever held."""
    return getrusage(RUSAGE_SELF).ru_maxrss // KIB
