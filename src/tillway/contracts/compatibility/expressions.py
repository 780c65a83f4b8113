"""Patterns read into trees, as far as their words are regular: sets of characters, order, choice, repetition. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Intervals = tuple[tuple[int, int], ...]
"""Characters by the code points of first and last, in order and apart."""

LAST: Final = 0x10FFFF
ANY: Final[Intervals] = ((0, LAST),)

# Patterns longer, or in deeper groups, are only ever compared as they are written.
LENGTH_MAX: Final = 500
_GROUPS_MAX: Final = 20
_READ_KEPT: Final = 2_000


class _NotRegularError(Exception):
    """Something that is not read here: a look around, a name, a class of Unicode."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    of: Intervals


@dataclass(frozen=True, slots=True)
class Order:
    """One after another."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One or another."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Again and again; `most` is None for ever."""

    part: Tree
    least: int
    most: int | None


Tree = Chars | Order | Choice | Repeat

_FILL: Final = Repeat(Chars(ANY), 0, None)
_DIGITS: Final[Intervals] = ((48, 57),)
_LETTERS: Final[Intervals] = ((48, 57), (65, 90), (95, 95), (97, 122))
_LINE: Final[Intervals] = ((10, 10),)  # as the engine that checks values has it
_ESCAPES: Final = {"n": 10, "r": 13, "t": 9, "f": 12, "v": 11, "0": 0}


@lru_cache(maxsize=_READ_KEPT)
def read(pattern: str) -> Tree | None:
    """The whole texts that a pattern matches somewhere in; None when that cannot be said."""
    if len(pattern) > LENGTH_MAX:
        return None
    try:
        return _Reading(pattern).whole()
    except (_NotRegularError, IndexError):
        return None


def lengths(tree: Tree) -> tuple[int, int | None]:
    """The fewest and the most characters of the texts of a tree; None: there is no end."""
    if isinstance(tree, Chars):
        return 1, 1
    if isinstance(tree, Repeat):
        low, high = lengths(tree.part)
        return low * tree.least, None if high is None or tree.most is None else high * tree.most
    found = [lengths(part) for part in tree.parts]
    highs = [high for _, high in found if high is not None]
    endless = len(highs) < len(found)
    if isinstance(tree, Order):
        return sum(low for low, _ in found), None if endless else sum(highs)
    return min((low for low, _ in found), default=0), None if endless else max(highs, default=0)


class _Reading:
    """One pattern on its way into a tree."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.groups = 0

    def whole(self) -> Tree:
        branches = [self._anchored()]
        while self._take("|"):
            branches.append(self._anchored())
        if self.at < len(self.text):
            raise _NotRegularError
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _anchored(self) -> Tree:
        """A branch of the whole: beyond what it does not anchor may stand anything."""
        front = [] if self._take("^") else [_FILL]
        parts = self._parts()
        back = [] if self._take("$") else [_FILL]
        return Order((*front, *parts, *back))

    def _choice(self) -> Tree:
        branches = [Order(self._parts())]
        while self._take("|"):
            branches.append(Order(self._parts()))
        return Choice(tuple(branches))

    def _parts(self) -> tuple[Tree, ...]:
        found = []
        while self.at < len(self.text) and self.text[self.at] not in "|)$":
            found.append(self._repeated(self._one()))
        return tuple(found)

    def _one(self) -> Tree:
        letter = self._next()
        if letter == "(":
            if self._take("?") and not self._take(":"):
                raise _NotRegularError
            self.groups += 1
            if self.groups > _GROUPS_MAX:
                raise _NotRegularError
            inside = self._choice()
            if not self._take(")"):
                raise _NotRegularError
            self.groups -= 1
            return inside
        if letter == "[":
            return Chars(self._set())
        if letter == ".":
            return Chars(_others(_LINE))
        if letter in "^$*+?{}]":
            raise _NotRegularError
        return Chars(self._escaped() if letter == "\\" else _just(letter))

    def _repeated(self, part: Tree) -> Tree:
        if self._take("*"):
            made = Repeat(part, 0, None)
        elif self._take("+"):
            made = Repeat(part, 1, None)
        elif self._take("?"):
            made = Repeat(part, 0, 1)
        elif self._take("{"):
            least = self._number()
            most = (self._number() if self.text[self.at].isdigit() else None) if self._take(",") else least
            if not self._take("}") or (most is not None and most < least):
                raise _NotRegularError
            made = Repeat(part, least, most)
        else:
            return part
        self._take("?")  # few or many, it is the same texts
        if self.text[self.at : self.at + 1] in {"*", "+", "{"}:
            raise _NotRegularError
        return made

    def _set(self) -> Intervals:
        negated = self._take("^")
        found: list[tuple[int, int]] = []
        while not self._take("]"):
            first = self._member()
            if self.text[self.at] == "-" and self.text[self.at + 1] != "]":
                self.at += 1
                last = self._member()
                if len(first) != 1 or len(last) != 1 or first[0][0] > last[0][0]:
                    raise _NotRegularError
                found.append((first[0][0], last[0][1]))
            else:
                found += first
        return _others(_sorted(found)) if negated else _sorted(found)

    def _member(self) -> Intervals:
        letter = self._next()
        if letter == "\\":
            return self._escaped()
        if letter == "[" or (letter in "&~" and self.text[self.at] == letter):
            raise _NotRegularError  # some engines read more into it
        return _just(letter)

    def _escaped(self) -> Intervals:
        letter = self._next()
        known = {"d": _DIGITS, "D": _others(_DIGITS), "w": _LETTERS, "W": _others(_LETTERS)}
        if letter in known:
            return known[letter]
        if letter in _ESCAPES:
            return ((_ESCAPES[letter], _ESCAPES[letter]),)
        if letter.isalnum():
            raise _NotRegularError
        return _just(letter)

    def _number(self) -> int:
        start = self.at
        while self.text[self.at].isdigit():
            self.at += 1
        if not 1 <= self.at - start <= len("10000"):
            raise _NotRegularError
        return int(self.text[start : self.at])

    def _next(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _take(self, letter: str) -> bool:
        if self.text[self.at : self.at + 1] != letter:
            return False
        self.at += 1
        return True


def _just(letter: str) -> Intervals:
    return ((ord(letter), ord(letter)),)


def _sorted(intervals: list[tuple[int, int]]) -> Intervals:
    found: list[tuple[int, int]] = []
    for first, last in sorted(intervals):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def _others(intervals: Intervals) -> Intervals:
    found, start = [], 0
    for first, last in intervals:
        if first > start:
            found.append((start, first - 1))
        start = last + 1
    return (*found, (start, LAST)) if start <= LAST else tuple(found)
