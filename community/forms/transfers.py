from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Case, F, Value, When
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from community.forms.bills import AmountField
from community.forms.searching import SearchForm
from payments.models import Transaction
from payments.models.transactions import TransactionQuerySet


class TransferSearch(SearchForm):
    """Which transfers to list: those that match the words, the awaited ones first."""

    def apply(self, transfers: TransactionQuerySet) -> TransactionQuerySet:
        """The awaited first, the oldest of them first; behind them the latest."""
        found = transfers.search(self.words) if self.words else transfers
        awaited = When(state=Transaction.State.PENDING, then=Value(0))
        oldest = When(state=Transaction.State.PENDING, then=F("pk"))
        return found.order_by(Case(awaited, default=Value(1)), Case(oldest, default=-F("pk")))


class ReceivedForm(forms.Form):
    """What came for a transfer, as on the bank statement."""

    amount = AmountField(label=_("Amount"))
    received_on = forms.DateField(
        label=_("Received on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, charge: Transaction) -> None:
        super().__init__(data, initial={"received_on": localtime().date()})
        self.fields["amount"] = AmountField(
            label=_("Amount"),
            currency=charge.currency,
            help_text=_("As on the bank statement. Another amount than asked for is not credited."),
        )
