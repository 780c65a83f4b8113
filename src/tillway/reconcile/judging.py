"""Whether the entries under one key agree. Pure: every unit that is compared comes out as exactly one thing.

A *unit* is a pair, or an entry that has no partner. It is matched, a break, or still on its way; a tally that does
not add up is a fault of this file, and nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from tillway.reconcile.entry import BreakType, Entry, Finding, Rule, broken

Verdict = Finding | Literal["matched", "in-process"]
"""What one unit is."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many of what. `left` and `right` are counted where they are read, the others where they are judged."""

    left: int = 0
    right: int = 0
    paired: int = 0
    matched: int = 0
    breaks: int = 0
    in_process: int = 0
    at_stake: Decimal = Decimal(0)

    @property
    def total(self) -> int:
        """Units that had to agree: all that were read, pairs counted once, without what is on its way."""
        return self.left + self.right - self.paired - self.in_process

    @property
    def adds_up(self) -> bool:
        """The law: matched + breaks = total."""
        return self.matched + self.breaks == self.total

    def with_group(self, left: Sequence[Entry], right: Sequence[Entry], verdicts: Sequence[Verdict]) -> Tally:
        """This tally and one group more."""
        found = [each for each in verdicts if isinstance(each, Finding)]
        return Tally(
            left=self.left + len(left),
            right=self.right + len(right),
            paired=self.paired + min(len(left), len(right)),
            matched=self.matched + sum(1 for each in verdicts if each == "matched"),
            breaks=self.breaks + sum(each.units for each in found),
            in_process=self.in_process + sum(1 for each in verdicts if each == "in-process"),
            at_stake=self.at_stake + sum((each.at_stake for each in found), Decimal(0)),
        )


def judge(left: Sequence[Entry], right: Sequence[Entry], rule: Rule) -> tuple[Verdict, ...]:
    """What the entries of one key are: a pair each as far as partners go, then what is left over on one side."""
    pairs, more_left, more_right = _paired(left, right)
    verdicts: list[Verdict] = [_pair(ours, theirs, rule) for ours, theirs in pairs]
    verdicts += _surplus(more_left, "left", rule, alone=not right)
    verdicts += _surplus(more_right, "right", rule, alone=not left)
    return tuple(_joined(verdicts))


def _paired(
    left: Sequence[Entry], right: Sequence[Entry]
) -> tuple[list[tuple[Entry, Entry]], list[Entry], list[Entry]]:
    """Partners: those with equal amounts first, so that of two the one that differs is left over."""
    open_right = list(right)
    pairs: list[tuple[Entry, Entry]] = []
    rest: list[Entry] = []
    for ours in left:
        theirs = next((each for each in open_right if each.amount == ours.amount), None)
        if theirs is None:
            rest.append(ours)
        else:
            open_right.remove(theirs)
            pairs.append((ours, theirs))
    more = min(len(rest), len(open_right))
    pairs += zip(rest[:more], open_right[:more], strict=True)
    return pairs, rest[more:], open_right[more:]


def _pair(ours: Entry, theirs: Entry, rule: Rule) -> Verdict:
    if not (ours.settled and theirs.settled):
        if _young(ours, rule) or _young(theirs, rule):
            return "in-process"
        return broken("late", ours, theirs, _unfinished(ours, theirs))
    if ours.content is not None and theirs.content is not None:
        return _alike(ours, theirs, rule)
    if ours.meaning and theirs.meaning and ours.meaning != theirs.meaning:
        return broken("mapping", ours, theirs, f"{ours.meaning} here, {theirs.meaning} there")
    if (ours.amount is None) != (theirs.amount is None):
        side = "here" if ours.amount is None else "there"
        return broken("mapping", ours, theirs, f"no amount is known {side}")
    if ours.amount is None or theirs.amount is None:
        return "matched"
    if ours.currency and theirs.currency and ours.currency != theirs.currency:
        return broken("mapping", ours, theirs, f"{ours.currency} here, {theirs.currency} there")
    if abs(ours.amount - theirs.amount) > rule.tolerance + ours.slack + theirs.slack:
        # What was taken in just now may not have reached the other side's sum yet.
        if _young(ours, rule):
            return "in-process"
        return broken("amount", ours, theirs, f"{ours.amount} here, {theirs.amount} there")
    return "matched"


def _alike(ours: Entry, theirs: Entry, rule: Rule) -> Verdict:
    """Two without an amount: they mean the same, and what both tell is equal. Names of fields alone are told."""
    here, there = ours.content or {}, theirs.content or {}
    differing = sorted(name for name in here.keys() & there.keys() if here[name] != there[name])
    if ours.meaning == theirs.meaning and not differing:
        return "matched"
    # What somebody changed just now on either side has not been read on the other yet.
    if _young(ours, rule) or _young(theirs, rule):
        return "in-process"
    if ours.meaning != theirs.meaning:
        return broken("mapping", ours, theirs, f"{ours.meaning} here, {theirs.meaning} there")
    return broken("content", ours, theirs, f"not the same: {', '.join(differing)}")


def _surplus(entries: Sequence[Entry], side: Literal["left", "right"], rule: Rule, *, alone: bool) -> list[Verdict]:
    """What has no partner. With the key unknown on the other side the first is missing there, the rest are copies."""
    return [_lone(entry, side, rule, copy=not alone or place > 0) for place, entry in enumerate(entries)]


def _lone(entry: Entry, side: Literal["left", "right"], rule: Rule, *, copy: bool) -> Verdict:
    if not entry.required:
        return "matched"
    if _young(entry, rule):
        return "in-process"
    kind: BreakType
    if copy:
        kind, detail = "duplicate", f"once more on the {side}"
    elif not entry.settled:
        kind, detail = "late", "not finished in time"
    else:
        kind, detail = ("missing-right", "known here only") if side == "left" else ("missing-left", "known there only")
    ours, theirs = (entry, None) if side == "left" else (None, entry)
    return broken(kind, ours, theirs, detail)


def _joined(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Several breaks of one kind under one key are one, that stands for as many units."""
    joined: list[Verdict] = []
    by_type: dict[str, int] = {}
    for verdict in verdicts:
        if isinstance(verdict, Finding) and verdict.type in by_type:
            place = by_type[verdict.type]
            before = joined[place]
            assert isinstance(before, Finding)  # noqa: S101 - only places of findings are kept
            joined[place] = msgspec.structs.replace(
                before, units=before.units + verdict.units, at_stake=before.at_stake + verdict.at_stake
            )
            continue
        if isinstance(verdict, Finding):
            by_type[verdict.type] = len(joined)
        joined.append(verdict)
    return joined


def _young(entry: Entry, rule: Rule) -> bool:
    return entry.at is not None and entry.at > rule.as_of - rule.cut_off


def _unfinished(ours: Entry, theirs: Entry) -> str:
    return "not finished here in time" if not ours.settled else f"not finished there in time: {theirs.meaning}"
