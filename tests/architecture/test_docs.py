"""What the documents say of the code is so."""

import ast
import re
from pathlib import Path

from tests.architecture import rules

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def test_every_variable_of_the_settings_is_explained_and_no_other():
    deploying = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    table = deploying.partition("## Every variable")[2]
    explained = re.findall(
        r"`([A-Z_]+)`", " ".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE))
    )

    settings = ast.parse((ROOT / "config/settings.py").read_text(encoding="utf-8"))
    read = [
        ast.literal_eval(call.args[0])
        for _, call in rules.calls(settings)
        if re.fullmatch(r"env\.(?!email_url_config)\w+", ast.unparse(call.func))
    ]

    assert len(read) > 20
    assert sorted(explained) == sorted(read)


def test_documents_lead_to_files_that_are_there():
    links = [(path, link) for path in DOCUMENTS for link in LINK.findall(path.read_text("utf-8"))]

    assert links
    assert [(path, link) for path, link in links if not (path.parent / link).exists()] == []
