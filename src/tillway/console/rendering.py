"""Pages on their way out: templates, the form that is asked for, and what a browser may do with them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Any, Final

import jinja2
import markupsafe
import msgspec

from tillway.gateway import JSON, Outgoing

HTML: Final = (b"content-type", b"text/html; charset=utf-8")

# Our own script and style, nothing inline, nothing from elsewhere, in no frame; forms post to us alone.
POLICY: Final = (
    b"content-security-policy",
    (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
)
_BY_FORM: Final = (b"vary", b"accept")

ASSETS: Final[Mapping[str, bytes]] = {
    "catalogue.css": b"text/css; charset=utf-8",
    "catalogue.js": b"text/javascript; charset=utf-8",
    "mark.svg": b"image/svg+xml",
}
# Its address holds a hash of what it is, so it never changes there.
_FOREVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")

_CODE: Final = re.compile(r"`([^`]+)`")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def wants_page(accept: str | None) -> bool:
    """Whether a browser asks: HTML is named, and not after JSON. Whoever names neither is a machine."""
    return _weight(accept, "text/html", "application/xhtml+xml") > _weight(accept, "application/json")


def html(template: str, values: Mapping[str, Any], status: int = 200) -> Outgoing:
    """A page. Takes milliseconds: not for the event loop."""
    text = _environment().get_template(template).render(values)
    return Outgoing(status, [HTML, POLICY, _BY_FORM], text.encode())


def data(values: Any) -> Outgoing:
    """The same for machines."""
    return Outgoing(200, [JSON, _BY_FORM], msgspec.json.encode(values))


def asset(name: str) -> Outgoing:
    """A file that pages need. KeyError when there is none."""
    return Outgoing(200, [(b"content-type", ASSETS[name]), _FOREVER], _content(name))


@cache
def _content(name: str) -> bytes:
    return (resources.files("tillway.console") / "assets" / name).read_bytes()


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("tillway.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"span": span, "moment": moment, "share": share, "prose": prose}
    made.globals["asset"] = _address
    return made


@cache
def _address(name: str) -> str:
    return f"/catalog/assets/{name}?v={hashlib.sha256(_content(name)).hexdigest()[:12]}"


def prose(text: str) -> markupsafe.Markup:
    """A description of a contract: what stands in backticks is code."""
    return markupsafe.Markup(_CODE.sub(r"<code>\1</code>", str(markupsafe.escape(text))))  # noqa: S704 - escaped first


def span(seconds: float | None) -> str:
    """A duration as people say it."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:g} ms"
    for unit, name in ((_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds / unit:g} {name[:-1] if name == 'days' and seconds == unit else name}"
    return f"{seconds:g} s"


def moment(at: date | None) -> str:
    """A day, or a moment to the minute in UTC."""
    if at is None:
        return "–"
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if isinstance(at, datetime) else at.isoformat()


def share(target: float) -> str:
    """A share as a percentage, without needless zeros."""
    return f"{target * 100:.7f}".rstrip("0").rstrip(".") + " %"


def _weight(accept: str | None, *types: str) -> float:
    best = 0.0
    for each in (accept or "").lower().split(","):
        name, *parameters = [part.strip() for part in each.split(";")]
        if name in types:
            given = next((part[2:] for part in parameters if part.startswith("q=")), "1")
            best = max(best, float(given) if given.replace(".", "", 1).isdigit() else 0.0)
    return best
