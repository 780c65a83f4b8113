"""What a notice says, which is little and never trusted: the name of a model, as a hint at what to read. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec

from tillway.errors import Malformed

# Bytes of a notice at most: those of our own rules have some 200, and no field is read beside the model's name.
BODY_BYTES_MAX: Final = 32 * 1024

_MODEL: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")


class _Body(msgspec.Struct):
    model: Annotated[str, msgspec.Meta(max_length=100)] = msgspec.field(name="_model", default="")


_decoder: Final = msgspec.json.Decoder(_Body)


def model_of(body: bytes) -> str | None:
    """The model that a notice names; None when it names none that could be one. Malformed when it is not JSON."""
    try:
        named = _decoder.decode(body).model
    except msgspec.ValidationError:
        return None  # JSON, though no notice
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("a notice is a JSON object", remedy="let Odoo send it") from None
    return named if _MODEL.match(named) else None
