"""Does what is declared of an interface fit its contract? Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tillway import contracts
from tillway.landscape.landscape import Landscape
from tillway.landscape.problem import Problem


def unknown_fields(landscape: Landscape) -> Iterator[Problem]:
    """Facts are never refused, requests are never kept: the word of an interface has to be one it can keep."""
    facts = {operation.api for _, operation in contracts.load().operations() if operation.fact}
    for api in landscape.apis.values():
        path = ("apis", api.id, "unknown_fields")
        if api.unknown_fields == "reject" and api.id in facts:
            text = "this interface takes facts, and a fact is never refused"
            yield Problem(path=path, text=text, remedy="say quarantine (a person looks at it) or flag (it is left out)")
        if api.unknown_fields == "quarantine" and api.id not in facts:
            text = "this interface takes requests, and whoever asks waits for an answer"
            yield Problem(path=path, text=text, remedy="say reject (422) or flag (it is left out)")
