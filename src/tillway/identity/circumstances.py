"""Where and when somebody asks, as far as policies can know. Pure but for a memory of labels."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tillway.landscape import ELSEWHERE

# Peers whose label is remembered: more than the shops of a large retailer, and a bound on memory (a few MB).
PEERS_MAX: Final = 20_000

# Every zone's clock is apart from UTC by whole quarters of an hour, so hours and days change on them only.
QUARTER_SECONDS: Final = 900

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Circumstances(NamedTuple):
    """What policies look at beside who asks for what. What no policy looks at stays as it is here."""

    hour: int = 0
    weekday: str = WEEKDAYS[0]
    network: str = ELSEWHERE
    step_up: bool = False


class Circumstancing:
    """Circumstances of requests under one landscape: only what its policies look at is worked out at all."""

    def __init__(self, looked_at: Collection[str], timezone: str, networks: Mapping[str, Sequence[str]]) -> None:
        self._clock = bool({"hour", "weekday"} & set(looked_at))
        self._step_up = "step_up" in looked_at
        self._network = "network" in looked_at and bool(networks)
        self._zone = ZoneInfo(timezone)
        self._labels = Labels(networks)
        self._quarter = -1
        self._local = (0, WEEKDAYS[0])
        self._plain = Circumstances()
        self._needed = self._clock or self._step_up or self._network

    def of(self, now: datetime, peer: str, *, step_up: bool) -> Circumstances:
        """Those of a request at this moment from this address."""
        if not self._needed:
            return self._plain
        hour, weekday = self._at(now) if self._clock else self._local
        network = self._labels.of(peer) if self._network else ELSEWHERE
        return Circumstances(hour, weekday, network, self._step_up and step_up)

    def _at(self, now: datetime) -> tuple[int, str]:
        quarter = int(now.timestamp()) // QUARTER_SECONDS
        if quarter != self._quarter:
            local = now.astimezone(self._zone)
            self._local = (local.hour, WEEKDAYS[local.weekday()])
            self._quarter = quarter
        return self._local


class Labels:
    """The label of an address: of the narrowest declared network it stands in."""

    def __init__(self, networks: Mapping[str, Sequence[str]]) -> None:
        ranges = [(ipaddress.ip_network(cidr), label) for label, cidrs in networks.items() for cidr in cidrs]
        self._ranges = sorted(ranges, key=lambda each: -each[0].prefixlen)
        self._known: dict[str, str] = {}

    def of(self, peer: str) -> str:
        """The label; ELSEWHERE for an address of no network, and for what is no address."""
        label = self._known.get(peer)
        if label is None:
            if len(self._known) >= PEERS_MAX:
                self._known.clear()
            label = self._known[peer] = self._found(peer)
        return label

    def _found(self, peer: str) -> str:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return ELSEWHERE
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return next((label for network, label in self._ranges if address in network), ELSEWHERE)


class TimeBox(NamedTuple):
    """From when and until when (not included) somebody may act; None: without that limit."""

    begins: datetime | None
    ends: datetime | None


def time_box(valid_from: date | None, valid_until: date | None, timezone: str) -> TimeBox:
    """The moments that two entries of a landscape mean: a day begins and ends in this timezone."""
    zone = ZoneInfo(timezone)
    ends = None
    if valid_until is not None:
        ends = valid_until if isinstance(valid_until, datetime) else _midnight(valid_until + timedelta(days=1), zone)
    begins = valid_from if isinstance(valid_from, datetime) or valid_from is None else _midnight(valid_from, zone)
    return TimeBox(begins, ends)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)
