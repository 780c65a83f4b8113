"""What consumers prove themselves by, as the landscape in force refers to it: client secrets and public keys."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from tillway.app.landscapes import Watched
from tillway.errors import Misconfigured
from tillway.identity import Key, NotTrusted, read_keys
from tillway.landscape import Consumer

T = TypeVar("T")

log = logging.getLogger(__name__)

SECRETS_ADVICE: Final = "secrets are for development: register a public key (private_key_jwt) or a certificate"


class Credentials:
    """Read anew when the landscape's files, or a file with a secret or a key, change."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._secrets: Mapping[str, str] = {}
        self._keys: Mapping[str, tuple[Key, ...]] = {}
        self._advised: frozenset[str] = frozenset()
        self._read()
        watched.on_change(self._read)

    def secrets(self) -> Mapping[str, str]:
        """Secret by consumer."""
        return self._secrets

    def keys(self) -> Mapping[str, tuple[Key, ...]]:
        """Public keys by consumer."""
        return self._keys

    def _read(self) -> None:
        consumers = self._watched.active.current.consumers.values()
        secrets = ((each.id, self._tried(each, self._secret)) for each in consumers)
        self._secrets = {name: secret for name, secret in secrets if secret is not None}
        keys = ((each.id, self._tried(each, self._public_keys)) for each in consumers)
        self._keys = {name: found for name, found in keys if found}
        self._advise(consumers)

    def _secret(self, consumer: Consumer) -> str | None:
        return None if consumer.secret is None else self._watched.reveal(consumer.secret)

    def _public_keys(self, consumer: Consumer) -> tuple[Key, ...]:
        found: list[Key] = []
        for index, ref in enumerate(consumer.keys):
            try:
                found += read_keys(self._watched.public_keys(ref))
            except NotTrusted as error:
                raise Misconfigured(f"key {index} is of no use: {error}") from error
        return tuple(found)

    def _tried(self, consumer: Consumer, read: Callable[[Consumer], T]) -> T | None:
        try:
            return read(consumer)
        except Misconfigured as error:
            # Only this consumer stays outside; the others sell on.
            log.error("consumer %s cannot get a token: %s", consumer.id, error.detail)  # noqa: TRY400 - an operator's error
            return None

    def _advise(self, consumers: Iterable[Consumer]) -> None:
        """Once for each consumer that has a secret."""
        having = with_secrets(consumers)
        fresh = [each for each in having if each not in self._advised]
        self._advised = frozenset(having)
        if fresh:
            log.warning("%s: %s", ", ".join(fresh), SECRETS_ADVICE)


def with_secrets(consumers: Iterable[Consumer]) -> tuple[str, ...]:
    """The machines and devices that prove who they are by a secret."""
    return tuple(each.id for each in consumers if each.secret is not None)
