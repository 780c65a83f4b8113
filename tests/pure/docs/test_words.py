"""Words that have no place on the pages: other people's hosts, workings of who wrote them, decoration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.pure.docs.pages import name_of, pages

# Odoo's own `pos.session` is a name of a model, `session.closed` an event, one path tells who is signed in, and what
# is read of tills is "sales and sessions".
FORBIDDEN = re.compile(
    r"""
    pypi | pythonhosted | npmjs | crates\.io | docker\.io | ghcr\.io | quay\.io | proxy\.golang
    | \bissue\ \#? \d | \bissue\ \# | (?<!pos\.)(?<!/console/)(?<!sales\ or\ )(?<!sales\ and\ )\bsessions?\b(?!\.closed) | \bhelpers?\b | \bworkplaces?\b | \bspec\.md
    | \bTODO\b | \bFIXME\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
MARKETING = re.compile(
    r"\b(blazing|seamless|robust|powerful|best-in-class|world-class|revolutionary|leverage)", re.IGNORECASE
)
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50]")


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_no_forbidden_word_stands_on_a_page(page: Path) -> None:
    text = page.read_text()
    assert [found.group() for rule in (FORBIDDEN, MARKETING, EMOJI) for found in rule.finditer(text)] == []
