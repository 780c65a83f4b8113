"""The one way anything leaves for logs, parked work, errors and exports: documents masked by class, text scrubbed."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

DataClassName = Literal["public", "internal", "confidential", "personal", "payment", "secret"]

# Known secret values that are kept for scrubbing; far more than one hub has, and a bound on memory.
SECRETS_MAX = 10_000
# Shorter values would blot out innocent text.
SECRET_CHARACTERS_MIN = 6

_secrets: OrderedDict[str, None] = OrderedDict()


def remember_secret(value: str) -> None:
    """Have this value scrubbed from now on. Too short ones are left out; the oldest give way beyond the bound."""
    if len(value) < SECRET_CHARACTERS_MIN:
        return
    _secrets[value] = None
    _secrets.move_to_end(value)
    while len(_secrets) > SECRETS_MAX:
        _secrets.popitem(last=False)
