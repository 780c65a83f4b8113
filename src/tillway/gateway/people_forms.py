"""What browsers and the command line bring to the pages of people, and how those answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from tillway.errors import Invalid, Violation
from tillway.gateway.answering import JSON, Headers, Outgoing
from tillway.gateway.context import text
from tillway.gateway.pipeline import Request
from tillway.identity import FORM_BYTES_MAX, parse_form, people
from tillway.identity.people import Pending, Provider

# A provider sends back a handful.
PARAMETERS_MAX: Final = 32

# RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6: anything else is not repeated.
_ERRORS: Final = frozenset({"access_denied", "login_required", "interaction_required", "consent_required"})


async def code(given: Mapping[str, str], pending: Pending, provider: Provider) -> str:
    """The code that the provider sent along. SignInRefused when it was another that did, or there is none."""
    named = given.get("iss")
    if named is None and await provider.names_itself(pending):
        raise people.refused("it is not said who answers")
    if named is not None and named != pending.issuer:
        raise people.refused("another provider answers")
    if "error" in given:
        said = given["error"] if given["error"] in _ERRORS else "another error"
        raise people.refused(f"the identity provider answers {said}")
    if not given.get("code"):
        raise people.refused("the identity provider sends no code")
    return given["code"]


def query(request: Request) -> dict[str, str]:
    """The parameters of an address. Invalid when they cannot be read or one stands twice."""
    try:
        pairs = parse_qsl(
            request.query.decode("latin-1"), keep_blank_values=True, max_num_fields=PARAMETERS_MAX, errors="strict"
        )
    except ValueError as error:
        raise _wrong("cannot be read") from error
    if len(dict(pairs)) != len(pairs):
        raise _wrong("names something twice")
    return dict(pairs)


async def form(request: Request) -> dict[str, str]:
    """The fields of a form. Invalid when one stands twice."""
    fields = parse_form(await request.incoming.read(FORM_BYTES_MAX), text(request.headers, b"content-type"))
    if len(dict(fields)) != len(fields):
        raise _wrong("names something twice")
    return dict(fields)


def _wrong(detail: str) -> Invalid:
    return Invalid(violations=(Violation(pointer="/query", detail=detail),))


def said(body: Mapping[str, Any]) -> Outgoing:
    """An answer as JSON."""
    return Outgoing(200, [JSON], msgspec.json.encode(body))


def sent_to(address: str, more: Headers) -> Outgoing:
    """A browser sent on."""
    return Outgoing(303, [(b"location", address.encode("ascii")), (b"referrer-policy", b"no-referrer"), *more], b"")
