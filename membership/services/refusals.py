"""Why a purchase is refused, in the buyer's words; the code names it across a redirect."""

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class PurchaseRefused(ValidationError):
    """A rule stands against the purchase. Nothing was charged and nothing was written."""

    code = ""
    words: str | Promise = ""

    def __init__(self) -> None:
        super().__init__(self.words, code=self.code)  # type: ignore[arg-type]


class NotAnActiveMember(PurchaseRefused):
    code = "not_an_active_member"
    words = _("Your membership is suspended, so you can't buy credits. Nothing was charged.")


class NotInCompany(PurchaseRefused):
    code = "not_in_company"
    words = _("You don't belong to this company any more. Nothing was charged.")


class CompanyClosed(PurchaseRefused):
    code = "company_closed"
    words = _("This company is closed, so nothing can be bought for it. Nothing was charged.")


class MethodNotOpen(PurchaseRefused):
    code = "method_not_open"
    words = _("Card payments are closed at the moment. Nothing was charged.")


class CardNotUsable(PurchaseRefused):
    code = "card_not_usable"
    words = _("This card can't be used any more. Nothing was charged. Choose another one.")


class MayNotUseCard(PurchaseRefused):
    code = "may_not_use_card"
    words = _("You may not pay with the company's card. Nothing was charged.")


class NewCardForManagers(PurchaseRefused):
    code = "new_card_for_managers"
    words = _("Only managers enter new cards for a company. Nothing was charged.")


class BelowMinimum(PurchaseRefused):
    code = "below_minimum"
    words = _("This is less than that payment service takes. Nothing was charged.")


class AboveMaximum(PurchaseRefused):
    code = "above_maximum"
    words = _("This is more than that payment service takes. Nothing was charged.")


class BetweenSteps(PurchaseRefused):
    code = "between_steps"
    words = _("That payment service doesn't take an amount as exact as this. Nothing was charged.")


class CurrencyNotTaken(PurchaseRefused):
    code = "currency_not_taken"
    words = _("That payment service doesn't take this currency. Nothing was charged.")


class TransfersClosed(PurchaseRefused):
    code = "transfers_closed"
    words = _("Bank transfers are closed at the moment. Nothing was ordered.")


class TransferForManagers(PurchaseRefused):
    code = "transfer_for_managers"
    words = _("Only the company's managers pay by bank transfer. Nothing was ordered.")


class TooManyTransfers(PurchaseRefused):
    code = "too_many_transfers"
    words = _(
        "Enough transfers are awaited already. Pay or cancel one of them first. Nothing was"
        " ordered."
    )


class NoPlan(PurchaseRefused):
    code = "no_plan"
    words = _("Paying by bill needs a plan. Nothing was added.")


class BillNotEnabled(PurchaseRefused):
    code = "bill_not_enabled"
    words = _("The plan doesn't allow paying by bill. Nothing was added.")


class BillForManagers(PurchaseRefused):
    code = "bill_for_managers"
    words = _("Only the company's managers may use its bill. Nothing was added.")


class MayNotUseBill(PurchaseRefused):
    code = "may_not_use_bill"
    words = _("You may not use the company's bill. Nothing was added.")


class NoActiveBill(PurchaseRefused):
    code = "no_active_bill"
    words = _("There is no open bill at the moment. Nothing was added. Try again in a minute.")


class BillOverdue(PurchaseRefused):
    code = "bill_overdue"
    words = _("A bill is overdue, so nothing more goes on the bill. Nothing was added.")


class BillLimitReached(PurchaseRefused):
    code = "bill_limit"
    words = _("The open bill can't take that many credits. Nothing was added.")


class NotFree(PurchaseRefused):
    code = "not_free"
    words = _("These credits aren't free for you now. Nothing was added.")


class MayNotClaim(PurchaseRefused):
    code = "may_not_claim"
    words = _("You may not get free credits for the company. Nothing was added.")


class PaymentNeeded(PurchaseRefused):
    """A way of paying was chosen for what costs nothing by now, or the other way round."""

    code = "nothing_to_pay"
    words = _("There is nothing to pay any more. Look at it again.")
