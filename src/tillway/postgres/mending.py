"""Who is looked for, and what one kept value becomes without them. Pure."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec

from tillway import sealing

ERASED: Final = "[erased]"
"""What stands where a value was that may not be missing."""


# Searches whose spellings are remembered; they come one at a time.
_WANTED: Final = 4


class Wanted(msgspec.Struct, frozen=True):
    """Who is looked for: texts that hold one of the `values` (`exact`: that are one of them).

    `about`: only in rows about this entity of ours, and there whatever is sealed as well.
    """

    values: tuple[str, ...]
    exact: bool = False
    about: str | None = None

    @property
    def spellings(self) -> tuple[str, ...]:
        """The values as they stand in texts, JSON and URLs."""
        return _spellings(self.values)

    def tells(self, text: str) -> bool:
        """Whether a text, in JSON or not, tells of who is looked for."""
        if not self.exact:
            lower = text.lower()
            return any(spelling in lower for spelling in _lower(self.values))
        return text in self.values or any(quoted in text for quoted in _quoted(self.values))

    def without(self, text: str) -> str:
        """The text with what tells replaced."""
        if self.exact:
            return ERASED if text in self.values else text
        for spelling in self.spellings:
            text = re.sub(re.escape(spelling), ERASED, text, flags=re.IGNORECASE)
        return text


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """How one column is read and mended. `null`: set to null, with `also`; `words`: what tells is replaced in place.

    `sealed` is the place that its sealed values belong to, `row` the SQL of their row's id; `nulls` are members that
    become null instead of a replacement.
    """

    mend: Literal["null", "words", "none"] = "words"
    sealed: str = ""
    row: str = "id::text"
    nulls: frozenset[str] = frozenset()
    also: tuple[str, ...] = ()


class Mender:
    """Replaces what tells in one kept value."""

    def __init__(self, wanted: Wanted, how: Column, row: str, *, entity: bool) -> None:
        self._wanted, self._how, self._row, self._entity = wanted, how, row, entity

    def mended(self, kept: Any, *, is_json: bool) -> Any:
        """The value as it should be kept."""
        if isinstance(kept, list):
            return [self._wanted.without(each) for each in kept]
        if isinstance(kept, bytes):
            return self._whole(kept.decode()).encode()
        return self._json(kept) if is_json else self._wanted.without(kept)

    def _whole(self, text: str) -> str:
        """JSON that is sealed as one."""
        if not text.startswith(sealing.PREFIX):
            return self._json(text)
        clear = sealing.opened(self._how.sealed, self._row, text)
        return sealing.seal(self._how.sealed, self._row, self._json(clear))

    def _json(self, text: str) -> str:
        return json.dumps(self._walked(json.loads(text), ""), ensure_ascii=False)

    def _names(self, key: str) -> bool:
        """Whether a sealed name of a member tells: then the member goes with it."""
        if not (key.startswith(sealing.PREFIX) and self._how.sealed):
            return False
        return self._entity or self._wanted.tells(sealing.opened(self._how.sealed, self._row, key))

    def _walked(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            members = ((key, each) for key, each in value.items() if not self._names(key))
            return {self._wanted.without(key): self._walked(each, key) for key, each in members}
        if isinstance(value, list):
            return [self._walked(each, name) for each in value]
        if not isinstance(value, str):
            return value
        if value.startswith(sealing.PREFIX) and self._how.sealed:
            clear = sealing.opened(self._how.sealed, self._row, value)
            return None if self._entity or self._wanted.tells(clear) else value
        if name in self._how.nulls and (self._entity or self._wanted.tells(value)):
            return None
        return self._wanted.without(value)


def _in_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


# Asked for every row: worked out once for each who is looked for.
@lru_cache(maxsize=_WANTED)
def _spellings(values: tuple[str, ...]) -> tuple[str, ...]:
    each = ((value, json.dumps(value)[1:-1], _in_json(value), quote(value, safe="")) for value in values)
    return tuple(dict.fromkeys(spelling for spellings in each for spelling in spellings))


@lru_cache(maxsize=_WANTED)
def _lower(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spelling.lower() for spelling in _spellings(values)))


@lru_cache(maxsize=_WANTED)
def _quoted(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f'"{_in_json(value)}"' for value in values)
