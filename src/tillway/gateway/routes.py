"""Second stage: which operation. Whole paths by dictionary, templates by one expression an API and path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

import msgspec

from tillway.contracts import Cuts, Documents, OperationChecks, Outlines
from tillway.errors import Misconfigured, NotFound
from tillway.gateway.ask import Handler
from tillway.gateway.minimise import Counted, Minimiser
from tillway.web import MethodNotAllowed

_PARAMETER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")

_NO_PARAMETERS: Final[Mapping[str, str]] = {}

# Paths whose operation is remembered: those asked for again and again. Under 1 MB, and 64 MB of the longest there are.
PATHS_REMEMBERED: Final = 1_024


class Route(msgspec.Struct, frozen=True):
    """An operation with its compiled checks, the handler it is bound to, and what cuts its answers.

    `outlines` know the fields of a document of the retailer's own, for the census.
    """

    checks: OperationChecks
    handler: Handler
    minimiser: Minimiser
    outlines: Outlines | None = None


Methods = dict[str, Route]


def uncounted(_operation: str, _withheld: int, _unknown: int) -> None:
    """The counter of doors that nobody watches."""


class Routes:
    """All operations of this release, found by method and path."""

    __slots__ = ("_handlers", "_remembered", "_templates", "_whole")

    def __init__(
        self,
        documents: Documents,
        bindings: Mapping[str, Handler],
        counted: Counted = uncounted,
        outlines: Outlines | None = None,
    ) -> None:
        """Misconfigured when an operation is not bound or a binding names none. `counted` is told what is cut."""
        self._handlers = dict(bindings)
        self._whole: dict[str, Methods] = {}
        self._templates: dict[str, dict[re.Pattern[str], Methods]] = {}
        left = dict(bindings)
        for document, operation in documents.operations():
            handler = left.pop(operation.id, None)
            if handler is None:
                raise Misconfigured(f"the operation {operation.id} is not bound")
            minimiser = Minimiser(operation.id, Cuts(document, operation), counted)
            route = Route(OperationChecks(document, operation), handler, minimiser, outlines)
            self._methods(operation.path)[operation.method] = route
        self._remembered = lru_cache(maxsize=PATHS_REMEMBERED)(self._found)
        if left:
            raise Misconfigured(f"bound, but promised by no document: {', '.join(sorted(left))}")

    def beside(self, documents: Documents, bindings: Mapping[str, Handler], counted: Counted = uncounted) -> Routes:
        """These routes and those of further documents, whose interfaces and versions are others."""
        both = Routes(documents, bindings, counted, outlines=Outlines(documents))
        both._handlers |= self._handlers
        both._whole |= self._whole
        both._templates |= self._templates
        return both

    def instead(self, documents: Documents, counted: Counted = uncounted) -> Routes:
        """These routes, with other words of the same operations in the place of those that they were made of."""
        bindings = {operation.id: self._handlers[operation.id] for _, operation in documents.operations()}
        other = Routes(documents, bindings, counted, outlines=Outlines(documents))
        other._handlers = self._handlers | other._handlers
        other._whole = self._whole | other._whole
        other._templates = self._templates | other._templates
        return other

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """The route and its path parameters. `path` is as sent: percent-encoded, without the query.

        NotFound for an unknown path, MethodNotAllowed for an unknown method of a known one.
        """
        return self._remembered(method, path)

    def _found(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        methods = self._whole.get(path)
        parameters = _NO_PARAMETERS
        if methods is None:
            methods, parameters = self._by_template(path)
        # RFC 9110 section 9.3.2: HEAD is GET without the content.
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            raise MethodNotAllowed(allow=_told(methods))
        return route, parameters

    def methods(self, path: str) -> tuple[str, ...]:
        """The methods of a path as sent; NotFound for an unknown one."""
        return _told(self._whole.get(path) or self._by_template(path)[0])

    def _by_template(self, path: str) -> tuple[Methods, Mapping[str, str]]:
        for expression, methods in self._templates.get(_base(path), {}).items():
            match = expression.match(path)
            if match is not None:
                return methods, {name: _decoded(value) for name, value in match.groupdict().items()}
        raise NotFound("there is nothing at this path", remedy="see /catalog for what there is")

    def _methods(self, path: str) -> Methods:
        if "{" not in path:
            return self._whole.setdefault(path, {})
        parts = _PARAMETER.split(path)
        # Odd places are names, even ones the text between them.
        expression = "".join(f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
        return self._templates.setdefault(_base(path), {}).setdefault(re.compile(expression + r"\Z"), {})


def _told(methods: Methods) -> tuple[str, ...]:
    return tuple(sorted({*methods, *(("HEAD",) if "GET" in methods else ())}))


def _base(path: str) -> str:
    """`/orders/v1` of `/orders/v1/orders/17`."""
    return "/".join(path.split("/", 3)[:3])


def _decoded(value: str) -> str:
    if "%" not in value:
        return value
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise NotFound("the path is not UTF-8", remedy="percent-encode UTF-8") from None
