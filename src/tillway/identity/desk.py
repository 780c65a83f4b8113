"""What the token endpoint works with at one moment: everything that was looked up before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from tillway.identity.devices import KnownDevice
from tillway.identity.foreign import Key
from tillway.identity.restrictions import UNRESTRICTED, Restrictions
from tillway.identity.ring import KeyRing
from tillway.landscape import Consumer, Issuer, Landscape
from tillway.tokens import Realm

TOKEN_PATH: Final = "/oauth2/token"  # noqa: S105 - a path


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """The rules in force, our keys, and what is known of whoever may be asking.

    `secrets` and `keys` are by consumer, as read from the landscape's references. `device` is the enrolled device that
    the request says it is from, `vouching` the declared issuer that an assertion says it is from, with its keys.
    """

    landscape: Landscape
    ring: KeyRing
    realm: Realm
    now: datetime
    token_id: str
    secrets: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, Sequence[Key]] = field(default_factory=dict)
    restrictions: Restrictions = UNRESTRICTED
    device: KnownDevice | None = None
    vouching: tuple[Issuer, Sequence[Key]] | None = None

    @property
    def token_url(self) -> str:
        """The token endpoint as clients know it."""
        return self.realm.issuer.rstrip("/") + TOKEN_PATH


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """Who asks for a token: a consumer, or an enrolled device of one. `id` is the consumer's or the device's.

    `thumbprint` is of the key that a device was enrolled with, and its tokens are bound to.
    """

    id: str
    consumer: Consumer
    shop: str | None = None
    thumbprint: str | None = None
