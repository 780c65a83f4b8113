"""What ships with Tillway and holds in every landscape: base landscape, base policies, and the words of both."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from typing import Final

from tillway import contracts

BASE_FILE: Final = "tillway/base.cedar"
"""The name under which the base policies appear beside a landscape's own files."""

BASE_LANDSCAPE: Final = "tillway/base.yaml"
"""The name under which the base landscape appears beside a landscape's own files."""

# Vocabularies kept: that of the landscape in force, of the one on trial, and those of tests.
_VOCABULARIES_KEPT: Final = 16

_PRINCIPALS: Final = "[Machine, Device, Person, Operator]"


@cache
def base() -> str:
    """The base policies, as Cedar text."""
    return _shipped("base.cedar")


@cache
def base_landscape() -> str:
    """What Tillway itself offers, as YAML that a landscape's own files lie over."""
    return _shipped("base.yaml")


@cache
def document_schema() -> str:
    """What an OpenAPI document of the retailer's own must say: a JSON Schema, as YAML."""
    return _shipped("document.yaml")


@lru_cache(maxsize=_VOCABULARIES_KEPT)
def vocabulary(own: tuple[tuple[str, str], ...] = ()) -> str:
    """The Cedar schema: entities, and one action for each operation of the contracts in the group of its scope.

    `own` are the operations of the retailer's own documents: operationId and scope.
    """
    operations = sorted((*((one.id, one.scope) for _, one in contracts.load().operations()), *own))
    groups = [f'action "{scope}";' for scope in sorted({scope for _, scope in operations})]
    actions = [
        f'action {name} in [Action::"{scope}"] appliesTo '
        f"{{ principal: {_PRINCIPALS}, resource: [Api], context: Asking }};"
        for name, scope in operations
    ]
    return "\n".join((_shipped("tillway.cedarschema"), *groups, *actions, ""))


def _shipped(name: str) -> str:
    return (resources.files(__name__) / name).read_text("utf-8")
