"""The page of what Odoo does names tests that are there, at least one for each surprise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINES = [line for line in (ROOT / "docs" / "odoo.md").read_text().splitlines() if line.startswith("| ")]
TOLD = [line for line in LINES if not line.startswith("| Odoo |")]
NAME = re.compile(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)")


@pytest.mark.parametrize(("test", "file"), sorted({each for line in TOLD for each in NAME.findall(line)}))
def test_a_named_test_exists(test: str, file: str) -> None:
    assert re.search(rf"def {test}\(", (ROOT / file).read_text())


@pytest.mark.parametrize("line", TOLD, ids=[line[2:50] for line in TOLD])
def test_every_surprise_has_an_answer_and_a_test(line: str) -> None:
    _, does, answer, tried, _ = line.split("|")
    assert does.strip()
    assert answer.strip()
    assert NAME.search(tried)
