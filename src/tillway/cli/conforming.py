"""`tillway conformance`: does a provider honour a contract, or keep a consumer's pact."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml
from rich.console import Console

from tillway import clock
from tillway.app import conformance, pacts
from tillway.cli.telling import table, tell
from tillway.contracts import load
from tillway.errors import Misconfigured

EXIT_BROKEN = 1


def contract(
    provider: str,
    *,
    api: str | None,
    document: Path | None,
    headers: Mapping[str, str],
    writes: bool,
    seconds: float,
    as_json: bool,
) -> None:
    """`tillway conformance PROVIDER_URL --api|--document`."""
    name, content = _document(api, document)
    address = conformance.address_of(provider, content)
    asked = conformance.Contract(document=content, address=address, headers=headers, writes=writes, seconds=seconds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the generator, about schemas it finds hard
        found = tuple(conformance.asked(asked))
    well = conformance.passed(found)
    said = {
        "kind": "contract",
        "provider": address,
        "document": name,
        "sha256": hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest(),
        "at": clock.now(),
        "passed": well,
        "operations": found,
    }
    rows = [
        (each.operation, f"{each.method} {each.path}", each.verdict, _statuses(each.statuses), "\n".join(each.failures))
        for each in found
    ]
    tell(
        said,
        as_json=as_json,
        otherwise=table(("operation", "request", "verdict", "answers", "against it"), rows, address),
    )
    _end(
        well, as_json, "honours what was asked of it" if well else "does not honour the contract, or nothing was proven"
    )


def pact(provider: str, file: Path, *, headers: Mapping[str, str], states: str | None, as_json: bool) -> None:
    """`tillway conformance PROVIDER_URL --pact`."""
    found = pacts.verified(file, provider, headers, states)
    said = {
        "kind": "pact",
        "provider": provider,
        "document": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "at": clock.now(),
        **msgspec.to_builtins(found),
    }
    rows = [
        (each.description, ", ".join(each.states), "kept" if each.kept else "broken", "\n".join(each.mismatches))
        for each in found.interactions
    ]
    tell(said, as_json=as_json, otherwise=table(("interaction", "given", "verdict", "differs"), rows, found.consumer))
    _end(found.passed, as_json, f"keeps the pact of {found.consumer}" if found.passed else "breaks the pact")


def headers(given: list[str], token: str | None) -> dict[str, str]:
    """`Name: value` as headers, with the token as the bearer's."""
    found = {} if token is None else {"Authorization": f"Bearer {token}"}
    for each in given:
        name, colon, value = each.partition(":")
        if not colon or not name.strip():
            raise Misconfigured(f"{each!r} is not a header", remedy="write it as 'Name: value'")
        found[name.strip()] = value.strip()
    return found


def _document(api: str | None, file: Path | None) -> tuple[str, Mapping[str, Any]]:
    """The document's name and content."""
    if file is None:
        documents = load().apis
        found = next((each for (name, _), each in sorted(documents.items(), reverse=True) if name == api), None)
        if found is None:
            names = ", ".join(sorted({name for name, _ in documents}))
            raise Misconfigured(f"there is no interface {api!r}", remedy=f"name one of {names}, or a --document")
        return f"{found.api}.v{found.version}", found.content
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Misconfigured(f"{file} cannot be read as an OpenAPI document: {error}") from error
    if not isinstance(content, dict) or not {"openapi", "paths"} <= content.keys():
        raise Misconfigured(f"{file} is not an OpenAPI document")
    return file.name, content


def _statuses(statuses: Mapping[str, int]) -> str:
    return ", ".join(f"{count}x {status}" for status, count in statuses.items())


def _end(well: bool, as_json: bool, said: str) -> None:
    if not as_json:
        Console().print(f"[{'green' if well else 'red'}]It {said}.[/]", highlight=False)
    if not well:
        raise SystemExit(EXIT_BROKEN)
