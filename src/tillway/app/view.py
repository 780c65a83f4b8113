"""The demo's live view: what moves through the hub, stage by stage, as it moves."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from datetime import datetime
from typing import Final

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from tillway.app.hub import Running
from tillway.journal import Recorded, Tail
from tillway.landscape import Landscape
from tillway.postgres import Database

# Lines of the newest things shown.
LINES: Final = 14

# Pictures a second: enough to see things move, little enough to cost nothing.
FRAMES: Final = 4

_STARTS: Final = {"sale.recorded": "sale", "order.placed": "order"}
_ENDS: Final = {"sale.booked": "booked", "order.accepted": "accepted"}
_FAULTS: Final = frozenset({"order.exception", "sale.exception", "sale.quarantined"})


class Moving(msgspec.Struct, kw_only=True):
    """One sale, order or price change on its way."""

    kind: str
    subject: str
    where: str
    amount: str
    began: datetime
    recorded_ms: float
    ended_ms: float | None = None
    state: str = "on its way"


class Board:
    """What the view knows. Fed by the tail, drawn by the frame."""

    def __init__(self) -> None:
        self.lines: deque[Moving] = deque(maxlen=LINES)
        self.counts: dict[str, int] = {}
        self._open: dict[str, Moving] = {}

    def take(self, event: Recorded) -> None:
        """One event from the journal."""
        self.counts[event.type] = self.counts.get(event.type, 0) + 1
        if event.type in _STARTS:
            data = event.data
            moving = Moving(
                kind=_STARTS[event.type],
                subject=event.subject,
                where=data.get("till") or data.get("shop") or "",
                amount=f"{data['gross']} {data['currency']}",
                began=event.time,
                recorded_ms=_milliseconds(event.time, event.recorded_at),
            )
            self._open[event.subject] = moving
            self.lines.append(moving)
        elif event.type in _ENDS or event.type in _FAULTS:
            self._end(event)
        elif event.type == "price.changed":
            self._price(event)

    def _end(self, event: Recorded) -> None:
        moving = self._open.pop(event.subject, None)
        if moving is not None:
            moving.ended_ms = _milliseconds(moving.began, event.recorded_at)
            moving.state = _ENDS.get(event.type, event.type)

    def _price(self, event: Recorded) -> None:
        data = event.data
        told = data["prices"][0] if data["prices"] else {"amount": data["list_price"], "currency": data["currency"]}
        self.lines.append(
            Moving(
                kind="price",
                subject=event.subject,
                where=", ".join(data["lists"]),
                amount=f"{told['amount']} {told['currency']}",
                began=event.time,
                recorded_ms=_milliseconds(event.time, event.recorded_at),
                state="told",
            )
        )

    def picture(self, running: Running, shops: int) -> Group:
        """The screen now."""
        table = Table(expand=True, box=None, pad_edge=False)
        for title in ("what", "subject", "where", "amount", "in the journal", "in the ERP", "state"):
            table.add_column(title, justify="right" if title in ("amount", "in the journal", "in the ERP") else "left")
        for moving in reversed(self.lines):
            ended = "" if moving.ended_ms is None else f"{moving.ended_ms:.0f} ms"
            colour = {"booked": "green", "accepted": "green", "told": "cyan", "on its way": "yellow"}
            style = colour.get(moving.state, "red")
            table.add_row(
                moving.kind,
                moving.subject[:13],
                moving.where,
                moving.amount,
                f"{moving.recorded_ms:.0f} ms",
                ended,
                f"[{style}]{moving.state}[/]",
            )
        counted = "  ".join(f"{name} [bold]{count}[/]" for name, count in sorted(self.counts.items()))
        head = f"[bold]Tillway[/] at {running.base_url}   {shops} shops   Ctrl-C stops"
        return Group(Panel(f"{head}\n{counted or 'waiting for the first sale'}"), table)

    def line(self, event: Recorded) -> str:
        """One line for a terminal that cannot be redrawn."""
        waited = _milliseconds(event.time, event.recorded_at)
        return f"{event.recorded_at:%H:%M:%S} {event.type:<17} {event.subject} ({waited:.0f} ms)\n"


async def show(running: Running, landscape: Landscape, *, live: bool, quiet: bool) -> None:
    """Until cancelled."""
    sys.stdout.write(f"Tillway answers at {running.base_url}\n")
    sys.stdout.flush()
    if quiet:
        await asyncio.Event().wait()
    board = Board()
    async with Database(running.database_url, "demo view") as db:
        tail = Tail(db)
        await tail.start()
        types = (*_STARTS, *_ENDS, *_FAULTS, "price.changed", "product.changed")
        tail.local(types, board.take)
        if not live:
            tail.local(types, lambda event: _print(board, event))
        following = asyncio.ensure_future(tail.run())
        try:
            if live:
                await _redraw(board, running, len(landscape.shops))
            else:
                await asyncio.Event().wait()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _redraw(board: Board, running: Running, shops: int) -> None:
    with Live(console=Console(), auto_refresh=False, screen=False, transient=False) as screen:
        while True:
            screen.update(board.picture(running, shops), refresh=True)
            await asyncio.sleep(1 / FRAMES)


def _print(board: Board, event: Recorded) -> None:
    sys.stdout.write(board.line(event))
    sys.stdout.flush()


def _milliseconds(began: datetime, ended: datetime) -> float:
    return max(0.0, (ended - began).total_seconds() * 1000)
