from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from tests.postgres_cluster import make_state, run

import tillway
from tillway.clock import monotonic
from tillway.errors import Misconfigured
from tillway.postgres import Embedded
from tillway.postgres.binaries import find_install
from tillway.postgres.processes import residents

OWNER = Path(__file__).with_name("owner.py")
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@dataclass
class Owner:
    """A process that owns an embedded server."""

    process: subprocess.Popen[str]
    dsn: str
    postmaster: int

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def state() -> Iterator[Path]:
    directory = make_state()
    yield directory
    shutil.rmtree(directory)


@contextmanager
def owner(state: Path, *, user: int | None = None, python: str = sys.executable) -> Iterator[Owner]:
    packages = os.pathsep.join([str(Path(tillway.__file__).parents[1]), *sys.path])
    process = subprocess.Popen(
        [python, OWNER, state],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={"PYTHONPATH": packages, "PATH": os.environ["PATH"]},
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    with process:
        assert process.stdout is not None
        dsn = process.stdout.readline().strip()
        yield Owner(process, dsn, int(process.stdout.readline()) if dsn.startswith("postgresql") else 0)
        if process.poll() is None:
            process.communicate("")


def ask(dsn: str, sql: str) -> object:
    async def fetch() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return run(fetch())


def wait_until(condition: Callable[[], bool], seconds: float) -> float:
    """Seconds it took; a failure when it takes longer."""
    began = monotonic()
    while not condition():
        assert monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.01)
    return monotonic() - began


def test_the_first_start_makes_a_cluster_that_only_this_machine_can_reach(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres" / "data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18")
    with Embedded(tmp_path) as server:
        assert ask(
            server.dsn(),
            "SELECT array_agg(current_setting(name)) FROM unnest(ARRAY['listen_addresses', 'server_encoding',"
            " 'fsync', 'full_page_writes', 'synchronous_commit', 'max_connections']) AS name",
        ) == ["", "UTF8", "on", "on", "on", "100"]
        assert ask(server.dsn(), "SELECT datcollate FROM pg_database WHERE datname = 'tillway'") == "C"
        data = tmp_path / "postgres" / "data"
        assert {path.stat().st_mode & 0o777 for path in (data, data / "socket")} == {0o700}
        assert not half_made.exists()


def test_stopping_is_clean_and_starting_again_finds_everything(state: Path) -> None:
    with Embedded(state, durable=False) as server:
        ask(server.dsn(), "CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    assert server.pid is None
    assert residents(state / "postgres" / "data") == frozenset()
    with server:
        assert ask(server.dsn(), "SELECT answer FROM kept") == 42
    assert "interrupted" not in (state / "logs" / "postgres.log").read_text()


@as_root
def test_as_root_the_server_runs_as_somebody_without_rights_below_a_closed_directory(state: Path) -> None:
    assert state.stat().st_mode & 0o777 == 0o700
    with Embedded(state, durable=False) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid not in {0, state.stat().st_uid}
        assert ask(server.dsn(), "SELECT 1") == 1


@as_root
def test_binaries_in_a_closed_directory_are_copied_once(state: Path, tmp_path: Path) -> None:
    install = tmp_path / "closed" / "pginstall18"
    shutil.copytree(find_install(), install, symlinks=True)
    install.parent.chmod(0o700)
    note = state / "postgres" / "binaries"
    copies = []
    for _ in range(2):
        with Embedded(state, durable=False, install=install) as server:
            assert ask(server.dsn(), "SELECT 1") == 1
        copies.append(note.read_text())
    assert copies[0] == copies[1]
    shutil.rmtree(copies[0])


def python_of_everybody() -> str | None:
    """An interpreter of our version that an unprivileged user may run."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            said = subprocess.run(
                [python, "-c", "import sys, tillway; print(*sys.version_info[:2])"],
                env={"PYTHONPATH": os.pathsep.join([str(Path(tillway.__file__).parents[1]), *sys.path])},
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
        except (PermissionError, FileNotFoundError):
            continue
        if said.stdout.split() == [str(number) for number in sys.version_info[:2]]:
            return python
    return None


@as_root
def test_a_normal_user_runs_it_as_himself(state: Path) -> None:
    python = python_of_everybody()
    if python is None:
        pytest.skip("no Python here that an unprivileged user may run")
    for path in (state, *state.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    with owner(state, user=NOBODY, python=python) as own:
        assert ask(own.dsn, "SELECT 1") == 1
        assert Path(f"/proc/{own.postmaster}").stat().st_uid == NOBODY
    assert residents(state / "postgres" / "data") == frozenset()


def test_a_state_directory_too_deep_for_a_socket_gets_a_short_way_in(state: Path) -> None:
    deep = state / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir()
    deep.mkdir(mode=0o700)
    (state / "postgres").rename(deep / "postgres")
    with Embedded(deep, durable=False) as server:
        first = server.dsn()
        assert ask(first, "SELECT 1") == 1
    with server:
        assert server.dsn() == first
        assert ask(first, "SELECT 1") == 1
    way = Path(first.partition("host=")[2]).parent
    assert way.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(way)


def test_a_second_hub_is_refused_and_told_who_is_first(state: Path) -> None:
    with owner(state) as first, owner(state) as second:
        assert second.dsn == (
            f"refused: a hub already runs on {state}: process {first.process.pid} | stop process {first.process.pid},"
            " or give this hub a directory of its own with TILLWAY_STATE"
        )
        assert ask(first.dsn, "SELECT 1") == 1


def test_a_killed_owner_leaves_no_server_and_its_successor_starts_at_once(state: Path) -> None:
    data = state / "postgres" / "data"
    with owner(state) as first:
        ask(first.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
        first.kill()
        with Embedded(state, durable=False) as second:  # the old server may still be on its way down
            assert ask(second.dsn(), "SELECT answer FROM kept") == 42
    with owner(state) as third:
        third.kill()
        wait_until(lambda: not residents(data), 30)
    log = (state / "logs" / "postgres.log").read_text()
    assert (log.count("starting PostgreSQL"), log.count("database system is shut down\n")) == (3, 3)
    assert "not properly shut down" not in log


def test_a_killed_owner_and_postmaster_with_a_busy_session_do_not_hinder_the_successor(state: Path) -> None:
    data = state / "postgres" / "data"

    computing = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series%'"
    endless = "SELECT count(*) FROM generate_series(1, 100000000000)"
    with owner(state) as own:
        ask(own.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
        with subprocess.Popen([find_install() / "bin" / "psql", own.dsn, "-c", endless], stderr=subprocess.DEVNULL):
            wait_until(lambda: ask(own.dsn, computing) == 2, 5)  # this one and the question itself
            os.kill(own.postmaster, signal.SIGKILL)
            own.kill()
            assert len(residents(data)) > 0
            with Embedded(state, durable=False) as server:
                assert ask(server.dsn(), "SELECT answer FROM kept") == 42
    assert residents(data) == frozenset()


def test_a_pid_file_that_names_a_stranger_is_stale(state: Path) -> None:
    (state / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n")
    with Embedded(state, durable=False) as server:
        assert ask(server.dsn(), "SELECT 1") == 1


def test_a_server_that_will_not_start_says_why_and_lets_the_directory_go(state: Path) -> None:
    version = state / "postgres" / "data" / "PG_VERSION"
    version.write_text("9.6\n")
    with pytest.raises(Misconfigured, match="incompatible with server") as refused:
        Embedded(state, durable=False).start()
    assert refused.value.remedy == f"see {state}/logs/postgres.log"
    version.write_text("18\n")
    with Embedded(state, durable=False) as server:
        assert ask(server.dsn(), "SELECT 1") == 1


def test_only_the_main_thread_may_start_it(state: Path) -> None:
    server, raised = Embedded(state, durable=False), []

    def start() -> None:
        with pytest.raises(RuntimeError, match="main thread") as refused:
            server.start()
        raised.append(refused.value)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert len(raised) == 1
