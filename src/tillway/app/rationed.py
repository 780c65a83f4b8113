"""The governor's numbers for metrics: read from Postgres now and then, so that a scrape waits for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from tillway.errors import TillwayError
from tillway.outbound import Governed, governed
from tillway.postgres import Database
from tillway.retail import Criticality

# Between two looks: a third of what Prometheus usually waits between two scrapes.
LOOK_SECONDS: Final = 5.0

_GAUGES: Final = (
    ("tillway_odoo_limit", "Calls at once that an ERP gets, as measured.", "limit"),
    ("tillway_odoo_ceiling", "Most calls at once that it may ever get.", "ceiling"),
    ("tillway_odoo_permits_held", "Permits in the hands of processes.", "held"),
    ("tillway_odoo_running", "Calls under way, on average.", "running"),
    ("tillway_odoo_latency_seconds", "What a call took on average, of late.", "latency"),
    ("tillway_odoo_slowdown", "How many times longer calls take than undisturbed.", "slow"),
    ("tillway_odoo_left_alone", "1 while it is left alone because it does not answer.", "left_alone"),
)


class Rationed:
    """The last look, as a collector of Prometheus."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._seen: tuple[Governed, ...] = ()
        self.registry = CollectorRegistry()
        self.registry.register(self)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                self._seen = await governed(self._db)
            except TillwayError:
                self._seen = ()  # unknown is better than old
            await asyncio.sleep(LOOK_SECONDS)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus asks for."""
        for name, text, field in _GAUGES:
            gauge = GaugeMetricFamily(name, text, labels=("connection",))
            for each in self._seen:
                gauge.add_metric((each.connection,), float(getattr(each, field)))
            yield gauge
        waiting = GaugeMetricFamily(
            "tillway_odoo_waiting", "Calls that wait for a permit.", labels=("connection", "criticality")
        )
        calls = CounterMetricFamily("tillway_odoo_calls", "Calls to an ERP.", labels=("connection", "criticality"))
        refused = CounterMetricFamily(
            "tillway_odoo_given_up", "Calls given up while they waited for a permit.", labels=("connection",)
        )
        for each in self._seen:
            for rank in Criticality:
                labels = (each.connection, rank.name.lower())
                waiting.add_metric(labels, each.waiting[rank])
                calls.add_metric(labels, each.calls[rank])
            refused.add_metric((each.connection,), each.refused)
        yield from (waiting, calls, refused)
