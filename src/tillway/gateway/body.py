"""The body: its media type, its size, its JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from tillway.contracts import Operation, escaped
from tillway.errors import Malformed, UnsupportedMedia
from tillway.gateway import cards
from tillway.web import Incoming

_decode: Final = msgspec.json.Decoder().decode
_NUL_ESCAPED: Final = b"\\u0000"
_NUL: Final = "\x00"


class Body(NamedTuple):
    """A decoded body. `nul`: it may hold U+0000, which Postgres cannot store; `card`: it may hold a card number."""

    value: Any
    nul: bool
    card: bool


async def read_json(incoming: Incoming, headers: Mapping[bytes, bytes], operation: Operation) -> Body:
    """The decoded body, and what has to be looked for in it.

    UnsupportedMedia, TooLarge (both unread: the caller drains) or Malformed.
    """
    _check_media_type(headers)
    raw = await incoming.read(operation.body_limit)
    try:
        return Body(_decode(raw), _NUL_ESCAPED in raw, cards.suspicious(raw))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the body is not JSON: {_said(error)}") from error
    except RecursionError as error:
        raise Malformed("the body is nested too deeply") from error


def nul_pointers(value: Any) -> Iterator[str]:
    """Where strings (or member names, by their object) hold U+0000. Not recursive: foreign nesting may be deep."""
    left = [(value, "")]
    while left:
        each, pointer = left.pop()
        if isinstance(each, str):
            if _NUL in each:
                yield pointer
        elif isinstance(each, dict):
            if any(_NUL in name for name in each):
                yield pointer
            left += [(member, f"{pointer}/{escaped(name)}") for name, member in each.items() if _NUL not in name]
        elif isinstance(each, list):
            left += [(member, f"{pointer}/{place}") for place, member in enumerate(each)]


def _check_media_type(headers: Mapping[bytes, bytes]) -> None:
    media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media != b"application/json":
        raise UnsupportedMedia("the body must be application/json", remedy="set Content-Type: application/json")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMedia("the body must not be compressed", remedy="send it without Content-Encoding")


def _said(error: Exception) -> str:
    # msgspec says what and where, never the value; a Unicode error would quote the bytes.
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)[:200]
