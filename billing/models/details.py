from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models import Customer, Location
from community.scoping import OwnedQuerySet, scoped

MAX_EMAILS = 10


class BillingDetailsQuerySet(OwnedQuerySet["BillingDetails"]):
    pass


BillingDetailsManager = models.Manager.from_queryset(BillingDetailsQuerySet)


class BillingDetails(models.Model):
    """How documents name a customer, and whether they pay tax. Made when first saved."""

    class Exemption(models.TextChoices):
        NONE = "", _("Pays tax")
        REVERSE_CHARGE = "reverse_charge", _("Reverse charge")
        OTHER = "other", _("Exempt for another reason")

    location = models.ForeignKey(Location, models.PROTECT)
    customer = models.OneToOneField(Customer, models.PROTECT, related_name="billing_details")
    name = models.CharField(_("name on documents"), max_length=200, blank=True, default="")
    address = models.TextField(_("address"), blank=True, default="")
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True, default="")
    emails = ArrayField(
        models.EmailField(), verbose_name=_("emails for documents"), default=list, blank=True
    )
    reference = models.CharField(_("reference"), max_length=60, blank=True, default="")
    exemption = models.CharField(
        _("tax exemption"), max_length=20, choices=Exemption, blank=True, default=Exemption.NONE
    )
    exemption_reason = models.CharField(
        _("reason of the exemption"), max_length=200, blank=True, default=""
    )

    objects = scoped(BillingDetailsManager)

    if TYPE_CHECKING:
        customer_id: int
        location_id: int

    class Meta:
        verbose_name = _("billing details")
        verbose_name_plural = _("billing details")
        constraints = [
            models.CheckConstraint(
                condition=Q(vat_number="") | Q(vat_number__regex=r"^[A-Z]{2}[0-9A-Z+*]{2,18}$"),
                name="billing_details_vat_number_has_a_country",
            ),
            models.CheckConstraint(
                condition=Q(emails__len__lte=MAX_EMAILS), name="billing_details_emails_are_few"
            ),
            models.CheckConstraint(
                condition=Q(exemption__in=["", "reverse_charge", "other"]),
                name="billing_details_exemption_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(exemption="reverse_charge", vat_number=""),
                name="billing_details_reverse_charge_has_a_vat_number",
            ),
            models.CheckConstraint(
                condition=Q(exemption="other") ^ Q(exemption_reason=""),
                name="billing_details_other_exemption_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.customer.name

    @property
    def no_tax_because(self) -> str:
        """Why they pay no tax, as prices and items carry it; empty if they pay."""
        if self.exemption == self.Exemption.OTHER:
            return self.exemption_reason
        return self.exemption
