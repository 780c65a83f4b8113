"""What a change of one field of the landscape means for whoever lives by it. Pure.

Rights, promises and limits that grow are additive, those that shrink are breaking; words are the same. Whatever no rule
knows is breaking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, get_args

from tillway.landscape.governing import ChangeKind, Verdict
from tillway.masking import DATA_CLASSES

KINDS: Final[Mapping[str, ChangeKind]] = {
    "apis": "lifecycle",
    "consumers": "rights",
    "roles": "rights",
    "sign_in": "rights",
    "issuers": "rights",
    "policies": "policy",
    "networks": "policy",
    "connections": "connection",
    "upstreams": "connection",
    "outbound": "connection",
    "transport": "connection",
    "shops": "shop",
    "price_lists": "shop",
    "customers": "shop",
    "organisation": "shop",
    "regions": "shop",
    "events": "event",
    "subscriptions": "event",
    "service_levels": "service-level",
    "domains": "service-level",
    "processes": "service-level",
    "reconcile": "service-level",
    "mappings": "contract",
    "extensions": "contract",
    "expressions": "contract",
    "contracts": "contract",
}
"""The kind of what stands in a section; of any other it is governance."""

ABSENT: Final = object()

_WORDS: Final = frozenset({"name", "purpose", "contact", "reason", "on_call", "about", "optional"})
# Who answers, and when it is looked at again: nothing that anybody relies on at run time, but not mere words.
_ANSWERS: Final = frozenset({"owner", "deputy", "steward", "domain", "producer", "review", "residency"})
_MORE_IS_WIDER: Final = frozenset({"workers", "target", "replay_days", "warn_after_days", "throttle_after_days"}) | {
    "suspend_after_days",
    "review_within_hours",
}
_LESS_IS_WIDER: Final = frozenset(
    {"poll_seconds", "threshold_seconds", "staleness_seconds", "freshness_seconds", "deadline_seconds"}
)
_RANKED: Final[Mapping[str, tuple[str, ...]]] = {
    "criticality": ("low", "normal", "high", "critical"),
    "retention": ("brief", "standard", "long"),
    "lifecycle": ("retired", "blocked", "draft", "deprecated", "published"),
    "data_class": tuple(reversed(DATA_CLASSES)),
    "proof": ("mtls", "dpop", "none"),
}
# To be there is a promise or a right; where it is a limit, its coming narrows and its going widens.
_LIMITS: Final = frozenset(
    {"brownouts", "waivers", "quotas", "valid_from", "valid_until", "sunset", "environment", "approvals", "per_second"}
    | {"connection"}  # what is read through one only is not read through the others
)
# What is told of the end, without the end.
_NOTICES: Final = frozenset({"deprecated", "successor"})


@dataclass(frozen=True, slots=True)
class Step:
    """One place that differs: the path to it, both values (ABSENT: not there), and what that means."""

    path: tuple[str, ...]
    verdict: Verdict
    text: str


def steps(path: tuple[str, ...], was: Any, becomes: Any) -> Iterator[Step]:
    """Every place below a path that differs."""
    if was == becomes:
        return
    if isinstance(was, dict) and isinstance(becomes, dict):
        for name in sorted({*was, *becomes}):
            yield from steps((*path, name), was.get(name, ABSENT), becomes.get(name, ABSENT))
        return
    if isinstance(was, list) and isinstance(becomes, list) and _sets(was, becomes)[0] == "same":
        return
    verdict, text = _judged(path, was, becomes)
    yield Step(path, verdict, text)


def _judged(path: tuple[str, ...], was: Any, becomes: Any) -> tuple[Verdict, str]:
    field = path[-1]
    if path[0] == "governance" and field not in _WORDS and "reviews" not in path:
        return _of_governance(path, was, becomes)
    for known, judge in _JUDGES:
        if field in known:
            return judge(field, was, becomes)
    if _nothing(was) or _nothing(becomes):
        return _came_or_went(field, was)
    if isinstance(was, list) or isinstance(becomes, list):
        return _sets(was, becomes)
    if isinstance(was, bool) and field == "allow_writes":
        return ("additive", "may be written now") if becomes else ("breaking", "is only read now")
    return "breaking", f"is {_shown(becomes)} now, was {_shown(was)}"


def _came_or_went(field: str, was: Any) -> tuple[Verdict, str]:
    came = _nothing(was)
    good = came != (field in _LIMITS)
    return "additive" if good else "breaking", "is new" if came else "is gone"


def _of_governance(path: tuple[str, ...], was: Any, becomes: Any) -> tuple[Verdict, str]:
    """A new board or freeze only adds; whatever else changes how changes are decided is looked at as breaking."""
    if path[1:2] == ("freezes",) and isinstance(was, list) and all(each in becomes for each in was):
        return "additive", "there are further freezes"
    if path[1:2] == ("boards",) and was is ABSENT:
        return "additive", "is new"
    return "breaking", "changes are decided otherwise"


def _words(field: str, was: Any, becomes: Any) -> tuple[Verdict, str]:
    del was, becomes
    return "same", f"the {field} is another one"


def _answers(field: str, was: Any, becomes: Any) -> tuple[Verdict, str]:
    return "additive", f"the {field} is {_shown(becomes)} now, was {_shown(was)}"


def _notices(field: str, was: Any, becomes: Any) -> tuple[Verdict, str]:
    return "additive", f"{field} is {_shown(becomes)} now, was {_shown(was)}"


def _numbers(field: str, was: Any, becomes: Any) -> tuple[Verdict, str]:
    text = f"{field} is {_shown(becomes)} now, was {_shown(was)}"
    if not isinstance(was, int | float) or not isinstance(becomes, int | float):
        return ("additive" if _nothing(was) else "breaking"), text
    wider = becomes > was if field in _MORE_IS_WIDER else becomes < was
    return ("additive" if wider else "breaking"), text


def _ranked(field: str, was: Any, becomes: Any) -> tuple[Verdict, str]:
    ranks = _RANKED[field]
    known = was in ranks and becomes in ranks
    wider = known and ranks.index(becomes) > ranks.index(was)
    # To announce an end takes nothing away.
    if (field, becomes) == ("lifecycle", "deprecated") and was == "published":
        wider = True
    return ("additive" if wider else "breaking"), f"{field} is {_shown(becomes)} now, was {_shown(was)}"


def _times(field: str, was: Any, becomes: Any) -> tuple[Verdict, str]:
    """A span that grows is wider: an earlier beginning, a later end."""
    text = f"{field} is {_shown(becomes)} now, was {_shown(was)}"
    if _nothing(was) or _nothing(becomes):
        announced = field == "sunset" and _nothing(was)
        return ("additive" if _nothing(becomes) or announced else "breaking"), text
    before, after = _moment(was), _moment(becomes)
    if before is None or after is None or type(before) is not type(after):
        return "breaking", text
    later = bool(after > before)
    return ("additive" if later == (field != "valid_from") else "breaking"), text


def _unknown_fields(field: str, was: Any, becomes: Any) -> tuple[Verdict, str]:
    good = becomes == "flag" or _nothing(becomes)
    return ("additive" if good else "breaking"), f"{field} is {_shown(becomes)} now, was {_shown(was)}"


def _choices(field: str, was: Any, becomes: Any) -> tuple[Verdict, str]:
    """What may be answered: who reads it must know all of it."""
    del field
    gained = [each for each in becomes or () if each not in (was or ())]
    verdict, text = _sets(was or [], becomes or [])
    return ("breaking" if gained else "same" if verdict == "same" else "additive"), text


_Judge = Callable[[str, Any, Any], tuple[Verdict, str]]
_JUDGES: Final[tuple[tuple[frozenset[str], _Judge], ...]] = (
    (_WORDS, _words),
    (_ANSWERS, _answers),
    (_NOTICES, _notices),
    (_MORE_IS_WIDER | _LESS_IS_WIDER, _numbers),
    (frozenset(_RANKED), _ranked),
    (frozenset({"valid_from", "valid_until", "sunset"}), _times),
    (frozenset({"unknown_fields"}), _unknown_fields),
    (frozenset({"choices"}), _choices),
)


def _sets(was: Any, becomes: Any) -> tuple[Verdict, str]:
    """Rights as lists, `*` being all there are."""
    before = was if isinstance(was, list) else [was]
    after = becomes if isinstance(becomes, list) else [becomes]
    lost = [] if "*" in after else [each for each in before if each not in after]
    gained = [] if "*" in before else [each for each in after if each not in before]
    if not lost:
        return ("additive" if gained else "same"), f"gains {_listed(gained)}" if gained else "stands in another order"
    return "breaking", f"loses {_listed(lost)}" + (f", gains {_listed(gained)}" if gained else "")


def _listed(values: list[Any]) -> str:
    return ", ".join(_shown(each) for each in values)


def _shown(value: Any) -> str:
    """A value in a sentence; of secrets only their references stand in a landscape, and those are told as changed."""
    return str(value) if isinstance(value, str | int | float | bool) else "none" if _nothing(value) else "another one"


def _nothing(value: Any) -> bool:
    return value is ABSENT or value is None or value in ([], {})


def _moment(text: Any) -> date | None:
    try:
        parsed = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    day_only = len(str(text)) == len("2026-11-23")
    return parsed.date() if day_only else (parsed if parsed.tzinfo is not None else None)


assert frozenset(KINDS.values()) <= frozenset(get_args(ChangeKind))  # noqa: S101 - both lists are ours
