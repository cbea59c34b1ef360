"""HTML from Python: everything is escaped unless it was made here."""

from collections.abc import Iterable, Sequence
from html import escape


class Html(str):
    __slots__ = ()


def text(value: object) -> Html:
    return value if isinstance(value, Html) else Html(escape("" if value is None else str(value)))


def element(name: str, *children: object, **attributes: str) -> Html:
    """`class_` stands for `class`; an empty attribute value is written as a bare name."""
    written = "".join(
        f' {key.rstrip("_")}="{escape(value)}"' if value else f" {key}"
        for key, value in attributes.items()
    )
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def joined(parts: Iterable[object]) -> Html:
    return Html("".join(text(part) for part in parts))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> Html:
    body = joined(element("tr", *(element("td", cell) for cell in row)) for row in rows)
    if not body:
        return element("p", empty, class_="empty")
    head = element("tr", *(element("th", heading, scope="col") for heading in headings))
    return element("table", element("thead", head), element("tbody", body))


def form(action: str, button: str, *fields: object) -> Html:
    return element("form", *fields, element("button", button), method="post", action=action)


def field(label: str, name: str, value: str) -> Html:
    given = escape(value)
    tag = Html(f'<input name="{escape(name)}" value="{given}" inputmode="decimal" size="8">')
    return element("label", f"{label} ", tag)


def page(title: str, *sections: object) -> str:
    head = joined(
        [
            Html('<meta charset="utf-8">'),
            Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            element("title", title),
            Html('<link rel="stylesheet" href="/dashboard.css">'),
        ]
    )
    body = element("main", element("h1", title), *sections)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>'
