"""The SQL of names: when two are the same, only the database knows."""

from community.database import fetch_rows

FOLD_NAMES = "SELECT name, lower(upper(name)) FROM unnest(%s::text[]) AS name"


def fold_names(names: list[str]) -> dict[str, str]:
    """Each name in the letters in which it is compared, as its constraints and checks do."""
    return dict(fetch_rows(FOLD_NAMES, [names]))
