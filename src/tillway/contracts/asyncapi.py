"""The AsyncAPI 3.0 document of all events: what is told, how it travels, and who answers for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from tillway.contracts.documents import ENVELOPE, Documents

ASYNCAPI: Final = "3.0.0"
FEED_PATH: Final = "/events/v1/feed"

# What a schema says of itself as a document of its own; inside another one it would lie.
_STANDALONE: Final = ("$schema", "$id", "$defs", "examples")


class Declared(Protocol):
    """What the landscape says of an event type."""

    @property
    def owner(self) -> str:
        """Who answers for it."""

    @property
    def data_class(self) -> str:
        """Highest class of data it carries."""

    @property
    def domain(self) -> str | None:
        """The domain that it tells of."""

    @property
    def producer(self) -> str | None:
        """What tells it."""

    @property
    def freshness_seconds(self) -> float | None:
        """How soon it is told, at the latest."""

    @property
    def retention(self) -> str:
        """How long it is kept."""

    @property
    def replay_days(self) -> int | None:
        """How far back it may be asked for again."""


def asyncapi(documents: Documents, declared: Mapping[str, Declared], *, address: str, version: str) -> dict[str, Any]:
    """The document of the hub at this address. An event type that is not `declared` is told to nobody, and says so."""
    types = {key: schema for key, schema in documents.events.items() if key[0] != ENVELOPE}
    names = {key: f"{key[0]}.v{key[1]}" for key in types}
    return {
        "asyncapi": ASYNCAPI,
        "info": _info(version),
        "defaultContentType": "application/cloudevents+json",
        "servers": {"hub": _server(address)},
        "channels": {"webhook": _webhook_channel(names.values()), "feed": _feed_channel()},
        "operations": {"tellByWebhook": _tell(names.values()), "readFeed": _read()},
        "components": {
            "schemas": _schemas(documents, types, names),
            "messages": {
                **{names[key]: _message(key, schema, declared.get(key[0])) for key, schema in types.items()},
                "page": _page(),
            },
            "messageTraits": {"standardWebhooks": _standard_webhooks()},
            "securitySchemes": _security(address),
        },
    }


def _info(version: str) -> dict[str, Any]:
    return {
        "title": "Tillway events",
        "version": version,
        "description": "What happened at the retailer, as CloudEvents 1.0: told by webhook (Standard Webhooks 1.0) and "
        "read by position from the feed. Each is told at least once, in order for each partition key.",
        "contact": {"name": "The team that runs this hub"},
        "license": {"name": "Apache 2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        "tags": [{"name": "events", "description": "Everything that is told."}],
    }


def _server(address: str) -> dict[str, Any]:
    parts = urlsplit(address)
    return {
        "host": parts.netloc or "hub.example.com",
        "protocol": parts.scheme or "https",
        "description": "The hub.",
        "security": [{"$ref": "#/components/securitySchemes/oauth2"}],
    }


def _webhook_channel(names: Any) -> dict[str, Any]:
    return {
        "address": None,
        "title": "Webhook",
        "description": "The URL that a subscription names (`createSubscription`). Repeated until answered with 2xx; "
        "410 ends the subscription's deliveries.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _feed_channel() -> dict[str, Any]:
    return {
        "address": FEED_PATH,
        "title": "Feed",
        "description": "All events that the asker may know of, oldest first; a cursor says where to go on.",
        "servers": [{"$ref": "#/servers/hub"}],
        "messages": {"page": {"$ref": "#/components/messages/page"}},
    }


def _tell(names: Any) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/webhook"},
        "title": "Tell a subscriber",
        "summary": "The hub posts one event to a subscriber's URL, signed with the subscription's secret.",
        "security": [{"$ref": "#/components/securitySchemes/webhookSignature"}],
        "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        "messages": [{"$ref": f"#/channels/webhook/messages/{name}"} for name in names],
        "tags": [{"name": "events"}],
    }


def _read() -> dict[str, Any]:
    query = {
        "type": "object",
        "properties": {
            "after": {"type": "string", "description": "The `next` of the page before; without it the oldest kept."},
            "limit": {"type": "integer", "minimum": 1, "maximum": 500, "description": "Events on a page."},
            "types": {"type": "string", "description": "Short names parted by commas."},
            "wait": {"type": "integer", "minimum": 0, "description": "Seconds to wait for an event."},
        },
    }
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/feed"},
        "title": "Read the feed",
        "summary": "A reader asks for a page of events after a cursor.",
        "security": [{"$ref": "#/components/securitySchemes/oauth2"}],
        "bindings": {"http": {"method": "GET", "query": query, "bindingVersion": "0.3.0"}},
        "messages": [{"$ref": "#/channels/feed/messages/page"}],
        "tags": [{"name": "events"}],
    }


def _page() -> dict[str, Any]:
    return {
        "name": "page",
        "title": "A page of the feed",
        "summary": "Events, and the cursor of the next page.",
        "contentType": "application/json",
        "payload": {"$ref": "#/components/schemas/page"},
    }


def _message(key: tuple[str, int], schema: Mapping[str, Any], declared: Declared | None) -> dict[str, Any]:
    name, version = key
    return {
        "name": f"tillway.{name}.v{version}",
        "title": name,
        "summary": _first_sentence(schema.get("description", name)),
        "description": schema.get("description", name),
        "contentType": "application/cloudevents+json",
        "traits": [{"$ref": "#/components/messageTraits/standardWebhooks"}],
        "correlationId": {
            "description": "The business transaction it belongs to.",
            "location": "$message.payload#/correlationid",
        },
        "payload": {"$ref": f"#/components/schemas/{name}.v{version}.event"},
        "tags": [{"name": "events"}],
        **_governed(declared),
    }


def _governed(declared: Declared | None) -> dict[str, Any]:
    """Who answers for it and what may be relied on, as the landscape says."""
    if declared is None:
        return {"x-tillway-declared": False}
    said = {
        "declared": True,
        "owner": declared.owner,
        "data-class": declared.data_class,
        "domain": declared.domain,
        "producer": declared.producer,
        "freshness-seconds": declared.freshness_seconds,
        "retention": declared.retention,
        "replay-days": declared.replay_days,
    }
    return {f"x-tillway-{name}": value for name, value in said.items() if value is not None}


def _schemas(
    documents: Documents, types: Mapping[tuple[str, int], Mapping[str, Any]], names: Mapping[tuple[str, int], str]
) -> dict[str, Any]:
    """The envelope, and for each event type its data and the whole event; what a schema defines inside gets a name."""
    envelope = documents.events[ENVELOPE, 1]
    schemas: dict[str, Any] = {"cloudevent": _bare(envelope, "cloudevent")}
    for key, schema in types.items():
        name = names[key]
        schemas[name] = _bare(schema, name)
        for inner, definition in schema.get("$defs", {}).items():
            schemas[f"{name}.{inner}"] = _renamed(definition, name)
        schemas[f"{name}.event"] = _event(key, name, envelope)
    every = [{"$ref": f"#/components/schemas/{name}.event"} for name in names.values()]
    schemas["page"] = {
        "type": "object",
        "required": ["events", "next"],
        "properties": {
            "events": {"type": "array", "maxItems": 500, "items": {"anyOf": every}, "description": "Oldest first."},
            "next": {"type": "string", "description": "Ask with this as `after` for what comes next."},
        },
    }
    return schemas


def _event(key: tuple[str, int], name: str, envelope: Mapping[str, Any]) -> dict[str, Any]:
    fixed = {
        "type": {"const": f"tillway.{key[0]}.v{key[1]}"},
        "dataschema": {"const": f"/catalog/events/{key[0]}/v{key[1]}/schema.json"},
        "data": {"$ref": f"#/components/schemas/{name}"},
    }
    return {
        "title": f"tillway.{name}",
        "allOf": [{"$ref": "#/components/schemas/cloudevent"}, {"type": "object", "properties": fixed}],
        "required": list(envelope["required"]),
    }


def _bare(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {member: _renamed(value, name) for member, value in schema.items() if member not in _STANDALONE}


def _renamed(node: Any, name: str) -> Any:
    """The node with its references into `$defs` leading to where these stand now."""
    if isinstance(node, Mapping):
        return {key: _reference(value, name) if key == "$ref" else _renamed(value, name) for key, value in node.items()}
    return [_renamed(each, name) for each in node] if isinstance(node, list) else node


def _reference(reference: str, name: str) -> str:
    return reference.replace("#/$defs/", f"#/components/schemas/{name}.")


def _standard_webhooks() -> dict[str, Any]:
    return {
        "summary": "Headers of a delivery by webhook, as Standard Webhooks 1.0 has them; the feed has none of them.",
        "headers": {
            "type": "object",
            "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
            "properties": {
                "webhook-id": {"type": "string", "description": "The event's id; a repetition has the same."},
                "webhook-timestamp": {
                    "type": "string",
                    "pattern": "^[0-9]+$",
                    "description": "Seconds since 1970 of this attempt; refuse what is older than five minutes.",
                },
                "webhook-signature": {
                    "type": "string",
                    "pattern": "^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$",
                    "description": "HMAC-SHA256 of `id.timestamp.body`, one for each secret that is valid now.",
                },
            },
        },
    }


def _security(address: str) -> dict[str, Any]:
    return {
        "webhookSignature": {
            "type": "httpApiKey",
            "name": "webhook-signature",
            "in": "header",
            "description": "Standard Webhooks 1.0: the subscriber checks the signature with the subscription's secret.",
        },
        "oauth2": {
            "type": "oauth2",
            "description": "Client credentials; the token is a JWT for the hub.",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": f"{address.rstrip('/')}/oauth2/token",
                    "availableScopes": {"events:read": "Read events."},
                }
            },
            "scopes": ["events:read"],
        },
    }


def _first_sentence(text: str) -> str:
    return text.split(". ", maxsplit=1)[0].rstrip(".") + "."
