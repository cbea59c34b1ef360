from django.contrib import admin
from django.db import transaction
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from community.desk.acts import Act, Doing, ReasonForm
from community.desk.columns import money_column
from community.desk.filters import DayRange
from community.desk.finding import Finding
from community.desk.links import link_to
from community.desk.rows import ReadOnly
from community.desk.site import desk
from config.broker import send_soon
from membership.services.reviewing import fail_review, settle_review
from payments.models import Card, GatewayConnection, GatewayEvent, ReviewCase, Transaction
from payments.services.reviewing import close_review
from payments.tasks import process_gateway_event
from payments.wording import page_of_payment

MOST_EVENTS = 20


def _retry(event: GatewayEvent, _doing: Doing) -> None:
    facts = {"location_id": event.location_id, "event_id": event.pk}
    transaction.on_commit(lambda: send_soon(process_gateway_event, **facts))


def _settle(case: ReviewCase, doing: Doing) -> None:
    settle_review(case_id=case.pk, note=doing.reason, by=doing.by, at=doing.at)


def _fail(case: ReviewCase, doing: Doing) -> None:
    fail_review(case_id=case.pk, note=doing.reason, by=doing.by, at=doing.at)


def _close(case: ReviewCase, doing: Doing) -> None:
    close_review(case_id=case.pk, note=doing.reason, by=doing.by, at=doing.at)


def _is_open_mismatch(case: ReviewCase) -> bool:
    return case.closed_at is None and case.reason == ReviewCase.Reason.MISMATCH


retry = Act(
    "retry",
    _("Retry"),
    _retry,
    form=lambda data, _event: ReasonForm(data),
    offered=lambda event: event.processed_at is None,
    warning=_("A worker takes it up at once; what it already did is not done twice."),
)
settle = Act(
    "settle",
    _("Settle"),
    _settle,
    form=lambda data, _case: ReasonForm(data),
    offered=_is_open_mismatch,
    warning=_("What was asked for counts as paid, if the payment service has the money."),
    asks_gateway=True,
    keeps_reason=True,
)
fail = Act(
    "fail",
    _("Fail"),
    _fail,
    form=lambda data, _case: ReasonForm(data),
    offered=_is_open_mismatch,
    warning=_("The payment has failed then. What arrived is yours to pay back at the service."),
    keeps_reason=True,
)
close = Act(
    "close",
    _("Close"),
    _close,
    form=lambda data, _case: ReasonForm(data),
    offered=lambda case: case.closed_at is None and not case.is_undecided,
    warning=_("Nothing but the case changes: say what was done about the money."),
    keeps_reason=True,
)


@admin.register(GatewayConnection, site=desk)
class GatewayConnectionAdmin(ReadOnly):
    list_display = ("location", "gateway", "state", "account", "livemode", "connected_at")
    list_filter = ("state", "gateway")
    list_select_related = ("location",)
    search_fields = ("location__name", "account")
    # Named one by one: the key and the webhook's secret are for no eyes.
    fields = (
        *("location", "gateway", "state", "position", "account", "livemode"),
        *("publishable_key", "api_base", "connected_at", "connected_by", "disconnected_at"),
        *("account_name", "country", "account_currency", "charges_enabled"),
        *("checked_at", "check_failure", "clock_offset_seconds"),
        *("refused_events", "event_refused_at", "tested_at"),
    )


@admin.register(Card, site=desk)
class CardAdmin(ReadOnly):
    list_display = ("__str__", "location", "customer", "state", "created_at")
    list_filter = ("state", "location")
    list_select_related = ("location", "customer__member__user", "customer__company")
    search_fields = (
        "last4",
        "reference",
        "customer__member__user__email",
        "customer__company__name",
    )


@admin.register(Transaction, site=desk)
class TransactionAdmin(ReadOnly):
    for_staff = True
    finding = Finding(
        customer="customer",
        exact=("reference", "purchase__receipt__number", "bill__number"),
        uuids=("key",),
        minor="amount_minor",
    )
    money = ("amount_minor",)
    readonly_fields = ("of", "events", "at_the_gateway")
    amount = money_column("amount_minor", _("amount"))
    list_display = (
        *("created_at", "location", "customer", "amount", "state", "paid_with"),
        *("failure_code", "reference"),
    )
    list_filter = ("state", "kind", "connection__gateway", ("created_at", DayRange), "location")
    list_select_related = (
        *("location", "customer__member__user", "customer__company"),
        "connection",
    )
    search_fields = (
        *("reference", "key", "failure_code"),
        *("customer__member__user__email", "customer__member__user__name"),
        "customer__company__name",
    )

    @admin.display(description=_("purchase"))
    def of(self, charge: Transaction) -> str:
        return link_to(getattr(charge, "purchase", None))

    @admin.display(description=_("gateway events"))
    def events(self, charge: Transaction) -> str:
        """Link the newest; what was taken back is told of with the charge's reference."""
        reference = (charge.charge or charge).reference
        if not reference:
            return ""
        known = GatewayEvent.objects.filter(connection=charge.connection_id).about(reference)
        links = [(link_to(event),) for event in known.order_by("-pk")[:MOST_EVENTS]]
        return format_html_join(", ", "{}", links)

    @admin.display(description=_("at the payment service"))
    def at_the_gateway(self, charge: Transaction) -> str:
        connection = charge.connection
        url = page_of_payment(connection.gateway, charge.reference, live=connection.livemode)
        return format_html('<a href="{}" class="underline">{}</a>', url, connection) if url else ""


@admin.register(GatewayEvent, site=desk)
class GatewayEventAdmin(ReadOnly):
    for_staff = True
    finding = Finding(
        exact=("reference", "kind"),
        elsewhere=lambda words: GatewayEvent.objects.about(words).values("pk"),
    )
    acts = (retry,)
    readonly_fields = ("about",)
    list_display = (
        *("received_at", "location", "kind", "reference", "processed_at", "attempts", "error"),
    )
    list_filter = (
        ("processed_at", admin.EmptyFieldListFilter),
        ("received_at", DayRange),
        "location",
    )
    list_select_related = ("location",)
    search_fields = ("reference", "kind", "error")

    @admin.display(description=_("transaction"))
    def about(self, event: GatewayEvent) -> str:
        thing = (event.payload.get("data") or {}).get("object") or {}
        references = [it for it in (thing.get("id"), thing.get("payment_intent")) if it]
        known = Transaction.objects.filter(location=event.location_id, reference__in=references)
        return link_to(known.first())


@admin.register(ReviewCase, site=desk)
class ReviewCaseAdmin(ReadOnly):
    subject = "review"
    for_staff = True
    finding = Finding(customer="charge__customer", exact=("charge__reference",))
    acts = (settle, fail, close)
    list_display = ("noticed_at", "location", "charge", "reason", "closed_at", "note")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "reason", "location")
    list_select_related = ("location", "charge")
    search_fields = (
        *("charge__reference", "charge__customer__member__user__email"),
        *("charge__customer__member__user__name", "charge__customer__company__name"),
    )
