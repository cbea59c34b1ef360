from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from community.models import ApiKey, User
from credits.models import Entry
from credits.services.lapsing import lapse_wallet
from credits.services.wallets import lock_wallet, replayed
from credits.statements import insert_giving_back


class NotASpend(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("Only spending can be reversed."), code="not_a_spend")


class AlreadyReversed(ValidationError):
    def __init__(self) -> None:
        super().__init__(_("This was reversed already."), code="already_reversed")


@transaction.atomic
def reverse_spend(
    *,
    spend: Entry,
    key: str,
    at: datetime,
    note: str = "",
    made_by: User | None = None,
    api_key: ApiKey | None = None,
) -> Entry:
    """Give a spend back, whole and once, to the very lots it took from.

    What would have lapsed meanwhile lapses at once.

    :raises NotASpend: if the entry spent nothing
    :raises AlreadyReversed: if it was given back under another key
    :raises KeyUsedDifferently: if the key moved another number of credits
    """
    if spend.reason != Entry.Reason.SPENDING:
        raise NotASpend
    wallet = lock_wallet(spend.wallet.customer)
    given_back = Entry.objects.filter(reverses=spend).first()
    entry = replayed(wallet, key=key, credits=-spend.credits)
    if entry and entry == given_back:
        return entry
    if given_back:
        raise AlreadyReversed
    booked = insert_giving_back(
        wallet_id=wallet.pk,
        credits=-spend.credits,
        reason=Entry.Reason.REVERSAL,
        note=note,
        reference=spend.reference,
        key=key,
        made_by_id=made_by.pk if made_by else None,
        api_key_id=api_key.pk if api_key else None,
        at=at,
        reverses_id=spend.pk,
    )
    lapse_wallet(wallet, at=at)
    return Entry.objects.get(pk=booked.entry_id)
