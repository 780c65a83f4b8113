from __future__ import annotations

import inspect
from typing import Any

import pytest

from tillway.retail import Catalogue, Documents, Invoicing, OrderBook, PriceLists, Stock, TakingBack, TillSessions

PROTOCOLS: list[Any] = [Catalogue, Documents, Invoicing, OrderBook, PriceLists, Stock, TakingBack, TillSessions]


def _methods(protocol: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(protocol).items() if inspect.isfunction(value) and name[0] != "_"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_capability_has_at_most_eight_methods_all_async_with_the_call_first(protocol: Any) -> None:
    methods = _methods(protocol)
    assert 1 <= len(methods) <= 8
    assert [name for name, method in methods.items() if not inspect.iscoroutinefunction(method)] == []
    assert {name: list(inspect.signature(method).parameters)[1] for name, method in methods.items()} == dict.fromkeys(
        methods, "call"
    )
