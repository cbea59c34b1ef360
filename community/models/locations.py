from decimal import Decimal
from zoneinfo import ZoneInfo

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.money import Tax


class Location(models.Model):
    """The tenant: everything a coworking space owns points at it."""

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
    document_prefix = models.CharField(_("document prefix"), max_length=8, blank=True, default="")
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
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def tax(self) -> Tax:
        return Tax(name=self.tax_name, percent=self.tax_percent, included=self.tax_included)
