"""Who a person is here and what their roles let them do, by the landscape in force. Pure.

A person is known by a name made of what their provider calls them: it says nothing to anybody else, and has a colon,
which no consumer's id has. So a person and a consumer are never taken for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tillway import sealing
from tillway.landscape import Landscape

PERSON: Final = "person"

_PREFIX: Final = "person:"
_DIGITS: Final = 32
"""Hex digits of a person's name: 128 bits, so that no two people ever share one."""


def person_id(issuer: str, subject: str) -> str:
    """The name of whoever this provider calls `subject`: the same on all nodes, every time."""
    return _PREFIX + sealing.digest("people", f"{len(issuer)}:{issuer}{subject}")[:_DIGITS]


def is_person(name: str) -> bool:
    """Whether a subject can be a person at all."""
    return name.startswith(_PREFIX)


def belongs_to(claims: Mapping[str, Any], landscape: Landscape) -> tuple[str, ...]:
    """Those values of the claim that mean something here; a person's other groups are nobody's business."""
    if landscape.sign_in is None:
        return ()
    said = claims.get(landscape.sign_in.claim)
    several = said if isinstance(said, list) else [said]
    values = {each for each in several if isinstance(each, str)}
    return tuple(sorted(values & landscape.sign_in.roles.keys()))


def roles_of(values: Iterable[str], landscape: Landscape) -> tuple[str, ...]:
    """The roles that these values of the claim give now."""
    given = {} if landscape.sign_in is None else landscape.sign_in.roles
    return tuple(sorted({given[value] for value in values if value in given}))


def roles_now(roles: Iterable[str], landscape: Landscape) -> tuple[str, ...]:
    """Those of these roles that anybody can still have."""
    given = frozenset() if landscape.sign_in is None else frozenset(landscape.sign_in.roles.values())
    return tuple(role for role in roles if role in given)


def scopes_of(roles: Iterable[str], landscape: Landscape) -> frozenset[str]:
    """What people with these roles may do."""
    return frozenset(scope for role in roles for scope in landscape.roles.get(role, ()))
