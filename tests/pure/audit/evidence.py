"""Chains of entries in memory, as the sealer makes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import JoseError

from tillway import ids
from tillway.audit.anchor import FIRST, Signed, anchored
from tillway.audit.entry import CLASSES, Entry, Link, Sealed, seal
from tillway.tokens import new_key

KEY = new_key()
NODE = ids.named("node", "audit")
START = datetime(2026, 11, 1, tzinfo=UTC)


def sign(payload: bytes) -> str:
    return jws.serialize_compact({"alg": "ES256", "kid": KEY.kid}, payload, KEY)


def unsign(token: str) -> tuple[bytes, bool] | None:
    try:
        return jws.deserialize_compact(token, KEY).payload, True
    except (JoseError, ValueError):
        return None


texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=8)
maybe = st.none() | texts

entries = st.builds(
    Entry,
    kind_of=st.sampled_from(CLASSES),
    at=st.integers(0, 10**9).map(lambda micros: START + timedelta(microseconds=micros)),
    node=st.just(NODE),
    operation=texts,
    status=st.integers(100, 599),
    network=texts,
    release=texts,
    principal=maybe,
    kind=maybe,
    actor=maybe,
    api=maybe,
    subject=maybe,
    code=maybe,
    policies=st.lists(texts.map(lambda text: text.replace("\x1f", "")), max_size=2)
    .map(tuple)
    .filter(lambda p: p != ("",)),
    correlation=maybe,
    count=st.integers(1, 9),
    personal=maybe,
)


def entry(**more) -> Entry:
    return Entry(
        **{
            "kind_of": "write",
            "at": START,
            "node": NODE,
            "operation": "placeOrder",
            "status": 201,
            "network": "loopback",
            "release": "r1",
            **more,
        }
    )


def sealed(given: list[Entry], anchor_every: int = 3) -> tuple[list[Sealed], list[Signed], dict[str, Link]]:
    """Entries sealed one after the other, with an anchor after every few."""
    ends: dict[str, Link] = {name: Link() for name in CLASSES}
    rows: list[Sealed] = []
    anchors: list[Signed] = []
    for number, each in enumerate(given, start=1):
        at = START + timedelta(seconds=number)
        row = seal(each, ends[each.kind_of], number=number, sealed_at=at, salt=bytes([number % 256]) * 16)
        ends[each.kind_of] = Link(row.seq, row.hash)
        rows.append(row)
        if number % anchor_every == 0:
            before = anchors[-1].token if anchors else FIRST
            made = anchored(anchor=len(anchors) + 1, before=before, at=at, number=number, ends=ends, sign=sign)
            anchors.append(made)
    return rows, anchors, ends
