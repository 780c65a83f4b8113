"""Lanes: which lane a key belongs to, and which node should hold which lanes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from hashlib import sha256
from uuid import UUID
from zlib import crc32

import msgspec


def lane_of(partitionkey: str, lanes: int) -> int:
    """The lane of a key; the same on every node and in every release (CRC-32 of its UTF-8)."""
    return crc32(partitionkey.encode()) % lanes


class Shift(msgspec.Struct, frozen=True):
    """What a node should do about the lanes of one follower now."""

    claim: tuple[int, ...]
    release: tuple[int, ...]


def shift(owners: Mapping[int, UUID | None], live: AbstractSet[UUID], me: UUID, *, follower: str = "") -> Shift:
    """The lanes to take and to let go, so that live nodes come to hold equal shares.

    `owners` maps each lane to its owner (dead or alive) or None. A node claims only lanes whose owner is gone, and lets
    go only what it holds above its share while another live node holds less, so lanes never travel back and forth.
    """
    nodes = sorted(live | {me}, key=lambda node: sha256(follower.encode() + node.bytes).digest())
    share, rest = divmod(len(owners), len(nodes))
    # The first nodes in order carry the rest, so that every node computes the same shares. The order is another one for
    # each follower: followers of one lane, such as subscriptions, would otherwise all be held by the same node.
    mine_at_most = share + (1 if nodes.index(me) < rest else 0)
    mine = sorted(lane for lane, owner in owners.items() if owner == me)
    free = sorted(lane for lane, owner in owners.items() if owner is None or owner not in live | {me})
    if len(mine) > mine_at_most:
        return Shift((), tuple(mine[mine_at_most:]))
    return Shift(tuple(free[: mine_at_most - len(mine)]), ())


def of_lane(keys: Iterable[str], lane: int, lanes: int) -> list[bool]:
    """For each key, whether it belongs to the lane."""
    return [lanes == 1 or lane_of(key, lanes) == lane for key in keys]
