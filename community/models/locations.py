from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.money import Tax


def three_and_ten() -> list[int]:
    return [3, 10]


class Location(models.Model):
    """The tenant: everything a coworking space owns points at it."""

    class BillCredits(models.TextChoices):
        AT_ONCE = "at_once", _("At once")
        WHEN_PAID = "when_paid", _("When the bill is paid")

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("address"), max_length=50, unique=True)
    currency = models.CharField(
        _("currency"), max_length=3, validators=[RegexValidator(r"^[A-Z]{3}$")]
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    locale = models.CharField(_("locale"), max_length=16, default="en")
    tax_name = models.CharField(_("tax name"), max_length=30, blank=True, default="")
    tax_percent = models.DecimalField(
        _("tax percent"), max_digits=5, decimal_places=2, default=Decimal(0)
    )
    tax_included = models.BooleanField(_("prices include tax"), default=False)
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True, default="")
    address = models.TextField(_("address on documents"), blank=True, default="")
    vat_number = models.CharField(_("VAT number"), max_length=40, blank=True, default="")
    registration_number = models.CharField(
        _("registration number"), max_length=40, blank=True, default=""
    )
    bank_details = models.TextField(_("bank details"), blank=True, default="")
    document_footer = models.TextField(_("footer of documents"), blank=True, default="")
    document_prefix = models.CharField(_("document prefix"), max_length=8, blank=True, default="")
    payment_terms_days = models.PositiveSmallIntegerField(_("payment terms, days"), default=14)
    reminder_days = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("reminders, days after due"),
        default=three_and_ten,
        blank=True,
    )
    bill_credits = models.CharField(
        _("credits bought on a bill"), max_length=10, choices=BillCredits, default="at_once"
    )
    bill_limit_credits = models.DecimalField(
        _("most credits on one active bill"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
    )
    refuse_bills_while_overdue = models.BooleanField(
        _("no bill purchases while a bill is overdue"), default=True
    )
    staff_limit_credits = models.DecimalField(
        _("most credits that staff may give or deduct at once"),
        max_digits=12,
        decimal_places=2,
        default=Decimal(0),
    )
    sender_name = models.CharField(_("sender of mails"), max_length=60, blank=True, default="")
    reply_to = models.EmailField(_("reply address"), max_length=254, blank=True, default="")
    require_second_factor = models.BooleanField(
        _("staff and admins need a second factor"), default=False
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="location_currency_is_iso"
            ),
            models.CheckConstraint(
                condition=Q(tax_percent__gte=0, tax_percent__lt=100),
                name="location_tax_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(bill_credits__in=["at_once", "when_paid"]),
                name="location_bill_credits_is_known",
            ),
            models.CheckConstraint(
                condition=Q(bill_limit_credits=None) | Q(bill_limit_credits__gt=0),
                name="location_bill_limit_is_positive",
            ),
            models.CheckConstraint(
                condition=Q(staff_limit_credits__gte=0), name="location_staff_limit_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def tax(self) -> Tax:
        return Tax(name=self.tax_name, percent=self.tax_percent, included=self.tax_included)


class LocationLogo(models.Model):
    """A location's logo, re-encoded by us and kept here: web processes hold no state."""

    location = models.OneToOneField(Location, models.PROTECT, related_name="logo")
    png = models.BinaryField(_("image"))
    digest = models.CharField(_("digest"), max_length=64)
    changed_at = models.DateTimeField(_("changed"))

    # Unscoped: sign-in pages show it before there is a location.
    objects = models.Manager["LocationLogo"]()

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")
        constraints = [
            models.CheckConstraint(condition=~Q(digest=""), name="logo_has_a_digest"),
        ]

    def __str__(self) -> str:
        return self.digest


class SetupLink(models.Model):
    """The one-time way into an empty installation; only a hash of it is kept."""

    token_hash = models.CharField(_("hash"), max_length=64, unique=True)
    created_at = models.DateTimeField(_("created"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    objects = models.Manager["SetupLink"]()

    class Meta:
        verbose_name = _("set-up link")
        verbose_name_plural = _("set-up links")

    def __str__(self) -> str:
        return str(self.created_at)
