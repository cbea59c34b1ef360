from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from community.models.locations import Location
from community.models.users import User
from community.scoping import scoped
from community.triggers import no_truncate


class ApiKey(models.Model):
    """Lets other software act for a location. Only who made it ever saw it: its hash is kept."""

    class Scope(models.TextChoices):
        READ = "read", _("Read: see everything of the location")
        SELL = "sell", _("Sell: quote and buy credits for members")
        SPEND = "spend", _("Spend: take, hold and give back credits")
        MANAGE = "manage", _("Manage: assign plans, add to bills")

    location = models.ForeignKey(Location, models.PROTECT, related_name="api_keys")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("begins with"), max_length=16)
    digest = models.CharField(_("hash"), max_length=64)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope), verbose_name=_("may"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = scoped(models.Manager["ApiKey"])

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.UniqueConstraint("digest", name="api_key_once_per_secret"),
            models.CheckConstraint(
                condition=Q(scopes__len__gt=0)
                & Q(scopes__contained_by=["read", "sell", "spend", "manage"]),
                name="api_key_may_something_known",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
                name="api_key_expires_after_it_begins",
            ),
        ]
        triggers = [no_truncate("api_key")]

    def __str__(self) -> str:
        return self.name


class ApiAnswer(models.Model):
    """What a request with this idempotency key was answered, kept in the work's transaction."""

    location = models.ForeignKey(Location, models.PROTECT)
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, blank=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    key = models.CharField(_("idempotency key"), max_length=80)
    fingerprint = models.CharField(
        _("fingerprint"), max_length=64, help_text=_("Of method, address and body.")
    )
    claimed_at = models.DateTimeField(_("claimed"))
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    body = models.TextField(_("body"), blank=True, default="")

    objects = scoped(models.Manager["ApiAnswer"])

    class Meta:
        verbose_name = _("answer of the API")
        verbose_name_plural = _("answers of the API")
        constraints = [
            models.UniqueConstraint(
                fields=["location", "api_key", "user", "key"],
                nulls_distinct=False,
                name="answer_once_per_holder_and_key",
            ),
            models.CheckConstraint(
                condition=Q(api_key__isnull=True) ^ Q(user__isnull=True),
                name="answer_is_for_a_key_or_a_user",
            ),
        ]
        indexes = [models.Index(fields=["claimed_at"], name="answer_by_age")]

    def __str__(self) -> str:
        return self.key
