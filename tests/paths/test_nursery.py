"""The nursery: children start from its memory and share nothing else of it; their ends are known; none is left over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.running_demo import ROOT, until

from tillway.app.children import ORPHANED, Nursery
from tillway.app.nursery import FAILED

CHILD = "tests.paths.nursery_child"


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    """A nursery started as a program: a fork of this process would not be what a supervisor has."""
    with contextlib.closing(Nursery(CHILD)) as opened:
        yield opened


@pytest.mark.parametrize(("act", "code"), [(("leave", "0"), 0), (("leave", "7"), 7), (("fail", "on purpose"), FAILED)])
async def test_the_supervisor_knows_how_a_child_ended(nursery: Nursery, act: tuple[str, str], code: int) -> None:
    child = nursery.start(CHILD, *act, environment={})
    assert child.returncode is None
    assert await child.wait() == code
    assert child.returncode == code
    child.kill()


async def test_a_child_told_to_stop_before_it_came_up_stops(nursery: Nursery) -> None:
    """The nursery itself lets no SIGTERM in; one for its child is not lost with it."""
    child = nursery.start(CHILD, "wait", "/dev/null/nowhere", environment={})
    child.terminate()
    assert await child.wait() == -signal.SIGTERM


async def test_a_child_that_does_not_listen_is_killed(nursery: Nursery, tmp_path: Path) -> None:
    child = nursery.start(CHILD, "wait", str(tmp_path / "up"), environment={})
    await _told(tmp_path / "up")
    child.kill()
    assert await child.wait() == -signal.SIGKILL


async def test_a_child_has_its_own_surroundings_and_nothing_of_the_nursery(nursery: Nursery, tmp_path: Path) -> None:
    """No wire to the supervisor, no handle of a sibling; no signal held; the environment is the one that was given."""
    sibling = nursery.start(CHILD, "wait", str(tmp_path / "up"), environment={})
    await _told(tmp_path / "up")
    await nursery.start(CHILD, "look", str(tmp_path / "seen"), environment={"ONLY": "this"}).wait()
    seen = await _told(tmp_path / "seen")
    assert [each for each in seen.pop("descriptors") if each.startswith(("socket:", "anon_inode:"))] == []
    assert seen == {
        "blocked": [],
        "threads": 1,
        "environment": {"ONLY": "this"},
        "name": CHILD,
    }
    sibling.kill()


async def test_no_two_children_draw_the_same_random_bytes(nursery: Nursery, tmp_path: Path) -> None:
    """Though each generator was in use when they were forked."""
    for number in range(3):
        await nursery.start(CHILD, "draw", str(tmp_path / str(number)), environment={}).wait()
    drawn = [await _told(tmp_path / str(number)) for number in range(3)]
    assert [len(set(each)) for each in zip(*drawn, strict=True)] == [3] * 5


async def test_a_nursery_that_died_is_replaced(nursery: Nursery, tmp_path: Path) -> None:
    """Its children are gone with it and count as killed; the next start finds a new one."""
    child = nursery.start(CHILD, "wait", str(tmp_path / "up"), environment={})
    await _told(tmp_path / "up")
    assert nursery.pid is not None
    process = psutil.Process(nursery.pid).children()[0]
    os.kill(nursery.pid, signal.SIGKILL)
    assert await child.wait() == ORPHANED
    await until(lambda: _gone(process), "the child of the dead nursery")
    assert await nursery.start(CHILD, "leave", "5", environment={}).wait() == 5


def test_loading_the_children_of_a_demo_starts_and_opens_nothing() -> None:
    """One thread and the same descriptors after importing all of them as before: this is what may be forked."""
    script = (
        "import os, threading\n"
        "from tillway.app import demo, nursery\n"
        "def look(): return [len(os.listdir(f'/proc/self/{each}')) for each in ('task', 'fd')]\n"
        "before = look()\n"
        "nursery.load(demo.MODULES)\n"
        "assert before == look(), (before, look())\n"
        "assert look()[0] == threading.active_count() == 1\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, check=True, timeout=60)


async def _told(path: Path) -> Any:
    async def look() -> bool:
        return path.exists()

    await until(look, path.name)
    return json.loads(await asyncio.to_thread(path.read_text))


async def _gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
