"""Two ways to say the same call: JSON-2 for Odoo 19 and later, JSON-RPC below. Pure: requests out, answers in."""

from __future__ import annotations

from typing import Any, Final, Protocol

import msgspec

from tillway.outbound import Reply

from .classify import decode, decode_rpc

_encoder: Final = msgspec.json.Encoder(decimal_format="number")


class Said(msgspec.Struct, frozen=True):
    """A call as it goes over the wire, beside its address."""

    path: str
    headers: dict[str, str]
    body: bytes


class Transport(Protocol):
    """One way to call. `user` is the id of the key's user, for ways that need it."""

    needs_user: bool

    def say(self, model: str, method: str, body: dict[str, Any], key: str, user: int) -> Said:
        """The call on the wire; `ids` and `context` among its named arguments are Odoo's own."""
        ...

    def answer(self, reply: Reply, asked: str, *, changes: bool) -> Any:
        """The value, or raises what the answer means; see `classify`."""
        ...


class OverJson2:
    """`POST /json/2/model/method` with named arguments."""

    needs_user = False

    def __init__(self, database: str) -> None:
        self._database = database

    def say(self, model: str, method: str, body: dict[str, Any], key: str, user: int) -> Said:
        """See `Transport`."""
        del user
        headers = {
            "Authorization": f"bearer {key}",
            "Content-Type": "application/json",
            "X-Odoo-Database": self._database,
        }
        return Said(f"/json/2/{model}/{method}", headers, _encoder.encode(body))

    def answer(self, reply: Reply, asked: str, *, changes: bool) -> Any:
        """See `Transport`."""
        wait = reply.headers.get("retry-after")
        return decode(reply.status, reply.body, asked=asked, changes=changes, retry_after=wait)


class OverJsonRpc:
    """`POST /jsonrpc` with `execute_kw`: the database, user and key in each call, ids as the first argument."""

    needs_user = True

    def __init__(self, database: str) -> None:
        self._database = database

    def say(self, model: str, method: str, body: dict[str, Any], key: str, user: int) -> Said:
        """See `Transport`."""
        named = dict(body)
        args = [named.pop("ids")] if "ids" in named else []
        if method == "create":
            # Older versions look at the first argument itself to tell one record from many.
            values = named.pop("vals_list")
            args = [values if isinstance(values, list) else [values]]
        return self.service("object", "execute_kw", [self._database, user, key, model, method, args, named])

    def log_in(self, login: str, key: str) -> Said:
        """Who this key belongs to: answers the user's id, or false."""
        return self.service("common", "authenticate", [self._database, login, key, {}])

    def service(self, service: str, method: str, args: list[Any]) -> Said:
        """One call of a service."""
        params = {"service": service, "method": method, "args": args}
        body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}
        return Said("/jsonrpc", {"Content-Type": "application/json"}, _encoder.encode(body))

    def answer(self, reply: Reply, asked: str, *, changes: bool) -> Any:
        """See `Transport`."""
        return decode_rpc(reply.status, reply.body, asked=asked, changes=changes)


def speaks_otherwise(reply: Reply) -> bool:
    """Whether there is no such door at all: 404 or 405 that is not of Odoo's own JSON."""
    return reply.status in {404, 405} and not reply.body.lstrip().startswith(b"{")


__all__ = ["OverJson2", "OverJsonRpc", "Said", "Transport", "speaks_otherwise"]
