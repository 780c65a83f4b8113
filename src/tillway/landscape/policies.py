"""Policies: Cedar texts to one compiled set that knows where each policy stands. Pure.

The base policies that ship with Tillway come first; a landscape's own are added and can forbid what those permit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import cedarpy

from tillway.landscape.problem import Mark, Problem
from tillway.landscape.shipped import BASE_FILE, base, vocabulary

Effect = Literal["permit", "forbid"]
Scopes = tuple[tuple[str, str], ...]
"""Operations: each operationId with its scope."""

BASE_PREFIX: Final = "tillway."
"""Ids of policies that ship with Tillway begin like this, and no others do."""

FOLDER: Final = "policies"
"""Where a landscape's own policies lie: `policies/*.cedar`."""

CIRCUMSTANCES: Final = frozenset({"hour", "weekday", "network", "step_up"})
"""What policies can know of where and when somebody asks."""

TESTS: Final = "tests"
"""Where in that folder the tests of policies lie: `policies/tests/*.yaml`."""

CEDAR: Final = ".cedar"
"""What files of policies end in."""

# Sets kept compiled: the one in force, the one on trial, and those of tests.
_SETS_KEPT: Final = 16

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
# Comments and texts, which may hold anything, and the semicolon that ends a policy.
_TOKEN: Final = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;')
_BEGIN: Final = re.compile(r"(?:\s|//[^\n]*(?:\n|\Z))*")
_CONTEXT: Final = {"Var": "context"}
_FOR_POLICY: Final = re.compile(r"^for policy `policy[0-9]+`, ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """One policy: its `@id`, what it does, its `@reason` (empty: none), and where it stands.

    `about` is the type of resource its head names; None: any.
    """

    id: str
    effect: Effect
    reason: str
    about: str | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Named:
    """An entity that a policy names, e.g. `Shop::"berlin"`, and where the policy begins."""

    type: str
    id: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class _Statement:
    """One policy as text, where it begins, and as Cedar's JSON."""

    text: str
    mark: Mark
    tree: Mapping[str, Any]

    def policy(self) -> Policy:
        notes = self.tree["annotations"]
        head = self.tree["resource"]
        about = head.get("entity_type") or head.get("entity", {}).get("type")
        reason = notes.get("reason") or ""
        return Policy(id=notes["id"], effect=self.tree["effect"], reason=reason, about=about, mark=self.mark)

    def entities(self) -> set[tuple[str, str]]:
        """Type and id of every entity it names, actions left out: those are in the schema."""
        found = [(node["type"], node["id"]) for node in _nodes(self.tree) if node.keys() == {"type", "id"}]
        # A record of those two members holds nodes, not texts.
        return {pair for pair in found if isinstance(pair[0], str) and pair[0] != "Action"}

    def circumstances(self) -> frozenset[str]:
        """Attributes of the context that it looks at; all of them when it takes the context as a whole."""
        nodes = list(_nodes(self.tree))
        inside = [node[operator] for node in nodes for operator in (".", "has") if operator in node]
        looked = [each["attr"] for each in inside if isinstance(each, Mapping) and each.get("left") == _CONTEXT]
        whole = nodes.count(_CONTEXT) > len(looked)
        return CIRCUMSTANCES if whole else CIRCUMSTANCES.intersection(looked)


class PolicySet:
    """All policies of one landscape, compiled. `policies` are in order, so that Cedar's `policy7` is the eighth."""

    def __init__(self, statements: Iterable[_Statement]) -> None:
        kept = tuple(statements)
        self.handle = cedarpy.PolicySet.from_str("\n".join(each.text for each in kept))
        self.policies = tuple(each.policy() for each in kept)
        self.named = tuple(Named(*pair, each.mark) for each in kept for pair in sorted(each.entities()))
        self.circumstances = frozenset().union(*(each.circumstances() for each in kept))
        """The circumstances that any policy looks at: decisions depend on no others."""

    def policy(self, cedar_id: str) -> Policy:
        """The policy that Cedar calls like this."""
        return self.policies[int(cedar_id.removeprefix("policy"))]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What became of policies: the set, or None and what is wrong with them."""

    policies: PolicySet | None
    problems: tuple[Problem, ...]


def compiled(texts: Mapping[str, str], own: Scopes = ()) -> Compiled:
    """The base policies with these files' (text by file name), and every finding.

    `own` are the operations of the retailer's own documents, which policies can speak of as of Tillway's.
    """
    return _compiled(tuple(sorted(texts.items())), tuple(sorted(own)))


@lru_cache(maxsize=_SETS_KEPT)
def schema(own: Scopes = ()) -> cedarpy.Schema:
    """The words that policies are written in, parsed."""
    return cedarpy.Schema.from_str(vocabulary(own))


@lru_cache(maxsize=_SETS_KEPT)
def _compiled(files: tuple[tuple[str, str], ...], own: Scopes) -> Compiled:
    problems: list[Problem] = []
    statements = [each for file, text in ((BASE_FILE, base()), *files) for each in _statements(file, text, problems)]
    problems += _wrong_names(statements)
    if problems:
        return Compiled(None, tuple(problems))
    problems += _wrong_words(statements, schema(own))
    return Compiled(None if problems else PolicySet(statements), tuple(problems))


def _statements(file: str, text: str, problems: list[Problem]) -> Iterator[_Statement]:
    """The policies of one file; what cannot be read is noted with the line its policy begins at."""
    for line, piece in _pieces(text):
        mark = Mark(file, line)
        try:
            tree = json.loads(cedarpy.policies_to_json_str(piece))
        except ValueError as error:
            told = f"not a Cedar policy: {error}"
            problems.append(
                Problem(path=(), text=told, remedy="correct the syntax; each policy ends with ;", mark=mark)
            )
            continue
        if tree["templates"]:
            remedy = "write the principal or the resource out, or say it in `when`"
            problems.append(Problem(path=(), text="templates with ?slots are not linked", remedy=remedy, mark=mark))
            continue
        yield from (_Statement(piece, mark, each) for each in tree["staticPolicies"].values())


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Each policy's text with the line it begins at; comments before a policy are left out."""
    start = 0
    ends = [match.end() for match in _TOKEN.finditer(text) if match[0] == ";"]
    for end in (*ends, len(text)):
        begin = _BEGIN.match(text, start, end)
        start = begin.end() if begin is not None else start
        if start < end:
            yield text.count("\n", 0, start) + 1, text[start:end]
        start = end


def _wrong_names(statements: Iterable[_Statement]) -> Iterator[Problem]:
    """Every policy has an id of its own: decisions, tests and the audit call it by that."""
    seen: dict[str, Mark] = {}
    for each in statements:
        name = each.tree.get("annotations", {}).get("id") or ""
        shipped = each.mark.file == BASE_FILE
        if not _ID.match(name):
            remedy = 'write @id("its-name") before it: letters, digits, dot, dash and underscore, at most 64'
            yield Problem(path=(), text="the policy has no usable @id", remedy=remedy, mark=each.mark)
        elif name.startswith(BASE_PREFIX) and not shipped:
            text = f"{name!r}: ids that begin with {BASE_PREFIX!r} are those of the base policies"
            yield Problem(path=(), text=text, remedy="call it otherwise; a forbid beats a base permit", mark=each.mark)
        elif name in seen:
            first = seen[name]
            text = f"the id {name!r} is taken"
            yield Problem(path=(), text=text, remedy=f"first in {first.file}:{first.line}; rename one", mark=each.mark)
        else:
            seen[name] = each.mark


def _wrong_words(statements: list[_Statement], words: cedarpy.Schema) -> Iterator[Problem]:
    """What Cedar's validator says: names that do not exist, types that do not fit."""
    text = "\n".join(each.text for each in statements)
    for error in cedarpy.validate_policies(text, words).errors:
        place = statements[int(error.policy_id.removeprefix("policy"))] if error.policy_id else None
        told = _FOR_POLICY.sub("", error.error)
        remedy = "see docs/authorisation.md for the words of policies"
        yield Problem(path=(), text=told, remedy=remedy, mark=place.mark if place else None)


def _nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every JSON object in a policy."""
    left = [tree]
    while left:
        each = left.pop()
        if isinstance(each, Mapping):
            yield each
            left += each.values()
        elif isinstance(each, list):
            left += each
