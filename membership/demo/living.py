"""Makes a story happen, through the functions that the pages and the tasks call."""

from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from functools import singledispatchmethod

import stripe
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property

from billing.models import Bill, BillPayment, DocumentMail
from billing.services import Received, end_mail, note_receiver, owe_reminders, receivers_of
from community.models import Customer, Location, Member, User
from community.principals import Principal
from credits.models import CreditOption, Entry, Lot
from credits.services.granting import grant_credits
from credits.services.lapsing import lapse_customer_lots
from credits.services.options import archive_option
from credits.services.spending import spend_credits
from credits.services.wallets import InsufficientCredits
from membership.demo.cast import Place
from membership.demo.story import (
    KEPT_CARD,
    NO_CARD,
    Assigning,
    Closing,
    Dropping,
    Extra,
    Gift,
    Happening,
    Ordering,
    Reading,
    Sale,
    Suspension,
    Tidying,
    Visit,
)
from membership.models import Plan, PlanAssignment, Purchase
from membership.services.assigning import PlanWish, assign_plan
from membership.services.bill_keeping import add_manual_item
from membership.services.bill_payment import mark_bill_paid
from membership.services.buyers import Order, look_at_buyer, plan_terms
from membership.services.closing import catch_up, customers_due
from membership.services.instant import buy_on_bill, claim_free
from membership.services.joining import NotInThatState, suspend_member
from membership.services.paying import give_up_charge, open_card_setup, pay_charge
from membership.services.periods import local_day
from membership.services.purchases import CardOrder, start_purchase
from membership.services.quotes import OptionNotOnSale, quote_option
from notifications.services import mark_notifications_read
from payments.gateways.protocol import GatewayUnavailable, SetupOutcome
from payments.models import Card, GatewayConnection
from payments.services.connecting import api_base

TURNED_AWAY_AFTER = timedelta(hours=1)
PAID_AFTER = timedelta(days=8)


class Life:
    """Happenings in a location whose scope is open."""

    def __init__(self, place: Place, location: Location, connection: GatewayConnection) -> None:
        self.place = place
        self.location = location
        self.connection = connection

    def left_of(self, story: list[Happening]) -> list[Happening]:
        """What is yet to happen: all after the last that left its key."""
        sold = Purchase.objects.exclude(state=Purchase.State.PENDING).values_list("key", flat=True)
        moved = Entry.objects.values_list("idempotency_key", flat=True)
        done = {str(key) for key in (*sold, *moved)}
        last = max(
            (place for place, it in enumerate(story, start=1) if str(it.key) in done), default=0
        )
        return story[last:]

    def hand_documents_over(self, *, until: datetime) -> None:
        """Let the story's mails have gone out in their days: nobody waits for them now."""
        for mail in DocumentMail.objects.owed().with_documents().filter(created_at__lte=until):
            for receiver in receivers_of(mail.document.customer):
                note_receiver(mail=mail, email=receiver.email)
            end_mail(mail=mail, at=mail.created_at)

    @singledispatchmethod
    def live(self, happening: Happening) -> None:
        """Let it happen, once per key."""
        raise NotImplementedError(type(happening))

    @live.register
    def _(self, sale: Sale) -> None:
        # A visitor may have changed the location before the story was told to its end:
        # what is then refused did not happen.
        with suppress(ValidationError):
            self._pay(self._order(sale), sale)

    @live.register
    def _(self, gift: Gift) -> None:
        grant_credits(
            customer=self.members[gift.email].customer,
            credits=gift.credits,
            reason=Entry.Reason.GIVEN,
            key=str(gift.key),
            note=gift.note,
            made_by=self.admin,
            lapses_at=gift.at + gift.lasts,
            at=gift.at,
        )

    @live.register
    def _(self, visit: Visit) -> None:
        member = self.members[visit.email]
        with suppress(InsufficientCredits):  # then they did not come
            spend_credits(
                customer=member.customer,
                credits=visit.credits,
                key=str(visit.key),
                note=visit.note,
                made_by=member.user,
                at=visit.at,
            )

    @live.register
    def _(self, reading: Reading) -> None:
        member = self.members[reading.email]
        who = Principal(user_id=member.user_id, location_id=self.location.pk, member_id=member.pk)
        mark_notifications_read(principal=who, at=reading.at)

    @live.register
    def _(self, tidying: Tidying) -> None:
        due = Lot.objects.not_empty().filter(lapses_at__lte=tidying.at)
        for wallet_id in sorted(set(due.values_list("wallet_id", flat=True))):
            lapse_customer_lots(wallet_id=wallet_id, at=tidying.at)

    @live.register
    def _(self, dropping: Dropping) -> None:
        if option := self.options.get(self.place.dropped.credits):
            archive_option(option_id=option.pk, by=self.admin, at=dropping.at)

    @live.register
    def _(self, suspension: Suspension) -> None:
        with suppress(NotInThatState):
            suspend_member(
                member=self.members[suspension.email],
                by=self.admin,
                reason=suspension.reason,
                at=suspension.at,
            )

    @live.register
    def _(self, assigning: Assigning) -> None:
        customer = self._customer(assigning)
        plan = Plan.objects.on_offer().filter(name=assigning.plan).first()
        if plan is None or PlanAssignment.objects.filter(customer=customer).exists():
            return
        assign_plan(
            customer=customer,
            wish=PlanWish(
                plan_id=plan.pk, bill_enabled=True, bill_for=PlanAssignment.BillFor.EVERYONE
            ),
            starts_on=local_day(self.location, assigning.at),
            ends_on=None,
            by=self.admin,
            at=assigning.at,
        )

    @live.register
    def _(self, ordering: Ordering) -> None:
        member, option = self.members[ordering.email], self.options.get(ordering.credits)
        company_id = self._customer(ordering).company_id
        if option is None:
            return
        facts = look_at_buyer(
            member_id=member.pk,
            location_id=self.location.pk,
            company_id=company_id,
            at=ordering.at,
        )
        quote = quote_option(option, self.location, plan_terms(facts), exemption=facts.exemption)
        order = Order(member=member, company_id=company_id, seen=quote, key=ordering.key)
        with suppress(ValidationError):
            (claim_free if quote.is_free else buy_on_bill)(order=order, at=ordering.at)

    @live.register
    def _(self, extra: Extra) -> None:
        customer = self.members[extra.email].customer
        if bill := Bill.objects.active().filter(customer=customer).first():
            add_manual_item(
                bill_id=bill.pk,
                description=extra.description,
                price_minor=extra.price_minor,
                key=str(extra.key),
                by=self.admin,
                at=extra.at,
            )

    @live.register
    def _(self, closing: Closing) -> None:
        due = [customer_id for _, customer_id in customers_due(at=closing.at)]
        for customer in Customer.objects.filter(pk__in=due).select_related("location"):
            catch_up(customer=customer, at=closing.at)
        old = Bill.objects.filter(state=Bill.State.ISSUED, issued_at__lt=closing.at - PAID_AFTER)
        for bill in old.exclude(customer__member__user__email=closing.owes).order_by("pk"):
            day = closing.at.astimezone(self.location.zone).date()
            transfer = Received(BillPayment.Method.TRANSFER, reference=bill.number, paid_on=day)
            mark_bill_paid(bill_id=bill.pk, received=transfer, by=self.admin, at=closing.at)
        owe_reminders(at=closing.at)

    def _customer(self, happening: Assigning | Ordering) -> Customer:
        """The person's own, or their company's."""
        whose = Customer.objects.with_who().select_related("location")
        member = self.members[happening.email]
        if happening.for_company:
            found: Customer = whose.get(company__people__member=member)
        else:
            found = whose.get(member=member)
        return found

    @cached_property
    def members(self) -> dict[str, Member]:
        found = Member.objects.select_related("user", "location", "customer")
        return {member.user.email: member for member in found}

    @cached_property
    def options(self) -> dict[Decimal | int, CreditOption]:
        return {option.credits: option for option in CreditOption.objects.on_sale()}

    @cached_property
    def admin(self) -> User:
        return User.objects.get(email=self.place.admin.email)

    def _order(self, sale: Sale) -> Purchase:
        member = self.members[sale.email]
        option = self.options.get(sale.credits)
        if option is None:
            raise OptionNotOnSale
        return start_purchase(
            member=member,
            option_id=option.pk,
            order=CardOrder(
                connection_id=self.connection.pk,
                card_id=self._kept_card(member) if sale.card == KEPT_CARD else None,
                keep_card=sale.keep,
            ),
            seen=quote_option(option, self.location),
            key=sale.key,
            at=sale.at,
        )

    def _kept_card(self, member: Member) -> int | None:
        kept = Card.objects.kept().filter(customer=member.customer).first()
        return kept.pk if kept else None

    def _pay(self, purchase: Purchase, sale: Sale) -> None:
        assert purchase.charge
        card = purchase.charge.card
        if card is None or not card.reference:
            setup = open_card_setup(charge=purchase.charge, at=sale.at)
            if sale.card not in {KEPT_CARD, NO_CARD}:
                enter_card(self.connection, setup, card=sale.card)
            purchase.refresh_from_db(fields=["charge"])
        if sale.card == NO_CARD:
            give_up_charge(charge=purchase.charge, at=sale.at + TURNED_AWAY_AFTER)
        else:
            pay_charge(charge=purchase.charge, at=sale.at)
        purchase.refresh_from_db(fields=["state"])
        if purchase.state == Purchase.State.PENDING:
            raise GatewayUnavailable("no answer to a charge")


def enter_card(connection: GatewayConnection, setup: SetupOutcome, *, card: str) -> None:
    """Do what the card form does in the buyer's browser, with one of Stripe's test cards.

    :raises GatewayUnavailable: if nobody knows whether it was entered
    """
    client = stripe.StripeClient(
        connection.publishable_key, base_addresses={"api": api_base(connection)}
    )
    try:
        client.v1.setup_intents.confirm(
            setup.reference,
            params={"client_secret": setup.client_secret, "payment_method": f"pm_card_{card}"},  # type: ignore[arg-type]
        )
    except (stripe.CardError, stripe.InvalidRequestError):
        return  # declined, or entered already before we were killed: paying finds out
    except stripe.StripeError as unheard:
        raise GatewayUnavailable(str(unheard)) from unheard
