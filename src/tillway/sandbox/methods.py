"""A method that can be called from outside: what it gets and whether it works on records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tillway.sandbox.environment import Env
from tillway.sandbox.refusals import value_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a method is called with, beside its named arguments."""

    env: Env
    model: str
    ids: tuple[int, ...] = ()

    def one(self) -> int:
        """The only record; a ValueError of the server when there is not exactly one."""
        if len(self.ids) != 1:
            raise value_error(f"Expected singleton: {self.model}({', '.join(str(each) for each in self.ids)})")
        return self.ids[0]


@dataclass(frozen=True, slots=True)
class Method:
    """A function of a Call and named arguments. Not `on_records`: it refuses ids."""

    function: Callable[..., Any]
    on_records: bool = True


Methods = dict[str, Method]
"""By name."""
