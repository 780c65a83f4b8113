"""Does the hub, or any provider, keep what a consumer wrote down in a pact (v3 or v4), by Pact's own verifier."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from tillway.errors import Misconfigured

PACT_BYTES_MAX: Final = 4 * 1024 * 1024
"""A pact of a thousand interactions is one; more is not a pact but a recording."""

REQUEST_MS: Final = 10_000
"""A provider that takes longer to answer one interaction does not keep it."""

_VERSIONS: Final = ("3", "4")


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """One interaction of the pact, and where the provider's answer differs from it."""

    description: str
    states: tuple[str, ...]
    kept: bool
    mismatches: tuple[str, ...]


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A pact as a provider kept it."""

    consumer: str
    passed: bool
    interactions: tuple[Interaction, ...]
    errors: tuple[str, ...]


def verified(file: Path, provider: str, headers: Mapping[str, str], states: str | None) -> Verified:
    """Ask the provider everything that stands in the pact.

    `states` is a URL that brings about what an interaction presumes; without it the provider must be so already.
    Misconfigured when the file is no pact of a version that is read.
    """
    pact, content = _pact(), _read(file)
    # It counts its users at its maker's otherwise.
    os.environ["PACT_DO_NOT_TRACK"] = "true"
    parts = urlsplit(provider)
    if parts.scheme not in {"http", "https"} or parts.hostname is None:
        raise Misconfigured(f"{provider} is not the http or https URL of a provider")
    verifier = pact.Verifier("tillway", host=parts.hostname).add_transport(url=provider).add_source(file)
    verifier.set_request_timeout(REQUEST_MS).set_coloured_output(enabled=False).set_error_on_empty_pact(enabled=True)
    for name, value in headers.items():
        verifier.add_custom_header(name, value)
    if states is not None:
        verifier.state_handler(states, teardown=True, body=True)
    try:
        with _quiet():
            verifier.verify()
    except RuntimeError as error:
        return _told(content, verifier.results, error)
    return _told(content, verifier.results, None)


def _pact() -> Any:
    try:
        import pact  # noqa: PLC0415 - not always there
    except ImportError as error:
        raise Misconfigured("Pact's verifier is not installed", remedy="pip install 'tillway[conformance]'") from error
    return pact


def _read(file: Path) -> Mapping[str, Any]:
    """The pact. Misconfigured when it is none."""
    try:
        text = file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read: {error.strerror}") from error
    try:
        content = msgspec.json.decode(text[: PACT_BYTES_MAX + 1])
        version = str(content["metadata"]["pactSpecification"]["version"])
        consumer, interactions = content["consumer"]["name"], content["interactions"]
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise Misconfigured(f"{file} is not a pact of at most {PACT_BYTES_MAX} bytes") from error
    if version.split(".", maxsplit=1)[0] not in _VERSIONS or not interactions:
        raise Misconfigured(f"{file} of {consumer}: a pact of version {version} with {len(interactions)} interactions")
    return content  # type: ignore[no-any-return]


def _told(content: Mapping[str, Any], results: Mapping[str, Any], error: RuntimeError | None) -> Verified:
    interactions = tuple(_interaction(each) for each in results.get("interactionResults", ()))
    whole = len(interactions) == len(content["interactions"])
    return Verified(
        consumer=content["consumer"]["name"],
        passed=error is None and whole and bool(results.get("result")) and all(each.kept for each in interactions),
        interactions=interactions,
        errors=() if whole else ("not every interaction was asked",),
    )


def _interaction(result: Mapping[str, Any]) -> Interaction:
    said = result.get("mismatch", {})
    listed = said.get("mismatches", ()) if isinstance(said, Mapping) else ()
    return Interaction(
        description=result["description"],
        states=tuple(result.get("providerStates", ())),
        kept=result["result"] == "OK",
        mismatches=tuple(_text(each) for each in listed) or ((_text(said),) if said else ()),
    )


def _text(said: Any) -> str:
    if not isinstance(said, Mapping):
        return str(said)
    place = said.get("path") or said.get("key") or ""
    return f"{place} {said.get('mismatch') or said.get('message') or said.get('type', '')}".strip()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The verifier writes its own report to stdout, past Python; ours is the only one there."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
