"""What ships with Tillway and holds in every landscape: the base policies and the words they are written in."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from tillway import contracts

BASE_FILE: Final = "tillway/base.cedar"
"""The name under which the base policies appear beside a landscape's own files."""

_PRINCIPALS: Final = "[Machine, Device, Person, Operator]"


@cache
def base() -> str:
    """The base policies, as Cedar text."""
    return _shipped("base.cedar")


@cache
def vocabulary() -> str:
    """The Cedar schema: entities, and one action for each operation of the contracts in the group of its scope."""
    operations = sorted((one.id, one.scope) for _, one in contracts.load().operations())
    groups = [f'action "{scope}";' for scope in sorted({scope for _, scope in operations})]
    actions = [
        f'action {name} in [Action::"{scope}"] appliesTo '
        f"{{ principal: {_PRINCIPALS}, resource: [Api], context: Asking }};"
        for name, scope in operations
    ]
    return "\n".join((_shipped("tillway.cedarschema"), *groups, *actions, ""))


def _shipped(name: str) -> str:
    return (resources.files(__name__) / name).read_text("utf-8")
