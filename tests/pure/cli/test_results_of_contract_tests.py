"""What `tillway conformance --json` told goes along with a proposal, cut to what decides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tillway.cli.changing import FAILURE_CHARACTERS, FAILURES_MAX, result
from tillway.errors import Misconfigured

TOLD = {
    "provider": "https://miles.example",
    "document": "miles.v1",
    "sha256": "a" * 64,
    "at": "2026-11-23T12:00:00Z",
    "passed": False,
}


def written(tmp_path: Path, **content: object) -> Path:
    file = tmp_path / "result.json"
    file.write_text(json.dumps({**TOLD, **content}))
    return file


def test_what_a_provider_broke_is_named_by_operation(tmp_path: Path) -> None:
    operations = [
        {"operation": "getCard", "failures": ["x" * 600, "answered 500"]},
        {"operation": "listCards", "failures": [f"n {number}" for number in range(30)]},
    ]
    found = result(written(tmp_path, kind="contract", operations=operations))
    assert found.pop("failures")[1] == "getCard: answered 500"
    assert found == {**TOLD, "kind": "contract"}
    failures = result(written(tmp_path, kind="contract", operations=operations))["failures"]
    assert (len(failures), len(failures[0])) == (FAILURES_MAX, FAILURE_CHARACTERS)


def test_what_breaks_a_pact_is_named_by_interaction(tmp_path: Path) -> None:
    interactions = [
        {"description": "a card", "kept": True, "mismatches": []},
        {"description": "no card", "kept": False, "mismatches": ["404, not 200"]},
        {"description": "silence", "kept": False, "mismatches": []},
    ]
    found = result(written(tmp_path, kind="pact", interactions=interactions))
    assert found["failures"] == ["no card: 404, not 200", "silence: broken"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"kind": "contract"}', '{"kind": "pact", "interactions": 1}'])
def test_anything_else_is_no_result(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(content)
    with pytest.raises(Misconfigured, match="is no result of contract tests"):
        result(file)
