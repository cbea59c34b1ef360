"""How a connection is doing, in signs that an admin takes in at a glance."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.templatetags.deskmint import daytime
from payments.models import GatewayConnection
from payments.selectors import CLOCK_MAY_DIFFER_SECONDS, EventFacts, event_facts
from payments.services.card_testing import AT_LOCATION, paused_by
from payments.wording import key_trouble

A_TEST_TAKES = timedelta(seconds=60)
OK, WAIT, BAD = "ok", "wait", "bad"


@dataclass(frozen=True)
class Sign:
    kind: str
    title: str
    hint: str


@dataclass(frozen=True)
class Health:
    signs: list[Sign]
    checked: str
    test_under_way: bool


def health_of(connection: GatewayConnection, *, at: datetime) -> Health:
    events = event_facts(connection, at=at)
    waits = _waits_for_test(connection, events, at=at)
    signs = [
        _keys(connection),
        _charges(connection),
        _webhooks(connection, events),
        _signatures(connection),
        _waiting(events),
        _clock(connection),
        *_cards(connection, at=at),
    ]
    if connection.tested_at and connection.hears_webhooks:
        signs.append(_test(connection, events, waits=waits))
    return Health(signs=signs, checked=_checked(connection, at=at), test_under_way=waits)


def _waits_for_test(connection: GatewayConnection, events: EventFacts, *, at: datetime) -> bool:
    if not connection.tested_at or events.test_came_at or not connection.hears_webhooks:
        return False
    return at - connection.tested_at < A_TEST_TAKES


def _checked(connection: GatewayConnection, *, at: datetime) -> str:
    if not connection.checked_at:
        return _("Not checked yet")
    if at - connection.checked_at < timedelta(minutes=1):
        return _("Checked just now")
    return _("Checked %(time)s ago") % {"time": timesince(connection.checked_at, at, depth=1)}


def _keys(connection: GatewayConnection) -> Sign:
    if connection.check_failure:
        return Sign(
            BAD,
            _("The key doesn't work"),
            key_trouble(connection.check_failure, gateway=connection.gateway),
        )
    ending = {"ending": connection.key_ending}
    return Sign(OK, _("Keys work"), _("The key ends in %(ending)s") % ending)


def _charges(connection: GatewayConnection) -> Sign:
    if connection.charges_enabled:
        return Sign(OK, _("Charges enabled"), _("The account may take payments"))
    if connection.charges_enabled is None:
        return Sign(WAIT, _("Charges: not known"), _("The key may not read the account"))
    return Sign(BAD, _("Charges not enabled"), _("Finish activating the account there"))


def _webhooks(connection: GatewayConnection, events: EventFacts) -> Sign:
    if not connection.hears_webhooks:
        return Sign(
            WAIT, _("Webhooks are off"), _("Pages and a check every minute settle payments")
        )
    if not events.last_at:
        return Sign(WAIT, _("No webhook yet"), _("Send a test to see one arrive"))
    return Sign(
        OK,
        _("Webhooks arrive"),
        _("Last: %(kind)s, %(time)s") % {"kind": events.last_kind, "time": daytime(events.last_at)},
    )


def _signatures(connection: GatewayConnection) -> Sign:
    if not connection.event_refused_at:
        return Sign(OK, _("No signature failures"), _("Every webhook was signed as it must be"))
    count = connection.refused_events
    title = ngettext("%(count)d signature failure", "%(count)d signature failures", count)
    return Sign(
        WAIT,
        title % {"count": count},
        _("Last: %(time)s. Refused, nothing happened.")
        % {"time": daytime(connection.event_refused_at)},
    )


def _waiting(events: EventFacts) -> Sign:
    if not events.waiting:
        return Sign(OK, _("No event waits"), _("All that came in was processed"))
    title = ngettext("%(count)d event waits", "%(count)d events wait", events.waiting)
    return Sign(WAIT, title % {"count": events.waiting}, _("They are tried again every minute"))


def _clock(connection: GatewayConnection) -> Sign:
    offset = connection.clock_offset_seconds
    if offset is None:
        return Sign(WAIT, _("Clock: not known"), _("Send a test to compare it with theirs"))
    seconds = ngettext("%(count)d second", "%(count)d seconds", abs(offset)) % {
        "count": abs(offset)
    }
    facts = {"seconds": seconds, "gateway": connection}
    if abs(offset) > CLOCK_MAY_DIFFER_SECONDS:
        hint = _("%(seconds)s from %(gateway)s's. Webhooks are refused from 5 minutes on.")
        return Sign(BAD, _("This server's clock is wrong"), hint % facts)
    return Sign(OK, _("Clock is right"), _("%(seconds)s from %(gateway)s's") % facts)


def _cards(connection: GatewayConnection, *, at: datetime) -> list[Sign]:
    if paused_by(location_id=connection.location_id, at=at) is None:
        return []
    hint = _("%(count)d failed within an hour, as when stolen ones are tested.")
    return [Sign(BAD, _("No card is tried now"), hint % {"count": AT_LOCATION})]


def _test(connection: GatewayConnection, events: EventFacts, *, waits: bool) -> Sign:
    assert connection.tested_at
    sent: dict[str, object] = {"time": daytime(connection.tested_at)}
    if events.test_came_at:
        return Sign(OK, _("Test arrived"), _("Sent %(time)s. No money moved.") % sent)
    if waits:
        return Sign(WAIT, _("Test sent"), _("Waiting for its webhook"))
    hint = _("Sent %(time)s. Check that %(gateway)s can reach this address.")
    return Sign(BAD, _("The test didn't arrive"), hint % (sent | {"gateway": connection}))
