"""A demo location on its first day: people, options, what credits are good for."""

from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django_scopes import scope

from billing.services import DETAILS, change_customer_details, details_of
from community.models import ApiKey, Customer, Location, Member, Role, User
from community.services.api_keys import digest_of, make_api_key
from community.services.settings import facts_of, version_of
from credits.models import CreditUse
from credits.services.options import add_option
from membership.demo.cast import OPERATOR, PASSWORD, VISITOR, Details, Person, Place, Studio
from membership.services.companies import (
    add_company,
    permit_company_money,
    put_in_company,
)
from membership.services.joining import add_member
from membership.services.plans import PlanValues, add_plan

OPENED_DAYS_AGO = 372
JOINING_EVERY_DAYS = 10
NEWCOMERS_DAYS_AGO = 80


@transaction.atomic
def open_place(place: Place, *, at: datetime) -> Location:
    """Write down all of a location but what happens there; all or nothing."""
    location = Location.objects.create(
        slug=place.slug,
        name=place.name,
        currency=place.currency,
        time_zone=place.time_zone,
        tax_name=place.tax_name,
        tax_percent=place.tax_percent,
        tax_included=place.tax_included,
        legal_name=place.legal_name,
        address=place.address,
        vat_number=place.vat_number,
        document_prefix=place.document_prefix,
    )
    password = make_password(PASSWORD)  # once: hashing is slow by design
    admin = _user(place.admin, password)
    Role.objects.create(user=admin, location=location, kind=Role.Kind.ADMIN)
    if place.staff:
        staff = _user(place.staff, password)
        Role.objects.create(user=staff, location=location, kind=Role.Kind.STAFF)
    opened = at - timedelta(days=OPENED_DAYS_AGO)
    with scope(location=location):
        for number, person in enumerate(place.people):
            joined = opened + timedelta(days=JOINING_EVERY_DAYS * number, hours=9)
            add_member(location=location, user=_user(person, password), by=admin, at=joined)
        _fill_shelves(place, location, by=admin, at=opened)
        came = at - timedelta(days=NEWCOMERS_DAYS_AGO)
        newcomers = [
            add_member(location=location, user=_user(person, password), by=admin, at=came)
            for person in place.newcomers
        ]
        if place.studio:
            _found_studio(place.studio, location, newcomers[:3], by=admin, at=came)
        if place.star_details:
            star = Customer.objects.get(member__user__email=place.star.email)
            _name_on_documents(star, place.star_details, by=admin, at=opened)
    return location


def _found_studio(
    studio: Studio, location: Location, team: list[Member], *, by: User, at: datetime
) -> None:
    manager, member, permitted = team
    company = add_company(location=location, name=studio.name, manager=manager, by=by, at=at)
    put_in_company(company=company, member=member, by=by, at=at)
    place = put_in_company(company=company, member=permitted, by=by, at=at)
    permit_company_money(place=place, may_use_card=True, may_use_bill=True, by=by, at=at)
    _name_on_documents(company.customer, studio.details, by=manager.user, at=at)


def _name_on_documents(customer: Customer, details: Details, *, by: User, at: datetime) -> None:
    change_customer_details(
        customer=customer,
        names=DETAILS,
        values={**asdict(details), "emails": list(details.emails)},
        seen=version_of(facts_of(details_of(customer), DETAILS)),
        by=by,
        at=at,
    )


@transaction.atomic
def hand_out_key(place: Place, location: Location, *, at: datetime) -> None:
    """Make the key of the demo that everybody knows, once."""
    if not ApiKey.objects.filter(digest=digest_of(place.api_key)).exists():
        make_api_key(
            location=location,
            name="Demo",
            scopes=list(ApiKey.Scope.values),
            token=place.api_key,
            by=User.objects.get(email=place.admin.email),
            at=at,
        )


@transaction.atomic
def welcome_strangers() -> None:
    """Make the users that belong to no location."""
    password = make_password(PASSWORD)
    _user(VISITOR, password)
    operator = _user(OPERATOR, password)
    operator.is_staff = operator.is_superuser = True
    operator.save(update_fields=["is_staff", "is_superuser"])


def _user(person: Person, password: str) -> User:
    user, _made = User.objects.get_or_create(
        email=person.email, defaults={"name": person.name, "password": password}
    )
    return user


def _fill_shelves(place: Place, location: Location, *, by: User, at: datetime) -> None:
    for offer in (*place.offers, place.dropped):
        add_option(
            location=location,
            credits=Decimal(offer.credits),
            price_minor=offer.price_minor,
            expiry_months=offer.expiry_months,
            by=by,
            at=at,
        )
    for plan in place.plans:
        values = PlanValues(
            name=plan.name,
            price_minor=plan.price_minor,
            discount_percent=Decimal(plan.discount_percent),
            monthly_credits=Decimal(plan.monthly_credits),
            free_claims=plan.free_claims,
        )
        add_plan(location=location, values=values, by=by, at=at)
    CreditUse.objects.bulk_create(
        CreditUse(
            location=location, name=use.name, credits=use.credits, icon=use.icon, position=position
        )
        for position, use in enumerate(place.uses, start=1)
    )
