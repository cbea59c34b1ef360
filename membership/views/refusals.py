"""Refusals that a page shows after a redirect: named in the address, worded here."""

from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from membership.services.bill_charging import BillChanged, NotTheirBill
from membership.services.bill_payment import PaymentUnderWay
from membership.services.quotes import OptionNotOnSale
from membership.services.refusals import PurchaseRefused
from membership.tickets import TicketNotValid
from payments.services.card_testing import TooManyFailedCards


class GatewaySilent(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("The payment service doesn't answer right now. Nothing was charged. Try again soon."),
            code="gateway_silent",
        )


class CardNeedsScript(ValidationError):
    def __init__(self) -> None:
        super().__init__(
            _("Entering a new card needs JavaScript. Nothing was charged."),
            code="card_needs_script",
        )


REFUSALS: dict[str, type[ValidationError]] = {
    **{refusal.code: refusal for refusal in PurchaseRefused.__subclasses__()},
    "option_not_on_sale": OptionNotOnSale,
    "ticket_not_valid": TicketNotValid,
    "bill_changed": BillChanged,
    "not_their_bill": NotTheirBill,
    "payment_under_way": PaymentUnderWay,
    TooManyFailedCards.code: TooManyFailedCards,
    "gateway_silent": GatewaySilent,
    "card_needs_script": CardNeedsScript,
}


def refusal_words(request: HttpRequest) -> str:
    return words_of(request.GET.get("refused", ""))


def words_of(code: str) -> str:
    """The words of a refusal of ours; nothing for a code that is the gateway's."""
    refusal = REFUSALS.get(code)
    return refusal().messages[0] if refusal else ""  # type: ignore[call-arg]


def status_of(refusal: ValidationError) -> int:
    """What a script is told beside the words: to slow down, if too many cards were tried."""
    if isinstance(refusal, TooManyFailedCards):
        return HTTPStatus.TOO_MANY_REQUESTS
    return HTTPStatus.OK
