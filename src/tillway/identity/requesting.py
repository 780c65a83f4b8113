"""What is posted to the token endpoint and what it answers, as RFC 6749 section 5 and its companions have it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from tillway.identity.challenge import PROTECTION_REALM
from tillway.identity.once import Once

FORM_BYTES_MAX: Final = 32 * 1024
"""A token request has a few hundred bytes, and a few thousand with an assertion or a token to exchange."""

FORM_FIELDS_MAX: Final = 32
"""A token request has at most ten fields; unknown ones are ignored, not collected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRequest:
    """What was posted: the form's fields as they came (twice, if twice) and what the headers brought.

    `proof` is the `DPoP` header, `certificate` the client certificate (DER) that a trusted proxy handed on.
    """

    form: tuple[tuple[str, str], ...]
    authorization: str | None = None
    proof: str | None = None
    certificate: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """What is put down of a token that is handed out; the token itself never is.

    `grant` is the kind of grant (RFC 6749 section 1.3 and its companions), `method` how the client proved who it is, by
    the names of the OAuth token endpoint authentication methods. `holder` is the client when it is not the subject.
    """

    grant: str
    method: str
    subject: str
    kind: str
    token_id: str
    scopes: tuple[str, ...]
    holder: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenAnswer:
    """What to answer: status, headers and JSON body. `consumer` is set once the client proved who it is.

    `issued` tells of a token, for the audit.

    The answer counts only once everything in `uses` was used up; what was used before makes it a refusal.
    """

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    consumer: str | None = None
    uses: tuple[Once, ...] = ()
    issued: Issued | None = None


class Refusal(Exception):
    """An answer on its way, not a failure; `issue` turns it into one. `code` is one of RFC 6749 or its companions."""

    def __init__(self, code: str, description: str, *, consumer: str | None = None) -> None:
        super().__init__(code)
        self.code, self.description, self.consumer = code, description, consumer


def parse_form(body: bytes, content_type: str | None = None) -> tuple[tuple[str, str], ...]:
    """The fields of an `application/x-www-form-urlencoded` body; empty if it is anything else, which answers 400."""
    media = (content_type or "application/x-www-form-urlencoded").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded" or len(body) > FORM_BYTES_MAX:
        return ()
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict")
    except ValueError:
        return ()
    return tuple(fields)


def single(form: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The fields of a token request, as `fields_of`; what grant it asks for has to be among them."""
    fields = fields_of(form)
    if "grant_type" not in fields:
        raise Refusal("invalid_request", "grant_type is missing; post a form with it")
    return fields


def fields_of(form: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """RFC 6749 3.2: a parameter once at most, one without a value counts as left out."""
    fields: dict[str, str] = {}
    for name, value in form:
        if name in fields:
            raise Refusal("invalid_request", "a parameter stands twice")
        fields[name] = value
    return {name: value for name, value in fields.items() if value}


def refused(refusal: Refusal) -> TokenAnswer:
    """The answer of a refusal."""
    headers = uncached()
    if refusal.code == "invalid_client":
        headers["WWW-Authenticate"] = f'Basic realm="{PROTECTION_REALM}", charset="UTF-8"'
    status = 401 if refusal.code == "invalid_client" else 400
    body = {"error": refusal.code, "error_description": refusal.description}
    return TokenAnswer(status=status, body=body, headers=headers, consumer=refusal.consumer)


def uncached() -> dict[str, str]:
    """RFC 6749 5.1 asks for both on anything that may hold a token."""
    return {"Cache-Control": "no-store", "Pragma": "no-cache"}
