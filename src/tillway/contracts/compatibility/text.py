"""The text of a contract document, JSON or YAML, as plain data; whoever wrote it may have meant harm. Pure.

Nothing here recurses: depth, aliases and size are looked at while reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import yaml

from tillway.contracts.compatibility.change import Unreadable
from tillway.contracts.compatibility.nodes import DEPTH_MAX

# libyaml reads about ten times faster; not every platform's wheel has it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Characters of a document: a contract of 20,000 lines has less than one million.
TEXT_MAX: Final = 20_000_000

_PLAIN: Final = "tag:yaml.org,2002:"
# What a plain scalar can be; whatever else it resolves to, such as a date, is a text in a contract.
_SCALARS: Final = frozenset({f"{_PLAIN}{name}" for name in ("int", "float", "bool", "null")})
_DIGITS_MAX: Final = 300
_MERGE: Final = "<<"


def parse(text: str, name: str) -> dict[str, Any]:
    """The document in a text. Unreadable says what is wrong with it, naming it."""
    try:
        return _parsed(text)
    except Unreadable as error:
        raise Unreadable(f"{name}: {error.detail}", remedy=error.remedy) from error


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > TEXT_MAX:
        raise Unreadable(f"longer than {TEXT_MAX} characters", remedy="split it")
    found = _json(text) if text.lstrip()[:1] == "{" else None
    found = _Reading(text).document() if found is None else found
    if not isinstance(found, dict):
        raise Unreadable("not a mapping", remedy="give an OpenAPI document or a JSON Schema")
    return found


def _json(text: str) -> Any:
    """JSON, or None for what may still be YAML."""
    try:
        return msgspec.json.decode(text)
    except RecursionError as error:
        raise Unreadable(f"nested more than {DEPTH_MAX} levels deep", remedy="name parts and refer to them") from error
    except msgspec.DecodeError:
        return None


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read; `key` waits for its value, `merged` for the mapping's end."""

    value: Any
    anchor: str | None
    key: str | None = None
    merged: list[Any] = field(default_factory=list)


class _Reading:
    """One YAML text on its way into plain data, event by event."""

    def __init__(self, text: str) -> None:
        try:
            self._loader = _Loader(text)
        except yaml.YAMLError as error:
            raise _broken(error) from error
        self._open: list[_Open] = []
        self._anchors: dict[str, Any] = {}
        self._found: list[Any] = []

    def document(self) -> Any:
        try:
            while True:
                event = self._loader.get_event()
                if event is None or isinstance(event, yaml.StreamEndEvent):
                    break
                self._take(event)
        except yaml.YAMLError as error:
            raise _broken(error) from error
        except (ValueError, OverflowError) as error:
            raise Unreadable("holds a number that cannot be read", remedy="put it in quotes") from error
        finally:
            self._loader.dispose()
        if len(self._found) != 1:
            raise Unreadable("empty, or more than one document", remedy="give one document")
        return self._found[0]

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if event.tag not in {None, "!", f"{_PLAIN}map", f"{_PLAIN}seq"}:
                raise _at(event, f"the tag {event.tag} is not read")
            if len(self._open) >= DEPTH_MAX:
                raise _at(event, f"nested more than {DEPTH_MAX} levels deep")
            self._open.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close(event)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise _at(event, f"the alias {event.anchor} stands inside of itself, or for nothing")
            self._put(self._anchors[event.anchor], event, None)

    def _close(self, event: Any) -> None:
        done = self._open.pop()
        for each in done.merged:
            for one in each if isinstance(each, list) else [each]:
                if not isinstance(one, dict):
                    raise _at(event, "only mappings are merged")
                for key, value in one.items():
                    done.value.setdefault(key, value)
        if done.anchor is not None:
            self._anchors[done.anchor] = done.value
        self._put(done.value, event, None)

    def _scalar(self, event: Any) -> None:
        plain = not event.style and event.implicit[0] and event.tag is None
        if event.tag not in {None, "!", f"{_PLAIN}str"}:
            raise _at(event, f"the tag {event.tag} is not read")
        value = self._plain(event) if plain else event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        self._put(value, event, event.value)

    def _plain(self, event: Any) -> Any:
        tag = self._loader.resolve(yaml.ScalarNode, event.value, (True, False))
        if tag not in _SCALARS or len(event.value) > _DIGITS_MAX:
            return event.value
        return self._loader.construct_object(yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark))

    def _put(self, value: Any, event: Any, text: str | None) -> None:
        if not self._open:
            self._found.append(value)
            return
        here = self._open[-1]
        if isinstance(here.value, list):
            here.value.append(value)
        elif here.key is None:
            # Keys are texts, as statuses without quotes are meant to be.
            if text is None:
                raise _at(event, "a key is a text")
            if text in here.value:
                raise _at(event, f"{text} stands twice")
            here.key = text
        else:
            if here.key == _MERGE and isinstance(value, dict | list):
                here.merged.append(value)
            else:
                here.value[here.key] = value
            here.key = None


def _at(event: Any, text: str) -> Unreadable:
    return Unreadable(f"line {event.start_mark.line + 1}: {text}", remedy="correct it")


def _broken(error: yaml.YAMLError) -> Unreadable:
    mark = getattr(error, "problem_mark", None)
    line = f"line {mark.line + 1}: " if mark else ""
    return Unreadable(f"{line}not YAML: {getattr(error, 'problem', None) or 'cannot be read'}", remedy="correct it")
