"""Examples of rules made executable: fragments of YAML merged over a landscape and a document that keep every rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tillway.contracts import load
from tillway.governance.rules import Report, Subject, check
from tillway.governance.rules.contract import Contract, parsed, shipped
from tillway.identity import rehearse
from tillway.landscape import build_marked, cases

HERE = Path(__file__).parent
TODAY = date(2026, 11, 23)
DOCUMENT = "miles.v1.yaml"


@cache
def clean() -> dict[str, Any]:
    """The landscape that keeps every rule, and under `contracts` its document."""
    landscape = yaml.safe_load((HERE / "nordwind.yaml").read_text())
    document = parsed(DOCUMENT, (HERE / DOCUMENT).read_text()).content
    return {**landscape, "contracts": {DOCUMENT: document}}


def merged(content: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396): null takes out, a mapping goes on inside, anything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    kept = dict(content) if isinstance(content, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = merged(kept.get(key), value)
    return kept


SHIPPED = shipped(load())


def asked(fragment: str, today: date = TODAY) -> tuple[Subject, Any]:
    """The clean landscape with a fragment merged in, as it is checked, and its marks."""
    content = merged(clean(), yaml.safe_load(fragment) or {})
    documents = content.pop("contracts", {})
    files = {name: content.pop(name) for name in list(content) if name.startswith("policies/")}
    tests = {name: dumped(files.pop(name)) for name in list(files) if name.startswith("policies/tests/")}
    # What is refused at the building already is still told by its rule when only documents are looked at.
    promises = {f"contracts/{name}": dumped(each) for name, each in (documents | clean()["contracts"]).items()}
    landscape, marks = build_marked({"all.yaml": dumped(content), **promises, **files})
    asked = Subject(
        landscape=landscape,
        documents=landscape.documents,
        shipped=SHIPPED,
        contracts=tuple(document(name, dumped(each)) for name, each in documents.items()),
        today=today,
        rehearsal=rehearse(landscape, cases(tests, landscape)),
    )
    return asked, marks


def dumped(content: Any) -> str:
    """As YAML; the dumper in C is ten times faster."""
    text: str = yaml.dump(content, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)
    return text


@cache
def document(name: str, text: str) -> Contract:
    """A document; most examples leave it as it is."""
    return parsed(name, text)


@cache
def report(fragment: str = "", today: date = TODAY) -> Report:
    """What is found in the clean landscape with a fragment merged in."""
    return check(*asked(fragment, today))
