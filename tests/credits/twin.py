"""The ledger's booking once more, in plain ORM steps: what the SQL statements must equal."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from credits.models import Entry, Lot, LotMovement, Wallet


@dataclass
class Twin:
    """Grants, spends and lapses on a wallet of its own, row by row."""

    wallet: Wallet
    made: list[str] = field(default_factory=list)

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
        held = sum(lot.remaining for lot in self._lots() if not self._due(lot, at))
        if held < credits:
            return False
        self.lapse(at=at)
        entry = self._enter(-credits, Entry.Reason.SPENDING, key, at)
        for lot in self._lots():
            taken = min(lot.remaining, credits)
            if taken:
                self._take(lot, entry, taken)
                credits -= taken
        return True

    def lapse(self, *, at: datetime):
        for lot in self._lots():
            if self._due(lot, at) and lot.remaining:
                entry = self._enter(-lot.remaining, Entry.Reason.LAPSE, f"lapse:{lot.pk}", at)
                self._take(lot, entry, lot.remaining)

    def _lots(self):
        return list(self.wallet.lots.order_by(F("lapses_at").asc(nulls_last=True), "pk"))

    def _due(self, lot, at):
        return lot.lapses_at is not None and lot.lapses_at <= at

    def _enter(self, credits, reason, key, at):
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
            happened_at=at,
        )

    def _take(self, lot, entry, credits):
        LotMovement.objects.create(lot=lot, entry=entry, credits=-credits)
        lot.remaining -= credits
        lot.save()
