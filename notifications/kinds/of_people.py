from django.utils.translation import gettext as _

from notifications.kinds.registry import EMAIL, About, Audience, Group, Told, Words, ways
from notifications.models import Notification

Kind = Notification.Kind


def _company(told: Told, title: str) -> Words:
    return Words(title % {"company": told["company"]}, "", told.page("membership:credits"))


def _joined(told: Told) -> Words:
    return _company(told, _("You belong to %(company)s now"))


def _left(told: Told) -> Words:
    return _company(told, _("You don't belong to %(company)s any more"))


def _closed(told: Told) -> Words:
    return _company(told, _("%(company)s is closed"))


def _at_home(told: Told, title: str, text: str, *, subject: str, letter: str) -> Words:
    place = {"place": told.place}
    letter %= place
    if reason := told["reason"]:
        letter = f"{letter}\n\n" + _("The reason: %(reason)s") % {"reason": reason}
    return Words(title % place, text, told.page("community:home"), subject % place, letter)


def _accepted(told: Told) -> Words:
    return _at_home(
        told,
        _("Welcome to %(place)s"),
        _("Your request to join was accepted."),
        subject=_("You are a member of %(place)s"),
        letter=_("%(place)s has accepted your request. You can buy credits now."),
    )


def _declined(told: Told) -> Words:
    return _at_home(
        told,
        _("Your request to join was declined"),
        "",
        subject=_("%(place)s declined your request"),
        letter=_(
            "%(place)s has declined your request to join. You can ask again a day later, or talk"
            " to the team."
        ),
    )


def _suspended(told: Told) -> Words:
    return _at_home(
        told,
        _("Your membership is suspended"),
        told["reason"],
        subject=_("Your membership of %(place)s is suspended"),
        letter=_(
            "%(place)s has suspended your membership. You keep your credits but can't buy or spend"
            " them now. Your receipts stay open to you."
        ),
    )


def _reactivated(told: Told) -> Words:
    return _at_home(
        told,
        _("Your membership is active again"),
        "",
        subject=_("Your membership of %(place)s is active again"),
        letter=_("You can buy and spend credits at %(place)s again."),
    )


def _removed(told: Told) -> Words:
    return _at_home(
        told,
        _("Your membership ended"),
        told["reason"],
        subject=_("Your membership of %(place)s has ended"),
        letter=_(
            "%(place)s has ended your membership. Your credits stay on record, can't be spent now,"
            " and come back if you return. Your receipts stay open to you."
        ),
    )


OF_PEOPLE = [
    About(Kind.COMPANY_JOINED, Group.PEOPLE, Audience.ACTIVE, "building-2", _joined),
    About(Kind.COMPANY_LEFT, Group.PEOPLE, Audience.PERSON, "building-2", _left),
    About(Kind.COMPANY_CLOSED, Group.PEOPLE, Audience.PERSON, "building-2", _closed),
    *(
        About(
            kind,
            Group.PEOPLE,
            Audience.PERSON,
            icon,
            words,
            ways=ways(EMAIL),
            by_default=ways(EMAIL),
            is_good_news=is_good,
        )
        for kind, icon, words, is_good in (
            (Kind.JOIN_ACCEPTED, "door-open", _accepted, True),
            (Kind.JOIN_DECLINED, "door-open", _declined, False),
            (Kind.MEMBER_SUSPENDED, "circle-pause", _suspended, False),
            (Kind.MEMBER_REACTIVATED, "circle-play", _reactivated, True),
            (Kind.MEMBER_REMOVED, "door-closed", _removed, False),
        )
    ),
]
