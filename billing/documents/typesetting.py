import json
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

TEMPLATE = Path(__file__).parent / "document.typ"


def typeset(document: dict[str, Any]) -> bytes:
    """Set a document's facts as a PDF: no time and no chance in it, so always the same bytes."""
    pdf = typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(document)},
    )
    assert isinstance(pdf, bytes)
    return pdf


@cache  # reading them takes longer than setting a page
def _fonts() -> typst.Fonts:
    """Only those that the front-end's build laid there: the same on every machine."""
    folder = settings.BASE_DIR / "frontend/dist/.vite/fonts"
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
    )
