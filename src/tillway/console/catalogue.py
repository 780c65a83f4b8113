"""`/catalog` for people: every page in two forms, HTML for browsers and JSON for machines.

Anybody sees what is offered. Who calls, who owns and what was observed is shown to people who are signed in and may
read operations (docs/decisions/0025-catalogue.md).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote

import yaml

from tillway import __version__, audit, clock, governance
from tillway.console import changelog, drawing, governed, rendering, searching
from tillway.console.offered import ApiView, EventView, Offer, offer
from tillway.contracts import asyncapi, catalog
from tillway.contracts.catalog import ROOT
from tillway.errors import Forbidden, NotFound, Unauthenticated
from tillway.gateway import BUCKETS, SIGN_IN_PATH, Outgoing, Request, Shown, Visitor, Who
from tillway.landscape import Active, Landscape, openslo
from tillway.postgres import Database

OBSERVED_DAYS: Final = 30
"""What was not used for so long counts as unused."""

RELEASES_SHOWN: Final = 20
"""Whoever asks further back asks `listReleases`."""

LAST_RELEASE: Final = 2**31 - 1
"""Above every number of a release."""

NEEDED: Final = "operations:read"

_YAML: Final = (b"content-type", b"application/yaml")
_API: Final = re.compile(rf"{ROOT}/apis/([^/]+)/v([0-9]{{1,4}})(/reference)?")
_EVENT: Final = re.compile(rf"{ROOT}/events/([^/]+)/v([0-9]{{1,4}})")
_LEVEL: Final = re.compile(rf"{ROOT}/service-levels/([^/]+)\.(yaml|json)")
_ASSET: Final = re.compile(rf"{ROOT}/assets/([^/]+)")
_SERVED_ELSEWHERE: Final = re.compile(
    rf"{ROOT}/(?:apis/[^/]+/v[0-9]+/openapi|events/[^/]+/v[0-9]+/schema|landscape\.schema)\.json"
)


class Look(NamedTuple):
    """One look at a page: under which landscape, what it offers, who looks (none: a stranger), what was asked."""

    landscape: Landscape
    offer: Offer
    visitor: Visitor | None
    query: str

    @property
    def inside(self) -> bool:
        """Whether whoever looks may see who calls and what was observed."""
        return self.visitor is not None and NEEDED in self.visitor.scopes


Values = dict[str, Any]
Made = Callable[[Look], Awaitable[Values]]


class Catalogue:
    """The pages below `/catalog`. `address` is the hub's own as clients know it."""

    def __init__(self, *, active: Active, database: Database, address: str) -> None:
        self._active = active
        self._database = database
        self._address = address
        self._fixed: dict[str, tuple[str, Made, bool]] = {
            ROOT: ("start.html", self._start, False),
            f"{ROOT}/domains": ("domains.html", self._domains, False),
            f"{ROOT}/service-levels": ("levels.html", self._levels, False),
            f"{ROOT}/changelog": ("changelog.html", self._changelog, False),
            f"{ROOT}/consumers": ("consumers.html", self._consumers, True),
            f"{ROOT}/owners": ("owners.html", self._owners, True),
            f"{ROOT}/map": ("map.html", self._map, True),
        }

    def find(self, path: str) -> tuple[str, Shown] | None:
        """The page at a path; None for paths that are not ours."""
        if not path.startswith(ROOT) or _SERVED_ELSEWHERE.fullmatch(path):
            return None
        if path in self._fixed:
            return "catalog", self._page(*self._fixed[path])
        if (found := _API.fullmatch(path)) is not None:
            api, version, reference = found[1], int(found[2]), found[3]
            template = "reference.html" if reference else "api.html"
            return "catalog", self._page(template, lambda look: self._api(look, api, version), closed=False)
        if (found := _EVENT.fullmatch(path)) is not None:
            name, version = found[1], int(found[2])
            return "catalog", self._page("event.html", lambda look: self._event(look, name, version), closed=False)
        if path == f"{ROOT}/asyncapi.json":
            return "catalog", self._asyncapi
        if (found := _LEVEL.fullmatch(path)) is not None:
            return "catalog", self._openslo(found[1], as_yaml=found[2] == "yaml")
        if (found := _ASSET.fullmatch(path)) is not None and found[1] in rendering.ASSETS:
            return "catalog", _asset(found[1])
        return (
            ("catalog", self._page("start.html", _nothing, closed=False)) if path[len(ROOT) :].startswith("/") else None
        )

    def _page(self, template: str, made: Made, closed: bool) -> Shown:  # noqa: FBT001 - named where it is not in a table
        async def page(request: Request, who: Who) -> Outgoing:
            landscape, visitor = self._active.current, await who(request)
            query = dict(parse_qsl(request.query.decode("latin-1"), max_num_fields=20)).get("q", "")
            look = Look(landscape, self._offer(landscape), visitor, query[: searching.QUERY_MAX].strip())
            browser = rendering.wants_page(request.headers.get(b"accept", b"").decode("latin-1"))
            if closed and not look.inside:
                return await self._refused(request, look, browser=browser)
            if not browser:
                return rendering.data(await self._told(request, look, made))
            try:
                values = await made(look)
            except NotFound as error:
                return await self._shown(look, request, "problem.html", {"problem": error}, error.status)
            return await self._shown(look, request, template, values)

        return page

    async def _told(self, request: Request, look: Look, made: Made) -> Any:
        """The JSON form; that of the start page is the index, as long as nothing is searched."""
        if request.path == ROOT and not look.query:
            return catalog.index(look.landscape.documents) | {"asyncapi": f"{ROOT}/asyncapi.json"}
        values = await made(look)
        return {name: value for name, value in values.items() if name not in {"offer", "picture"}}

    async def _shown(self, look: Look, request: Request, template: str, values: Values, status: int = 200) -> Outgoing:
        """The HTML form. What strangers see without asking anything is kept as long as the landscape is in force."""
        kept: dict[str, Outgoing] = look.landscape.derived.setdefault("console.pages", {})
        keep = look.visitor is None and not request.query and status == 200  # noqa: PLR2004 - the status of what was found
        if keep and request.path in kept:
            return kept[request.path]
        frame = {
            "organisation": look.offer.organisation,
            "visitor": look.visitor,
            "inside": look.inside,
            "signing_in": look.landscape.sign_in is not None,
            "here": request.path,
            "query": look.query,
            "release": look.landscape.hash[:12],
        }
        out = await asyncio.to_thread(rendering.html, template, frame | values, status)
        if keep:
            kept[request.path] = out
        return out

    async def _refused(self, request: Request, look: Look, *, browser: bool) -> Outgoing:
        """To sign-in with whoever may be somebody; a page that says why to everybody else."""
        error: Forbidden | Unauthenticated = Unauthenticated("this page is for people who are signed in")
        if look.visitor is not None:
            error = Forbidden(f"your roles do not give {NEEDED}", remedy="ask whoever gives roles")
        elif look.landscape.sign_in is None:
            remedy = "name an identity provider under sign_in of the landscape"
            error = Forbidden("this page is for people who are signed in, and nobody signs in here", remedy=remedy)
        if not browser:
            raise error
        if isinstance(error, Unauthenticated):
            back = f"{SIGN_IN_PATH}?return_to={quote(request.path, safe='')}"
            return Outgoing(303, [(b"location", back.encode("ascii"))], b"")
        return await self._shown(look, request, "problem.html", {"problem": error}, error.status)

    def _offer(self, landscape: Landscape) -> Offer:
        found: Offer | None = landscape.derived.get("console.offer")
        if found is None:
            found = landscape.derived["console.offer"] = offer(landscape)
        return found

    def _index(self, look: Look) -> searching.Index:
        name = f"console.index.{look.inside}"
        found: searching.Index | None = look.landscape.derived.get(name)
        if found is None:
            found = searching.index(look.offer, look.landscape if look.inside else None)
            look.landscape.derived[name] = found
        return found

    async def _start(self, look: Look) -> Values:
        found = self._index(look).search(look.query) if look.query else ()
        return {"offer": look.offer, "query": look.query, "found": found}

    async def _api(self, look: Look, name: str, version: int) -> Values:
        api = next((each for each in look.offer.apis if (each.api, each.version) == (name, version)), None)
        if api is None:
            raise NotFound(f"there is no interface {name[:64]!r} v{version}")
        lines = [each for each in await self._uses(look) if each.target == name and each.kind == "call"]
        declared = look.landscape.apis.get(name)
        return {"api": api, "uses": lines, "calls": () if declared is None else declared.calls}

    async def _event(self, look: Look, name: str, version: int) -> Values:
        event = next((each for each in look.offer.events if (each.type, each.version) == (name, version)), None)
        if event is None:
            raise NotFound(f"there is no event type {name[:64]!r} v{version}")
        return {"event": event, "told": _told_of(name, look) if look.inside else (), "may": _may(name, look)}

    async def _domains(self, look: Look) -> Values:
        apis = {each.api: each.href for each in look.offer.apis}
        events = {each.type: each.href for each in look.offer.events}
        return {"domains": look.offer.domains, "hrefs": apis | events}

    async def _levels(self, look: Look) -> Values:
        return {"levels": look.offer.levels}

    async def _changelog(self, look: Look) -> Values:
        told = []
        for each in (await governance.releases.releases(self._database, LAST_RELEASE))[:RELEASES_SHOWN]:
            number = each.manifest.change
            change = None if number is None else await governance.changes.change(self._database, number)
            told.append(changelog.released(each, change, inside=look.inside))
        return {"releases": told}

    async def _consumers(self, look: Look) -> Values:
        return {"consumers": governed.consumers(look.landscape, await self._observed()), "days": OBSERVED_DAYS}

    async def _owners(self, look: Look) -> Values:
        return {"owners": governed.owners(look.landscape), "hrefs": _hrefs(look.offer.apis, look.offer.events)}

    async def _map(self, look: Look) -> Values:
        uses = await self._uses(look)
        apis = {each.api: each.href for each in look.offer.apis}
        drawn = drawing.picture(uses, apis, look.landscape.consumers)
        return {"uses": uses, "picture": drawn, "days": OBSERVED_DAYS, "hrefs": apis}

    async def _uses(self, look: Look) -> tuple[governed.Use, ...]:
        if not look.inside:
            return ()
        return governed.uses(look.landscape, await self._observed())

    async def _observed(self) -> tuple[audit.UsedBy, ...]:
        today = clock.now().date()
        return await audit.usage_of_all(self._database, today - timedelta(days=OBSERVED_DAYS - 1), today)

    async def _asyncapi(self, _request: Request, _who: Who) -> Outgoing:
        landscape = self._active.current
        return rendering.data(
            asyncapi(landscape.documents, landscape.events, address=self._address, version=__version__)
        )

    def _openslo(self, name: str, *, as_yaml: bool) -> Shown:
        async def page(_request: Request, _who: Who) -> Outgoing:
            landscape = self._active.current
            level = landscape.service_levels.get(name)
            if level is None:
                raise NotFound(f"there is no service level {name[:64]!r}")
            api = landscape.apis.get(level.api)
            operations = [each.id for _, each in landscape.documents.operations() if each.api == level.api]
            document = openslo(level, "" if api is None else api.owner, operations, BUCKETS)
            if not as_yaml:
                return rendering.data(document)
            return Outgoing(200, [_YAML], yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode())

        return page


async def _nothing(_look: Look) -> Values:
    raise NotFound("there is no such page in the catalogue")


def _asset(name: str) -> Shown:
    async def page(_request: Request, _who: Who) -> Outgoing:
        return rendering.asset(name)

    return page


def _told_of(event_type: str, look: Look) -> list[Values]:
    """The standing subscriptions that tell it."""
    return [
        {"consumer": each.consumer, "subscription": each.id, "url": each.delivery.url}
        for each in look.landscape.subscriptions.values()
        if event_type in each.types
    ]


def _may(event_type: str, look: Look) -> list[str]:
    """The consumers that may receive it."""
    if not look.inside:
        return []
    entries = look.landscape.consumers.values()
    return [each.id for each in entries if each.event_types == "*" or event_type in each.event_types]


def _hrefs(apis: tuple[ApiView, ...], events: tuple[EventView, ...]) -> dict[str, str]:
    """Pages of what is owned, by kind and name."""
    pages = {f"api {each.api}": each.href for each in apis} | {f"event {each.type}": each.href for each in events}
    return pages | {f"{role} of api {each.api}": each.href for each in apis for role in ("deputy", "steward")}
