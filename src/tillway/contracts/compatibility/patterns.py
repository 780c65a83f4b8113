"""Whether whatever matches one pattern matches another, as automata where the patterns are regular. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from tillway.contracts.compatibility.expressions import Chars, Choice, Order, Repeat, Tree, lengths, read

# Places of one automaton, and pairs of places looked at for two of them: enough for any pattern of a contract.
PLACES_MAX: Final = 400
PAIRS_MAX: Final = 4_000
_PROVEN_KEPT: Final = 5_000

_EVERYTHING: Final = frozenset({"", "^", "$", ".*", "^.*", ".*$", "(?:)", "[\\s\\S]*", "^[\\s\\S]*$"})


@lru_cache(maxsize=_PROVEN_KEPT)
def pattern_inside(inner: str, outer: str) -> bool:
    """Whether every text that matches `inner` matches `outer`. True is certain."""
    if inner == outer or outer in _EVERYTHING:
        return True
    left, right = read(inner), read(outer)
    if left is None or right is None:
        return False
    try:
        return _inside(_Automaton(left), _Automaton(right))
    except _TooLargeError:
        return False


def length_of(pattern: str) -> tuple[int, int | None]:
    """The fewest and the most characters of what matches a pattern; None: no end is known."""
    tree = read(pattern)
    return (0, None) if tree is None else lengths(tree)


class _TooLargeError(Exception):
    """More places or pairs than are looked at."""


class _Automaton:
    """Places, the steps between them by characters, and the steps that need none."""

    def __init__(self, tree: Tree) -> None:
        self.steps: list[list[tuple[Chars, int]]] = []
        self.free: list[list[int]] = []
        self.start = self._place()
        self.end = self._add(tree, self.start)

    def reached(self, places: frozenset[int]) -> frozenset[int]:
        """These places, and those that need no character."""
        found, left = set(places), list(places)
        while left:
            for each in self.free[left.pop()]:
                if each not in found:
                    found.add(each)
                    left.append(each)
        return frozenset(found)

    def after(self, places: frozenset[int], character: int) -> frozenset[int]:
        """Where one character leads."""
        found = {to for each in places for chars, to in self.steps[each] if _holds(chars, character)}
        return self.reached(frozenset(found))

    def edges(self) -> set[int]:
        """Where sets of characters begin, and where others do."""
        return {
            edge for steps in self.steps for chars, _ in steps for first, last in chars.of for edge in (first, last + 1)
        }

    def _place(self) -> int:
        if len(self.steps) >= PLACES_MAX:
            raise _TooLargeError
        self.steps.append([])
        self.free.append([])
        return len(self.steps) - 1

    def _add(self, tree: Tree, start: int) -> int:
        if isinstance(tree, Chars):
            end = self._place()
            self.steps[start].append((tree, end))
            return end
        if isinstance(tree, Order):
            for part in tree.parts:
                start = self._add(part, start)
            return start
        if isinstance(tree, Choice):
            end = self._place()
            for part in tree.parts:
                first = self._place()
                self.free[start].append(first)
                self.free[self._add(part, first)].append(end)
            return end
        return self._again(tree, start)

    def _again(self, tree: Repeat, start: int) -> int:
        for _ in range(tree.least):
            start = self._add(tree.part, start)
        if tree.most is None:
            around = self._place()
            self.free[start].append(around)
            self.free[self._add(tree.part, around)].append(around)
            return around
        end = self._place()
        for _ in range(tree.most - tree.least):
            self.free[start].append(end)
            start = self._add(tree.part, start)
        self.free[start].append(end)
        return end


def _holds(chars: Chars, character: int) -> bool:
    return any(first <= character <= last for first, last in chars.of)


def _inside(left: _Automaton, right: _Automaton) -> bool:
    """One place of the left after the other, beside all places of the right that the same text leads to."""
    characters = sorted({0, *left.edges(), *right.edges()})
    begin = (left.reached(frozenset({left.start})), right.reached(frozenset({right.start})))
    seen, waiting = {begin}, [begin]
    while waiting:
        mine, theirs = waiting.pop()
        if left.end in mine and right.end not in theirs:
            return False
        for character in characters:
            after = (left.after(mine, character), right.after(theirs, character))
            if after[0] and after not in seen:
                if len(seen) >= PAIRS_MAX:
                    raise _TooLargeError
                seen.add(after)
                waiting.append(after)
    return True
