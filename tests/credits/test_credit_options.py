from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope

from community.models import AuditRecord
from credits.models import CreditOption
from credits.services.options import (
    OptionExists,
    OptionIsArchived,
    add_option,
    archive_option,
    bring_back_option,
    change_option,
    move_option,
)
from tests.factories import NOON, LocationFactory, OptionFactory, UserFactory
from tests.racing import race


@pytest.fixture
def location(db):
    location = LocationFactory()
    with scope(location=location):
        yield location


@pytest.fixture
def admin(db):
    return UserFactory()


def add(location, admin, credits=10, price_minor=1000, expiry_months=None):
    return add_option(
        location=location,
        credits=Decimal(credits),
        price_minor=price_minor,
        expiry_months=expiry_months,
        by=admin,
        at=NOON,
    )


def on_sale():
    return [int(option.credits) for option in CreditOption.objects.on_sale()]


def test_a_new_option_is_sold_last(location, admin):
    add(location, admin, 10)
    add(location, admin, 5)

    assert on_sale() == [10, 5]


def test_the_same_option_is_not_sold_twice(location, admin):
    add(location, admin)

    with pytest.raises(OptionExists):
        add(location, admin)


@pytest.mark.parametrize(
    "other", [{"credits": 11}, {"price_minor": 1001}, {"expiry_months": 3}, {"expiry_months": 6}]
)
def test_an_option_that_differs_in_anything_is_another(location, admin, other):
    add(location, admin)

    add(location, admin, **other)

    assert len(on_sale()) == 2


def test_another_location_may_sell_the_same(location, admin):
    add(location, admin)
    elsewhere = LocationFactory()

    with scope(location=elsewhere):
        add(elsewhere, admin)
        assert on_sale() == [10]


def test_the_database_has_the_last_word_on_duplicates(location, admin):
    option = add(location, admin)

    with pytest.raises(IntegrityError, match="option_on_sale_once"), transaction.atomic():
        OptionFactory(location=location, credits=option.credits, price_minor=option.price_minor)


@pytest.mark.parametrize(
    ("facts", "promise"),
    [
        ({"credits": 0}, "option_sells_credits"),
        ({"credits": -1}, "option_sells_credits"),
        ({"price_minor": 0}, "option_has_a_price"),
        ({"price_minor": -5}, "option_has_a_price"),
        ({"expiry_months": 0}, "option_expiry_is_in_the_future"),
    ],
)
def test_the_database_refuses_what_makes_no_sense(location, facts, promise):
    with pytest.raises(IntegrityError, match=promise), transaction.atomic():
        OptionFactory(location=location, **facts)


def test_a_change_is_audited_with_before_and_after(location, admin):
    option = add(location, admin)

    change_option(
        option_id=option.pk,
        credits=Decimal(12),
        price_minor=1100,
        expiry_months=6,
        by=admin,
        at=NOON,
    )

    record = AuditRecord.objects.get(action="option changed")
    assert (record.before["price_minor"], record.after["price_minor"]) == (1000, 1100)
    assert record.user == admin


def test_an_option_may_be_saved_as_it_is(location, admin):
    option = add(location, admin)

    change_option(
        option_id=option.pk,
        credits=option.credits,
        price_minor=option.price_minor,
        expiry_months=None,
        by=admin,
        at=NOON,
    )

    assert on_sale() == [10]


def test_a_change_into_another_option_is_refused(location, admin):
    add(location, admin, 10)
    other = add(location, admin, 5)

    with pytest.raises(OptionExists):
        change_option(
            option_id=other.pk,
            credits=Decimal(10),
            price_minor=1000,
            expiry_months=None,
            by=admin,
            at=NOON,
        )


def test_an_archived_option_can_neither_change_nor_move(location, admin):
    add(location, admin, 5)
    option = archive_option(option_id=add(location, admin).pk, by=admin, at=NOON)

    with pytest.raises(OptionIsArchived):
        change_option(
            option_id=option.pk,
            credits=Decimal(1),
            price_minor=1,
            expiry_months=None,
            by=admin,
            at=NOON,
        )
    with pytest.raises(OptionIsArchived):
        move_option(option_id=option.pk, to=0, by=admin, at=NOON)


def test_archiving_twice_changes_nothing(location, admin):
    option = add(location, admin)

    archive_option(option_id=option.pk, by=admin, at=NOON)
    archive_option(option_id=option.pk, by=admin, at=NOON)

    assert on_sale() == []
    assert AuditRecord.objects.filter(action="option archived").count() == 1


def test_an_option_comes_back_at_the_end(location, admin):
    option = add(location, admin, 10)
    add(location, admin, 5)
    archive_option(option_id=option.pk, by=admin, at=NOON)

    bring_back_option(option_id=option.pk, by=admin, at=NOON)

    assert on_sale() == [5, 10]


def test_an_option_can_not_come_back_beside_its_twin(location, admin):
    option = add(location, admin)
    archive_option(option_id=option.pk, by=admin, at=NOON)
    add(location, admin)

    with pytest.raises(OptionExists):
        bring_back_option(option_id=option.pk, by=admin, at=NOON)


@pytest.mark.parametrize(
    ("to", "order"),
    [(0, [3, 1, 2]), (1, [1, 3, 2]), (2, [1, 2, 3]), (99, [1, 2, 3]), (-5, [3, 1, 2])],
)
def test_an_option_moves_to_its_place(location, admin, to, order):
    options = [add(location, admin, credits) for credits in (1, 2, 3)]

    move_option(option_id=options[2].pk, to=to, by=admin, at=NOON)

    assert on_sale() == order


def test_a_foreign_option_can_not_be_touched(location, admin):
    elsewhere = LocationFactory()
    with scope(location=elsewhere):
        foreign = add(elsewhere, admin)

    for act in (archive_option, bring_back_option):
        with pytest.raises(CreditOption.DoesNotExist):
            act(option_id=foreign.pk, by=admin, at=NOON)
    with pytest.raises(CreditOption.DoesNotExist):
        move_option(option_id=foreign.pk, to=0, by=admin, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_ten_admins_adding_the_same_option_at_once_add_one():
    location, admin = LocationFactory(), UserFactory()

    answers = race(location, [lambda: add(location, admin)] * 10)

    assert sum(isinstance(answer, CreditOption) for answer in answers) == 1, answers
    assert sum(isinstance(answer, OptionExists) for answer in answers) == 9, answers


@pytest.mark.django_db(transaction=True)
def test_moves_at_once_leave_every_option_a_place_of_its_own():
    location, admin = LocationFactory(), UserFactory()
    with scope(location=location):
        options = [add(location, admin, credits) for credits in range(1, 7)]

    race(
        location,
        [
            lambda option=option, to=5 - to: move_option(
                option_id=option.pk, to=to, by=admin, at=NOON
            )
            for to, option in enumerate(options)
        ],
    )

    with scope(location=location):
        places = [option.position for option in CreditOption.objects.on_sale()]
    assert places == [1, 2, 3, 4, 5, 6]
