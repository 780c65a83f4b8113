"""A process that calls a far side through the gate until it is told to stop: DSN, URL, ceiling, rank, tasks, lease."""

from __future__ import annotations

import asyncio
import signal
import sys

from tillway.errors import TillwayError
from tillway.outbound import Client, Gate, InPostgres, Request, Terms, reach
from tillway.postgres import Database


async def main(dsn: str, url: str, *, most: int, rank: int, tasks: int, lease: float) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Database(dsn, "caller") as database, Client(reach(["127.0.0.0/8"])) as client:
        gate = Gate(client, InPostgres(database, "erp"), most=most, lease_seconds=lease)

        async def calls() -> None:
            terms = Terms(rank=rank, seconds=30.0, what="read")
            while not stop.is_set():
                try:
                    await gate.send(terms, lambda: Request(method="GET", url=f"{url}/{rank}", changes=False))
                except TillwayError as error:
                    sys.stderr.write(f"{error}\n")

        working = [asyncio.create_task(calls()) for _ in range(tasks)]
        await stop.wait()
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await gate.close()


if __name__ == "__main__":
    _, dsn, url, most, rank, tasks, lease = sys.argv
    asyncio.run(main(dsn, url, most=int(most), rank=int(rank), tasks=int(tasks), lease=float(lease)))
