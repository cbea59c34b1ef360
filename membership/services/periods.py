"""Plan periods: months from the day an assignment starts, in the location's calendar."""

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

from babel.dates import format_date
from dateutil.relativedelta import relativedelta
from django.db.models import DateField, DateTimeField, F, Func, Value
from django.db.models.functions import Cast
from django.utils.translation import get_language, to_locale

from community.models import Location


@dataclass(frozen=True)
class Period:
    """From its first day up to, not including, the first day of the next."""

    start: date
    end: date

    @property
    def last_day(self) -> date:
        return self.end - relativedelta(days=1)


@lru_cache(maxsize=4096)
def period_on(day: date, *, starts_on: date) -> Period:
    """The period that covers a day, of a plan that runs from `starts_on`.

    Each is counted from the start, so that short months clamp but don't shift what follows:
    31 Jan, 28 Feb, 31 Mar.
    """
    assert day >= starts_on
    months = (day.year - starts_on.year) * 12 + day.month - starts_on.month
    if starts_on + relativedelta(months=months) > day:
        months -= 1
    return Period(
        starts_on + relativedelta(months=months), starts_on + relativedelta(months=months + 1)
    )


def local_day(location: Location, at: datetime) -> date:
    return at.astimezone(location.zone).date()


def day_at_location(at: datetime) -> Cast:
    """The same for a query: the day at the location of each row."""
    local = Func(
        F("location__time_zone"), Value(at), function="timezone", output_field=DateTimeField()
    )
    return Cast(local, DateField())


def midnight(location: Location, day: date) -> datetime:
    """The moment at which a day begins at the location."""
    return datetime.combine(day, time.min, location.zone)


def format_day(day: date) -> str:
    """15 Nov 2026 in the active language, as documents name a day."""
    return format_date(day, "d MMM yyyy", locale=to_locale(get_language() or "en"))
