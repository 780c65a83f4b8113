"""The routes of one landscape: those of Tillway, with own fields written in, and those that the retailer wrote."""

from __future__ import annotations

from tillway.gateway.minimise import Counted
from tillway.gateway.routes import Routes
from tillway.gateway.upstream import Binder
from tillway.landscape import Landscape

_PLACE = "gateway.routes"


class OwnRoutes:
    """Routes by landscape, compiled once each and kept as long as it lives. `of` may be called from any thread."""

    def __init__(self, shipped: Routes, binder: Binder | None, counted: Counted) -> None:
        self._shipped = shipped
        self._binder = binder
        self._counted = counted
        self._last: tuple[Landscape, Routes] | None = None

    def of(self, landscape: Landscape) -> Routes:
        """What is served under this landscape. Long the first time, when it has documents of its own."""
        last = self._last
        if last is not None and last[0] is landscape:
            return last[1]
        kept: dict[OwnRoutes, Routes] = landscape.derived.setdefault(_PLACE, {})
        if self not in kept:
            kept[self] = self._made(landscape)
        self._last = (landscape, kept[self])
        return kept[self]

    def _made(self, landscape: Landscape) -> Routes:
        own, extended, binder = landscape.own_documents, landscape.extended_documents, self._binder
        routes = self._shipped.instead(extended, self._counted) if extended.apis else self._shipped
        if binder is None or not own.apis:
            return routes
        bindings = {operation.id: binder(document, operation) for document, operation in own.operations()}
        return routes.beside(own, bindings, self._counted)
