"""The ledger's booking once more, in plain ORM steps: what the SQL statements must equal."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from credits.models import Entry, Lot, LotMovement, Wallet


@dataclass
class Twin:
    """Every movement on a wallet of its own, row by row; holds are kept in memory."""

    wallet: Wallet
    holds: dict[str, "TwinHold"] = field(default_factory=dict)

    def grant(self, credits: Decimal, *, key: str, at: datetime, lapses_at: datetime | None):
        entry = self._enter(credits, Entry.Reason.GIVEN, key, at)
        Lot.objects.create(
            location_id=self.wallet.location_id,
            wallet=self.wallet,
            entry=entry,
            credits=credits,
            remaining=credits,
            lapses_at=lapses_at,
        )

    def spend(self, credits: Decimal, *, key: str, at: datetime) -> bool:
        if self._available(at) < credits:
            return False
        self.lapse(at=at)
        self._draw(credits, Entry.Reason.SPENDING, key, at, self._free())
        return True

    def hold(self, credits: Decimal, *, key: str, at: datetime, expires_at: datetime) -> bool:
        if self._available(at) < credits:
            return False
        self.lapse(at=at)
        named = {}
        for lot_id, free in self._free().items():
            if taken := min(free, credits):
                named[lot_id] = taken
                credits -= taken
        self.holds[key] = TwinHold(named, expires_at)
        return True

    def capture(self, hold: str, credits: Decimal, *, key: str, at: datetime) -> bool:
        if hold not in self.live_holds(at) or credits > sum(self.holds[hold].lots.values()):
            return False
        self.lapse(at=at)
        named = self.holds.pop(hold).lots
        self._draw(credits, Entry.Reason.SPENDING, key, at, named)
        self.lapse(at=at)
        return True

    def release(self, hold: str, *, at: datetime) -> bool:
        if hold not in self.live_holds(at):
            return False
        del self.holds[hold]
        self.lapse(at=at)
        return True

    def reverse(self, spend: str, *, key: str, at: datetime):
        entry = self.wallet.entries.get(idempotency_key=spend)
        back = self._enter(-entry.credits, Entry.Reason.REVERSAL, key, at, reverses=entry)
        for movement in entry.movements.all():
            self._take(movement.lot, back, movement.credits)
        self.lapse(at=at)

    def lapse(self, *, at: datetime):
        self.holds = {key: self.holds[key] for key in self.live_holds(at)}
        free = self._free()
        for lot in self._lots():
            if self._due(lot, at) and free[lot.pk]:
                key = f"lapse:{lot.pk}:{self.wallet.last_position}"
                entry = self._enter(-free[lot.pk], Entry.Reason.LAPSE, key, at)
                self._take(lot, entry, free[lot.pk])

    def live_holds(self, at: datetime) -> list[str]:
        return [key for key, hold in self.holds.items() if hold.expires_at > at]

    def held(self) -> Decimal:
        return sum((sum(it.lots.values()) for it in self.holds.values()), Decimal(0))

    def _available(self, at):
        live = [self.holds[key] for key in self.live_holds(at)]
        return sum(
            lot.remaining - sum(hold.lots.get(lot.pk, 0) for hold in live)
            for lot in self._lots()
            if not self._due(lot, at)
        )

    def _free(self):
        """By lot, in spending order: what no hold has set aside."""
        return {
            lot.pk: lot.remaining - sum(it.lots.get(lot.pk, 0) for it in self.holds.values())
            for lot in self._lots()
        }

    def _draw(self, credits, reason, key, at, free):
        entry = self._enter(-credits, reason, key, at)
        for lot in self._lots():
            if taken := min(free.get(lot.pk, Decimal(0)), credits):
                self._take(lot, entry, taken)
                credits -= taken

    def _lots(self):
        return list(self.wallet.lots.order_by(F("lapses_at").asc(nulls_last=True), "pk"))

    def _due(self, lot, at):
        return lot.lapses_at is not None and lot.lapses_at <= at

    def _enter(self, credits, reason, key, at, *, reverses=None):
        self.wallet.balance += credits
        self.wallet.last_position += 1
        self.wallet.save()
        return Entry.objects.create(
            location_id=self.wallet.location_id,
            wallet=self.wallet,
            credits=credits,
            position=self.wallet.last_position,
            balance_after=self.wallet.balance,
            reason=reason,
            idempotency_key=key,
            reverses=reverses,
            happened_at=at,
        )

    def _take(self, lot, entry, credits):
        LotMovement.objects.create(lot=lot, entry=entry, credits=-credits)
        lot.remaining -= credits
        lot.save()


@dataclass
class TwinHold:
    """What it named, by lot, and until when."""

    lots: dict[int, Decimal]
    expires_at: datetime
