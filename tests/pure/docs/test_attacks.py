"""The page of attacks names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NAMED = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", (ROOT / "docs" / "attacks.md").read_text())


@pytest.mark.parametrize(("test", "file"), sorted(set(NAMED)))
def test_a_named_test_exists(test, file):
    assert re.search(rf"def {test}\(", (ROOT / file).read_text())


@pytest.mark.parametrize("risk", [*(f"API{number} " for number in range(1, 11)), *(f"NHI{n} " for n in range(1, 11))])
def test_every_risk_has_a_line(risk):
    assert f"| {risk}" in (ROOT / "docs" / "attacks.md").read_text()
