"""What the script of the chart is told: heights as minor units, figures as words."""

from typing import Any

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from analytics.models import Source
from analytics.selectors import Revenue
from analytics.wording import month_words
from community.money import exponent, format_money

TOKENS = {
    Source.CREDITS: "--dm-chart-credits",
    Source.PLANS: "--dm-chart-plans",
    Source.OTHER: "--dm-chart-other",
}
YEAR_UNDER_EACH = 13  # from so many months on, when the axis leaves some out


def chart_of(revenue: Revenue, *, currency: str, compares: bool) -> dict[str, Any]:
    def words(amounts: tuple[int, ...]) -> list[str]:
        return [format_money(minor, currency) for minor in amounts]

    def series(name: str, token: str, amounts: tuple[int, ...]) -> dict[str, Any]:
        return {"name": name, "token": token, "values": amounts, "words": words(amounts)}

    return {
        "currency": currency,
        "exponent": exponent(currency),
        "labels": _labels(revenue),
        "months": [month_words(month) for month in revenue.months],
        "series": [
            series(str(Source(part.name).label), TOKENS[Source(part.name)], part.months)
            for part in revenue.sources
        ],
        "total": {"name": _("Total"), "words": words(revenue.totals)},
        "before": series(_("Year before"), "--dm-muted", revenue.before) if compares else None,
    }


def _labels(revenue: Revenue) -> list[list[str]]:
    """Lines under the columns: the month, and its year where one begins."""
    each = len(revenue.months) >= YEAR_UNDER_EACH
    labels = []
    for place, month in enumerate(revenue.months):
        short = dateformat.format(month, pgettext("month on an axis", "M"))
        year = each or not place or month.month == 1
        labels.append([short, str(month.year)] if year else [short])
    return labels
