"""The template tags of Deskmint's pages; a built-in library, so no template loads it."""

import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.forms import (
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    FileInput,
    RadioSelect,
    Select,
    Textarea,
    Widget,
)
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils import dateformat
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext
from django_cotton.templatetags import Attrs

from analytics.wording import month_words
from community.middleware import time_format
from community.money import (
    credit_word,
    format_credits,
    format_money,
    many,
    say_credits,
    symbol,
)
from membership.services.periods import format_day
from notifications.services.push_services import public_key
from payments.wording import failure_reason

register = template.Library()

TONES = ("", "t2", "t3", "t4", "t5")
ROLES = {
    "thead": "rowgroup",
    "tbody": "rowgroup",
    "tfoot": "rowgroup",
    "tr": "row",
    "th": "columnheader",
    "td": "cell",
}
_TABLE_TAG = re.compile(r"<(thead|tbody|tfoot|tr|th|td)\b(?![^>]*\brole=)([^>]*)>")


@cache
def _drawings() -> dict[str, str]:
    built: dict[str, str] = json.loads(
        (settings.BASE_DIR / "frontend/dist/.vite/icons.json").read_text()
    )
    return built


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, classes: str = "size-5") -> SafeString:
    """Draw a lucide icon in place. An unknown name is a bug and raises KeyError."""
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        classes,
        mark_safe(_drawings()[name]),  # noqa: S308 - from our own build
    )


@register.filter
def initials(name: str) -> str:
    """`Mia Sofie Holm` → `MH`."""
    words = [word for word in re.split(r"[^\w]+", str(name)) if word]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "") if words else "?"
    return letters.upper()


@register.filter
def tone(id_: int | None) -> str:
    """Pick the tint of a face: always the same for one person or company."""
    return TONES[int(id_ or 0) % len(TONES)]


@register.filter(name="credits")
def credits_(credits: Decimal | str) -> str:
    """`2.50` → `2.5`. A notification's facts bring them as text."""
    return format_credits(Decimal(credits))


@register.filter(name="say_credits")
def say_credits_(credits: Decimal | str) -> str:
    """`10.00` → `10 credits`, `1.00` → `1 credit`."""
    return say_credits(Decimal(credits))


@register.filter(name="credit_word")
def credit_word_(credits: Decimal | str) -> str:
    """`10.00` → `credits`, `1.00` → `credit`."""
    return credit_word(Decimal(credits))


@register.filter(name="many")
def many_(credits: Decimal) -> int:
    """For the `count` of a sentence that is written apart for one credit."""
    return many(credits)


@register.filter
def signed(credits: Decimal) -> str:
    """`10.00` → `+10`, and a typographic minus before what was taken."""
    return format_credits(credits, signed=True)


@register.filter
def money(minor: int, currency: str) -> str:
    """`{{ option.price_minor|money:location.currency }}` → `€12.00`."""
    return format_money(minor, currency)


@register.filter
def day(moment: date | str) -> str:
    """`14 Dec`, or `14 Dec 2026` outside the current year; a moment in the active time zone.

    Facts of a notification have a day as text, 2026-12-14.
    """
    if isinstance(moment, str):
        moment = date.fromisoformat(moment)
    local = localtime(moment) if isinstance(moment, datetime) else moment
    if local.year == localtime().year:
        return dateformat.format(local, pgettext("day of this year", "j M"))
    return dateformat.format(local, pgettext("day of another year", "j M Y"))


@register.filter
def day_before(end: date) -> str:
    """The last day of a time that ends before this one."""
    return day(end - timedelta(days=1))


@register.filter
def days_ago(day: date) -> int:
    """How many days of the active time zone have passed since; below 0 for a day to come."""
    return (localtime().date() - day).days


@register.filter
def weekday(moment: datetime) -> str:
    """`Sunday, 22 November` in the active time zone."""
    return dateformat.format(localtime(moment), pgettext("day of the week", "l, j F"))


@register.filter
def daytime(moment: datetime) -> str:
    """`Today, 14:32`, or day and time, in the active time zone."""
    local = localtime(moment)
    on = gettext("Today") if local.date() == localtime().date() else day(moment)
    return f"{on}, {dateformat.time_format(local, _time_pattern())}"


def _time_pattern() -> str:
    return {"24": "H:i", "12": "g:i a"}.get(time_format.get()) or pgettext("time", "H:i")


@register.filter
def change(percent: int) -> str:
    """`+12 %`, with a typographic minus where it went down."""
    return f"{'−' if percent < 0 else '+'}{abs(percent)} %"


@register.simple_tag
def push_key() -> str:
    """Give the public half of the key that pushes are signed with; empty: pushes are off."""
    return public_key()


register.filter("calendar_day", format_day)
register.filter("month_name", month_words)
register.filter("failure_reason", failure_reason)
register.filter("currency_symbol", symbol)


@register.simple_tag
def page_query(asked: QueryDict, name: str, number: int) -> str:
    """Lead to a page of one list; the rest of what was asked for stays."""
    query = asked.copy()
    query[name] = str(number)
    return f"?{query.urlencode()}"


@register.filter
def table_roles(rows: str) -> SafeString:
    """Name the role of each part, because a table shown as cards loses the implied ones."""

    def with_role(match: re.Match[str]) -> str:
        tag, rest = match.groups()
        role = "rowheader" if 'scope="row"' in rest else ROLES[tag]
        return f'<{tag} role="{role}"{rest}>'

    return mark_safe(_TABLE_TAG.sub(with_role, rows))  # noqa: S308 - an already rendered slot


@register.filter
def flat(attrs: Attrs) -> SafeString:
    """Write a component's further attributes, escaped (cotton's own output of them is not)."""
    return flatatt(_resolved(attrs))


@register.filter
def kind(field: BoundField) -> str:
    """Tell how a form field is laid out: `hidden`, `checkbox`, `choices` or `line`."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    return "checkbox" if isinstance(widget, CheckboxInput) else "line"


@register.simple_tag
def control(
    field: BoundField, attrs: Attrs | None = None, hint: str = "", *, framed: bool = False
) -> SafeString:
    """Render the input of a form field in our look, tied to its hint or error.

    `framed`: a `div.input` around it carries the look. A placeholder is no label, so the ones
    that a form brings are left out; one given as attribute of `<c-field>` is shown.
    """
    merged: dict[str, Any] = {"placeholder": False, **_look(field.field.widget, framed=framed)}
    if field.errors:
        merged["aria-describedby"] = f"{field.auto_id}_error"
    elif hint:
        merged["aria-describedby"] = f"{field.auto_id}_helptext"
    else:
        field.help_text = ""  # or Django would point at a hint that is not on the page
    extra = _resolved(attrs) if attrs is not None else {}
    if extra.get("class"):
        merged["class"] = f"{merged.get('class', '')} {extra['class']}".strip()
    merged.update({name: value for name, value in extra.items() if name != "class"})
    return field.as_widget(attrs=merged)


def _resolved(attrs: Attrs) -> dict[str, Any]:
    # Cotton drops in silence what it can't resolve, `:current="page == 'bills'"` for one.
    unknown = attrs._unprocessable  # noqa: SLF001
    assert not unknown, (
        f":{unknown[0]} takes a variable that is there, not an expression;"
        f' write {unknown[0]}="{{% if … %}}1{{% endif %}}"'
    )
    resolved: dict[str, Any] = attrs.attrs_dict()
    return resolved


def _look(widget: Widget, *, framed: bool) -> dict[str, str]:
    own = widget.attrs.get("class", "")
    if framed:
        return {"class": own} if own else {}
    if isinstance(widget, CheckboxInput):
        look = "checkbox checkbox-primary"
    elif isinstance(widget, Select):
        look = "select"
    elif isinstance(widget, Textarea):
        look = "textarea"
    else:
        look = "file-input" if isinstance(widget, FileInput) else "input"
    return {"class": f"{look} {own}".strip()}
