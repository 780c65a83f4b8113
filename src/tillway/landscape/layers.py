"""The layers of a landscape: what ships with Tillway, the retailer's files, one environment's over those. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tillway.errors import Misconfigured
from tillway.landscape.document import Document, laid_over, parse
from tillway.landscape.own_documents import FOLDER as CONTRACTS
from tillway.landscape.policies import CEDAR
from tillway.landscape.shipped import BASE_LANDSCAPE, base_landscape

ENVIRONMENTS: Final = "environments"
"""Where the overlays of environments lie: `environments/<name>/*.yaml`."""

MAPPINGS: Final = "mappings"
"""Where the expressions of mappings lie: `mappings/*.jsonata`."""

# Sections whose entries Tillway ships, and the fields that `defaults` fills in them.
_ANSWERED: Final = {
    "apis": ("owner", "deputy"),
    "events": ("owner",),
    "domains": ("owner",),
    "processes": ("owner", "deputy"),
    "reconcile": ("owner",),
}


@dataclass(slots=True)
class Given:
    """The texts of a landscape by what they hold, and the environment that it is in (None: in none)."""

    environment: str | None = None
    own: dict[str, str] = field(default_factory=dict)
    overlay: dict[str, str] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    contracts: dict[str, str] = field(default_factory=dict)
    expressions: dict[str, str] = field(default_factory=dict)


def sorted_out(files: Mapping[str, str]) -> Given:
    """Texts by file name, sorted by the folders they stand in. Misconfigured for files of several environments."""
    given = Given(environment=_environment(files))
    for file, text in files.items():
        folder, _, rest = file.partition("/")
        if file.endswith(CEDAR):
            given.policies[file] = text
        elif rest and folder == CONTRACTS:
            given.contracts[file] = text
        elif rest and folder == MAPPINGS:
            given.expressions[file] = text
        elif rest and folder == ENVIRONMENTS:
            given.overlay[file] = text
        else:
            given.own[file] = text
    return given


def _environment(files: Mapping[str, str]) -> str | None:
    found = {file.split("/")[1] for file in files if file.startswith(f"{ENVIRONMENTS}/")}
    if len(found) > 1:
        told = f"these are files of several environments: {', '.join(sorted(found))}"
        raise Misconfigured(told, remedy="a landscape is in one of them")
    return next(iter(found), None)


def layered(given: Given) -> Document:
    """The layers as one document: every place is that of the file which says it last."""
    shipped = parse({BASE_LANDSCAPE: base_landscape()})
    document = laid_over(shipped, parse(given.own))
    if given.overlay:
        document = laid_over(document, parse(given.overlay), takes_away=True)
    _answered_for(document.data, shipped.data)
    return document


def _answered_for(data: dict[str, Any], shipped: Mapping[str, Any]) -> None:
    """Fill in who answers where no entry says it: the defaults, or for what Tillway ships the organisation itself."""
    said = _text_members(data.get("defaults"))
    # Without a name the organisation is a finding itself, which is not told thirty times more.
    last = {"owner": _text_members(data.get("organisation")).get("name", "?")}
    for section, fields in _ANSWERED.items():
        entries = data.get(section)
        if not isinstance(entries, dict):
            continue
        for key, entry in entries.items():
            if isinstance(entry, dict):
                known = {**last, **said} if key in shipped.get(section, {}) else said
                entries[key] = {**{each: known[each] for each in fields if each in known}, **entry}


def _text_members(section: Any) -> dict[str, str]:
    found = section.items() if isinstance(section, dict) else ()
    return {name: value for name, value in found if isinstance(value, str)}
