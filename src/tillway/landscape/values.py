"""What the fields of a landscape may hold: ids, zones, URLs, networks, and names from closed sets."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, Field, PlainSerializer, PlainValidator, StrictInt, StringConstraints

# An id travels in URLs, tokens and HTTP Basic names; 64 characters fit every place that shows one.
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
# Short name of an event type, e.g. `order.accepted`.
EVENT_PATTERN = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_-]*)+$"
# An interface by name, or all that are not named.
API_OR_ALL_PATTERN = r"^(\*|[A-Za-z0-9][A-Za-z0-9._-]{0,63})$"
SCOPE_PATTERN = r"^[a-z][a-z0-9-]*:(read|write)$"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone") from error
    return name


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("not an http or https URL with a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("credentials do not belong into a URL")
    if parts.fragment:
        raise ValueError("a URL that is called has no fragment")
    return text


def _origin(text: str) -> str:
    """As browsers send it: lower case, no path, no port where it is the scheme's own."""
    parts = urlsplit(text)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, 443 if parts.scheme == "https" else 80} else f":{parts.port}"
    if parts.scheme not in {"http", "https"} or not host or text != f"{parts.scheme}://{host}{port}":
        raise ValueError("not an origin as browsers send it, e.g. https://shop.example.com")
    if parts.scheme == "http" and not loopback(parts.hostname or ""):
        raise ValueError("an origin is reached over https; http is for loopback addresses only")
    return text


def loopback(host: str) -> bool:
    """Whether a host of a URL is this very machine, by its literal address or as `localhost`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


def _moment(value: Any) -> date:
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value or " " in value else date.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a moment needs its zone, e.g. 2027-06-30T18:00:00+02:00")
    if not isinstance(value, date):
        raise ValueError("neither a day nor a moment")  # noqa: TRY004 - pydantic tells of ValueErrors only
    return value


def _odoo_list(value: Any) -> Literal["list"] | int:
    if value == "list" or (type(value) is int and value > 0):
        return value  # type: ignore[no-any-return]
    raise ValueError("neither `list` nor the positive id of a pricelist")


def _all_or_ids(value: Any) -> Literal["*"] | tuple[str, ...]:
    if value == "*":
        return "*"
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError('neither "*" nor a list of names')


def named(value: Any) -> Any:
    """Give each entry of a section the key it stands under as its id."""
    if not isinstance(value, Mapping):
        return value
    return {key: _with_id(key, entry) for key, entry in value.items()}


def _with_id(key: Any, entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    if entry.get("id", key) != key:
        raise ValueError(f"the entry {key!r} carries another id inside; its key is its id")
    return {**entry, "id": key}


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
ApiOrAll = Annotated[str, StringConstraints(pattern=API_OR_ALL_PATTERN)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Zone = Annotated[str, AfterValidator(_zone)]
Url = Annotated[str, AfterValidator(_url)]
Network = Annotated[str, AfterValidator(_network)]
OdooId = Annotated[StrictInt, Field(gt=0)]
Origin = Annotated[str, StringConstraints(max_length=300), AfterValidator(_origin)]
EventType = Annotated[str, StringConstraints(pattern=EVENT_PATTERN)]
Scope = Annotated[str, StringConstraints(pattern=SCOPE_PATTERN)]
AllOrIds = Annotated[
    Literal["*"] | tuple[str, ...],
    PlainValidator(_all_or_ids, json_schema_input_type=Literal["*"] | tuple[str, ...]),
    PlainSerializer(lambda value: value if value == "*" else list(value), return_type=Literal["*"] | list[str]),
]
OdooList = Annotated[
    Literal["list"] | int, PlainValidator(_odoo_list, json_schema_input_type=Literal["list"] | StrictInt)
]
Criticality = Literal["critical", "high", "normal", "low"]
UnknownFields = Literal["reject", "quarantine", "flag"]
Layer = Literal["system", "process", "experience"]
Retention = Literal["brief", "standard", "long"]
ConsumerKind = Literal["machine", "device", "person", "agent"]
ClosedClass = Literal["personal", "payment"]
Moment = Annotated[
    date,
    PlainValidator(_moment, json_schema_input_type=date | AwareDatetime),
    PlainSerializer(lambda value: value.isoformat(), return_type=str),
]
TenderKind = Literal["cash", "card", "voucher", "other"]
