"""Planted changes with the verdict a person gives them: none is missed, and hardly any is called worse than it is."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

from tillway.contracts.compatibility import compare

HERE = Path(__file__).parent
ORDER = ("same", "additive", "breaking")

# Of all planted changes.
FALSE_ALARMS_MAX = 0.03


@dataclass(frozen=True)
class Planted:
    """One change, how it is meant, and how it is judged."""

    name: str
    old: Any
    new: Any
    direction: Any
    expected: str

    @cached_property
    def found(self) -> str:
        return compare(self.old, self.new, self.direction).verdict


def schemas() -> list[Planted]:
    found = []
    for name, old, new, *expected in yaml.safe_load((HERE / "schemas.yaml").read_text()):
        for direction, verdict in zip(("request", "response"), expected, strict=True):
            # In a member, so that a schema may be anything; and once more, deep inside.
            inside = [{"type": "object", "properties": {"field": each}} for each in (lifted(old), lifted(new))]
            defs = [each.get("$defs", {}) if isinstance(each, dict) else {} for each in (old, new)]
            found.append(
                Planted(
                    f"{name}, {direction}",
                    {**inside[0], "$defs": defs[0]},
                    {**inside[1], "$defs": defs[1]},
                    direction,
                    verdict,
                )
            )
    return found


def lifted(schema: Any) -> Any:
    """Without the definitions, which stand at the root."""
    return {word: each for word, each in schema.items() if word != "$defs"} if isinstance(schema, dict) else schema


def openapi() -> list[Planted]:
    content = yaml.safe_load((HERE / "openapi.yaml").read_text())
    found = []
    for name, verdict, *edits in content["changes"]:
        new = copy.deepcopy(content["base"])
        for edit in edits:
            edited(new, *edit)
        found.append(Planted(name, content["base"], new, "response", verdict))
    return found


def edited(document: Any, pointer: str, *value: Any) -> None:
    """Set what stands at a pointer, or drop it when no value is given; `-` is the end of a list."""
    *way, last = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    node = document
    for token in way:
        node = node[int(token)] if isinstance(node, list) else node[token]
    if not value:
        del node[int(last) if isinstance(node, list) else last]
    elif isinstance(node, list):
        node[len(node) if last == "-" else int(last) : None if last == "-" else int(last) + 1] = value
    else:
        node[last] = value[0]


CORPUS = [*schemas(), *openapi()]


def test_the_corpus_is_large_enough():
    assert len(CORPUS) >= 150


@pytest.mark.parametrize("planted", CORPUS, ids=lambda each: each.name)
def test_no_change_is_missed(planted):
    """A verdict is never better than what a person says."""
    assert ORDER.index(planted.found) >= ORDER.index(planted.expected)


def test_false_alarms_are_few(capsys):
    """Worse than what a person says: tolerated in few places, all of them told here."""
    false = [each.name for each in CORPUS if ORDER.index(each.found) > ORDER.index(each.expected)]
    with capsys.disabled():
        print(f"\n{len(false)} false alarms of {len(CORPUS)} planted changes: {', '.join(false) or 'none'}")
    assert len(false) <= FALSE_ALARMS_MAX * len(CORPUS)
