"""The nursery: a process that has the children's code in memory and forks each child its supervisor asks for.

It has one thread and no event loop, opens nothing, and does nothing at import: what it forks starts as a fresh process
would. It dies with its supervisor, and its children die with it. `python -m tillway.app.nursery PARENT FD MODULE...`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import logging
import os
import select
import signal
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from tillway.app.child import die_with

log = logging.getLogger(__name__)

# A terminal and a service manager send these to all processes at once. The supervisor decides what they mean; the
# nursery holds them back, and a child gets what came for it as soon as it is one.
HELD: Final = (signal.SIGINT, signal.SIGTERM)

# Read at once from the supervisor; an order takes as much as an environment.
READ_BYTES: Final = 65_536

# Exit codes of a child that could not be forked, that failed, and that was interrupted before it cared for signals.
NOT_FORKED: Final = os.EX_OSERR
FAILED: Final = 1
INTERRUPTED: Final = 128 + signal.SIGINT

# Input, output and error, which children share with their supervisor.
STANDARD: Final = (0, 1, 2)

# Fields of /proc/PID/stat (proc(5), counted from the one after the name): where the command line begins and ends.
_ARGUMENTS: Final = slice(45, 47)


class Start(msgspec.Struct, tag=True, frozen=True):
    """Fork a child that runs this module's `main`; it is called by this number from now on."""

    number: int
    module: str
    arguments: tuple[str, ...]
    environment: dict[str, str]


class Sign(msgspec.Struct, tag=True, frozen=True):
    """Send a child a signal, unless it has ended."""

    number: int
    signal: int


class Ended(msgspec.Struct, frozen=True):
    """A child has ended; the code is negative when a signal ended it."""

    number: int
    code: int


_orders: Final = msgspec.json.Decoder(Start | Sign)


def load(modules: Iterable[str]) -> None:
    """Have these in memory, out of the collector's way: what it never touches stays shared with the children."""
    gc.disable()
    for module in modules:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()


def run(wire: socket.socket, parent: int) -> NoReturn:
    """Be the nursery of this parent until it hangs up or dies. The kernel then ends the children."""
    try:
        die_with(parent)
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
        _close_all_but(wire)
        _rename(__spec__.name)
        _Nursery(wire).attend()
    except Exception:
        log.exception("the nursery failed")
    finally:
        os._exit(0)


class _Nursery:
    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._unread = b""
        self._pids: dict[int, int] = {}
        self._numbers: dict[int, int] = {}
        self._poll = select.poll()
        self._poll.register(wire, select.POLLIN)

    def attend(self) -> None:
        while True:
            for ready, _ in self._poll.poll():
                if ready != self._wire.fileno():
                    self._bury(ready)
                elif taken := self._wire.recv(READ_BYTES):
                    *lines, self._unread = (self._unread + taken).split(b"\n")
                    for line in lines:
                        self._obey(_orders.decode(line))
                else:
                    return

    def _obey(self, order: Start | Sign) -> None:
        if isinstance(order, Start):
            self._fork(order)
        elif order.number in self._pids:
            # Nobody but us can reap it, so that this process id is still its own.
            os.kill(self._pids[order.number], order.signal)

    def _fork(self, order: Start) -> None:
        nursery = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            log.exception("%s cannot be forked", order.module)
            self._tell(Ended(order.number, NOT_FORKED))
            return
        if pid == 0:
            _become(order, nursery, (self._wire.fileno(), *self._numbers))
        ending = os.pidfd_open(pid)
        self._pids[order.number] = pid
        self._numbers[ending] = order.number
        self._poll.register(ending, select.POLLIN)

    def _bury(self, ending: int) -> None:
        self._poll.unregister(ending)
        os.close(ending)
        number = self._numbers.pop(ending)
        _, status = os.waitpid(self._pids.pop(number), 0)
        self._tell(Ended(number, os.waitstatus_to_exitcode(status)))

    def _tell(self, news: Ended) -> None:
        # A supervisor that is gone is told nothing; the kernel is about to end us for it.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._wire.sendall(msgspec.json.encode(news) + b"\n")


def _become(order: Start, nursery: int, inherited: Iterable[int]) -> NoReturn:
    """Be the child: nothing of the nursery is left to it, and it never returns there."""
    code = FAILED
    try:
        die_with(nursery)
        for descriptor in inherited:
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(order.environment)
        sys.argv[:] = [order.module, *order.arguments]
        _rename(order.module)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
        importlib.import_module(order.module).main()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else FAILED * bool(leaving.code)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception:
        log.exception("%s failed", order.module)
    finally:
        _leave(code)


def _leave(code: int) -> NoReturn:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _close_all_but(wire: socket.socket) -> None:
    """Let go of what the supervisor had open, its lock above all."""
    for descriptor in [int(each.name) for each in Path("/proc/self/fd").iterdir()]:
        if descriptor not in (*STANDARD, wire.fileno()):
            # The one that was listing them is closed already.
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _rename(name: str) -> None:
    """Say in the list of processes what this one is: its command line, written over the one it was forked with."""
    begins, ends = (int(word) for word in Path("/proc/self/stat").read_text().rpartition(")")[2].split()[_ARGUMENTS])
    room = ends - begins
    ctypes.memmove(begins, name.encode()[: room - 1].ljust(room, b"\0"), room)


def main() -> None:
    """Be started anew, as a program of its own."""
    parent, wire, *modules = sys.argv[1:]
    die_with(int(parent))
    load(modules)
    run(socket.socket(fileno=int(wire)), int(parent))


if __name__ == "__main__":
    main()
