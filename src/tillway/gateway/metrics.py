"""What the front door counts, for Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST

# Seconds: from what one read takes to the longest a caller may wait.
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Requests by operation and status, and how long they took. The label `operation` is never a path."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._requests = Counter("tillway_requests", "Requests answered.", ("operation", "status"), registry=registry)
        self._seconds = Histogram(
            "tillway_request_seconds",
            "Seconds from first byte to answer.",
            ("operation",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._over_quota = Counter(
            "tillway_over_quota",
            "Requests over their consumer's quota: refused, or facts that were let through.",
            ("api", "outcome"),
            registry=registry,
        )
        self._shed = Counter(
            "tillway_shed",
            "Requests refused because the door was full, by their criticality.",
            ("criticality",),
            registry=registry,
        )
        self._cut = Counter(
            "tillway_fields_cut",
            "Fields left out of answers: withheld for their class of data, or unknown to the contract.",
            ("operation", "why"),
            registry=registry,
        )
        # Looking children up by their labels costs more than counting.
        self._children: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def observe(self, operation: str, status: int, seconds: float) -> None:
        """Count one request."""
        children = self._children.get((operation, status))
        if children is None:
            made = self._requests.labels(operation, str(status)), self._seconds.labels(operation)
            children = self._children[operation, status] = made
        children[0].inc()
        children[1].observe(seconds)

    def over_quota(self, api: str, outcome: str) -> None:
        """Count one request over the quota; `outcome` is refused or fact."""
        self._over_quota.labels(api, outcome).inc()

    def shed(self, criticality: str) -> None:
        """Count one request refused for want of room."""
        self._shed.labels(criticality).inc()

    def cut(self, operation: str, withheld: int, unknown: int) -> None:
        """Count fields left out of one answer."""
        for why, count in (("withheld", withheld), ("unknown", unknown)):
            if count:
                self._cut.labels(operation, why).inc(count)

    def page(self) -> bytes:
        """The exposition text."""
        return generate_latest(self._registry)
