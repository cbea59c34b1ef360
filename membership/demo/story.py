"""What happened in a demo location's first months: always the same story."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from membership.demo.cast import Place
from membership.demo.opening import JOINING_EVERY_DAYS, OPENED_DAYS_AGO

KEYS = UUID("6f0c1c0e-6b0d-5c55-9a5d-0d5a3f5e1f11")
GOOD_CARDS = ("visa", "visa", "mastercard", "amex", "visa_debit")
BAD_CARDS = ("chargeCustomerFail", "chargeDeclinedInsufficientFunds", "chargeDeclinedExpiredCard")
KEPT_CARD = "kept"
NO_CARD = ""  # the buyer looked at the card form and left
# The star's: days ago, credits, card, whether she keeps it; days ago, which of the visits.
STARS_SALES = (
    (250, 5, "visa", False),
    (214, 10, "visa", True),
    (160, 25, KEPT_CARD, False),
    (96, 50, KEPT_CARD, False),
    (62, 50, "chargeCustomerFail", False),
    (33, 25, KEPT_CARD, False),
)
STARS_VISITS = (
    *((246, 1), (205, 3), (188, 1), (151, 2), (140, 0), (118, 2)),
    *((90, 0), (71, 2), (52, 1), (40, 2), (26, 4), (12, 2), (5, 0)),
)
WEIGHTS = (5, 6, 5, 3)  # how often the offers are bought, the largest least
FLEX_MEMBERS = 5
FLEX_DAYS_AGO = 322
CLOSED_EVERY_DAYS = 12
# Days ago, what, minor units: put on the bills of those on Flex in turn.
EXTRAS = (
    *((310, "Locker, a quarter", 4500), (262, "Parking, a month", 6900)),
    *((221, "Catering for eight", 14400), (188, "Locker, a quarter", 4500)),
    *((131, "Evening event", 24000), (97, "Locker, a quarter", 4500)),
    *((68, "Parking, a month", 6900), (41, "Catering for twelve", 21600)),
    (8, "Locker, a quarter", 4500),
)
DROPPED_DAYS_AGO = 230
WELCOME_LASTS = timedelta(days=60)
SUSPENDED_DAYS_AGO = 6
SUSPENDED_FOR = "Lent out their door key"


@dataclass(frozen=True)
class Happening:
    """Something that one person did; `key` makes it happen once."""

    at: datetime
    email: str
    key: UUID


@dataclass(frozen=True)
class Sale(Happening):
    """An attempt to buy an offer, by the kept card or with a new one."""

    credits: int
    card: str
    keep: bool = False


@dataclass(frozen=True)
class Gift(Happening):
    credits: Decimal
    note: str
    lasts: timedelta


@dataclass(frozen=True)
class Visit(Happening):
    """Credits spent."""

    credits: Decimal
    note: str


@dataclass(frozen=True)
class Reading(Happening):
    """Someone opened their notifications."""


@dataclass(frozen=True)
class Tidying(Happening):
    """The lapsing run of that day."""


@dataclass(frozen=True)
class Dropping(Happening):
    """An option went off sale."""


@dataclass(frozen=True)
class Suspension(Happening):
    reason: str


@dataclass(frozen=True)
class Assigning(Happening):
    """An admin gave a plan, with its bill, to the person or to their company."""

    plan: str
    for_company: bool = False


@dataclass(frozen=True)
class Ordering(Happening):
    """Credits on the bill of the plan, or for nothing where the plan says so."""

    credits: int
    for_company: bool = False


@dataclass(frozen=True)
class Extra(Happening):
    """An admin put something on the person's open bill."""

    description: str
    price_minor: int


@dataclass(frozen=True)
class Closing(Happening):
    """The closing run of that day; bills that came long before are paid by then, but one's."""

    owes: str  # the email of who doesn't pay


def story_of(place: Place, *, today: datetime) -> list[Happening]:
    """All that happened up to today, in order; for one day it always has the same keys.

    The star's last purchase ends it, so that a run can tell that nothing is left.
    """
    return sorted(_Teller(place, today).tell(), key=lambda happening: happening.at)


class _Teller:
    def __init__(self, place: Place, today: datetime) -> None:
        self.place = place
        self.today = today
        self.random = Random(place.slug)  # noqa: S311 - a story, not a secret
        self.told = 0

    def tell(self) -> Iterator[Happening]:
        yield from self._house()
        yield from self._star()
        for number, person in enumerate(self.place.crowd, start=1):
            days_ago = OPENED_DAYS_AGO - JOINING_EVERY_DAYS * number
            until = SUSPENDED_DAYS_AGO + 1 if person == self.place.sleeper else 1
            yield from self._member(person.email, days_ago, until=until)
        if self.place.plans:
            yield from self._plans()

    def _plans(self) -> Iterator[Happening]:
        """Some on Flex for months, a founder, a company with its bill; runs that close them."""
        admin = self.place.admin.email
        for number, person in enumerate(self.place.crowd[:FLEX_MEMBERS]):
            days_ago = FLEX_DAYS_AGO - 14 * number
            yield Assigning(self._when(days_ago), person.email, self._key(), "Flex")
            yield Ordering(self._when(days_ago - 4), person.email, self._key(), 10)
        if founder := self.place.founder:
            yield Assigning(self._when(70), founder.email, self._key(), "Founders")
            for days_ago in (66, 33):
                yield Ordering(self._when(days_ago), founder.email, self._key(), 25)
        if studio := self.place.studio:
            manager, permitted = studio.manager.email, studio.permitted.email
            yield Assigning(self._when(24), manager, self._key(), "Resident", for_company=True)
            yield Ordering(self._when(20), manager, self._key(), 50, for_company=True)
            yield Ordering(self._when(9), permitted, self._key(), 10, for_company=True)
        for number, (days_ago, description, price_minor) in enumerate(EXTRAS):
            email = self.place.crowd[number % FLEX_MEMBERS].email
            yield Extra(self._when(days_ago), email, self._key(), description, price_minor)
        for days_ago in range(CLOSED_EVERY_DAYS * 25 + 2, 1, -CLOSED_EVERY_DAYS):
            yield Closing(self._when(days_ago), admin, self._key(), self.place.debtor.email)

    def _when(self, days_ago: int) -> datetime:
        """Some minute of a working day, at the location."""
        minutes = self.random.randrange(8 * 60, 19 * 60)
        day = self.today.astimezone(ZoneInfo(self.place.time_zone)) - timedelta(days=days_ago)
        clock = time(minutes // 60, minutes % 60, self.random.randrange(60))
        return datetime.combine(day.date(), clock, tzinfo=day.tzinfo)

    def _key(self) -> UUID:
        self.told += 1
        # With the first day in it: a stand-in that outlived a database must not know the keys.
        return uuid5(KEYS, f"{self.place.slug} {self.today.isoformat()} {self.told}")

    def _house(self) -> Iterator[Happening]:
        admin = self.place.admin.email
        yield Dropping(self._when(DROPPED_DAYS_AGO), admin, self._key())
        for days_ago in range(OPENED_DAYS_AGO - 30, 0, -30):
            yield Tidying(self._when(days_ago), admin, self._key())
        sleeper = self.place.sleeper.email
        yield Suspension(self._when(SUSPENDED_DAYS_AGO), sleeper, self._key(), reason=SUSPENDED_FOR)

    def _star(self) -> Iterator[Happening]:
        """The member that visitors sign in as: some of everything, and a card at hand."""
        star = self.place.star.email
        yield Gift(self._when(255), star, self._key(), Decimal(5), "Welcome", WELCOME_LASTS)
        for days_ago, credits, card, keep in STARS_SALES:
            yield Sale(self._when(days_ago), star, self._key(), credits, card, keep)
        for days_ago, visit in STARS_VISITS:
            note, spent = self.place.visits[visit]
            yield Visit(self._when(days_ago), star, self._key(), spent, note)
        yield Reading(self._when(14), star, self._key())
        yield Sale(self._when(1), star, self._key(), 10, KEPT_CARD)

    def _member(self, email: str, days_ago: int, *, until: int) -> Iterator[Happening]:
        yield from self._welcome(email, days_ago)
        keeps_card = self.random.random() < 0.6  # noqa: PLR2004
        card = self.random.choice(GOOD_CARDS)
        first = True
        days_ago -= self.random.randrange(3, 20)
        while days_ago > until:
            yield from self._trouble(email, days_ago)
            kept = keeps_card and not first
            yield Sale(
                self._when(days_ago),
                email,
                self._key(),
                self._choice(days_ago),
                KEPT_CARD if kept else card,
                keep=keeps_card,
            )
            yield from self._visits(email, days_ago, until=until)
            first = False
            days_ago -= self.random.randrange(90, 220)
        if self.random.random() < 0.5:  # noqa: PLR2004
            yield Reading(self._when(20), email, self._key())

    def _welcome(self, email: str, days_ago: int) -> Iterator[Happening]:
        if self.random.random() < 0.4:  # noqa: PLR2004
            at, key = self._when(days_ago - 1), self._key()
            yield Gift(at, email, key, Decimal(2), "Welcome", WELCOME_LASTS)

    def _choice(self, days_ago: int) -> int:
        if days_ago > DROPPED_DAYS_AGO and self.random.random() < 0.2:  # noqa: PLR2004
            return self.place.dropped.credits
        offer: int = self.random.choices([it.credits for it in self.place.offers], WEIGHTS)[0]
        return offer

    def _trouble(self, email: str, days_ago: int) -> Iterator[Happening]:
        """Now and then a card is declined, or the buyer turns away, before it works."""
        if self.random.random() < 0.12:  # noqa: PLR2004
            card = self.random.choice((*BAD_CARDS, NO_CARD))
            at = self._when(days_ago + 1)
            yield Sale(at, email, self._key(), self._choice(days_ago + 1), card)

    def _visits(self, email: str, days_ago: int, *, until: int) -> Iterator[Happening]:
        for _ in range(self.random.randrange(4)):
            days_ago -= self.random.randrange(2, 12)
            if days_ago > until:
                note, credits = self.random.choice(self.place.visits)
                yield Visit(self._when(days_ago), email, self._key(), credits, note)
