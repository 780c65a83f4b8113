"""What the pages name exists: paths, settings, commands and their options, targets, metrics, problems, files."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from starlette.routing import Route
from tests.pure.docs import promises
from tests.pure.docs.pages import DOCS, ROOT, code, name_of, pages
from tests.pure.docs.running import commands
from typer.testing import CliRunner

from tillway import apis, cli, errors, gateway, identity
from tillway.app.lookout import Lookout
from tillway.app.rationed import Rationed
from tillway.app.staleness import Staleness
from tillway.connectors.odoo import classify
from tillway.gateway import HOOKS
from tillway.gateway.metrics import Metrics
from tillway.gateway.public import Public
from tillway.postgres import Database
from tillway.sandbox.serve import build
from tillway.sandbox.subscriber import Subscriber
from tillway.settings import PREFIX, Settings

PAGES = pytest.mark.parametrize("page", pages(), ids=name_of)

# Absolute paths that are none of the hub's: of the machine, of a subscriber, pointers into a body, CloudEvents' source.
FOREIGN = re.compile(
    r"/(var|opt|tmp|proc|etc|dev|run)/|/(lines|query|path|header|shop|till|delivery)/"
    r"|/(hook|total|shop|till|tillway|orders/v2)\Z"
)
_PATH = re.compile(r"(?:^|(?<=[\s\"'(=`])|(?<=\))|(?<=\$HUB)|(?<=\$ERP)|(?<=\$SUBSCRIBER))(/[A-Za-z.][\w.{}\-/<>]*)")
_URL = re.compile(r"https?://(?P<host>[^/\s\"'`]+)(?P<path>/[^\s\"'`?\\)]*)")
_SETTING = re.compile(rf"\b{PREFIX}[A-Z_]+\b")
_COMMAND = re.compile(r"(?:^|(?<!from)[\s(`/])tillway ([a-z][a-z-]*)((?: [^\n`|)]*)?)")
_TARGET = re.compile(r"(?:^|\s)make ([a-z]+)\b")
_METRIC = re.compile(r"\btillway_[a-z_]+\b")
_STATE_FILE = re.compile(r"\.state/(?:demo/)?([a-z]+\.(?:json|token|lock))")


@cache
def templates() -> frozenset[str]:
    """Every path that anybody of ours answers."""
    found = {operation.path for _, operation in promises.DOCUMENTS.operations()} | set(promises.PUBLIC)
    found.add(f"{HOOKS}{{source}}")
    sandbox = build(key="k").app().routes + Subscriber("whsec_" + "A" * 32).app().routes
    return frozenset(found) | {
        route.path for route in sandbox if isinstance(route, Route) and ":path}" not in route.path
    }


def known(path: str, among: frozenset[str]) -> bool:
    """Whether a path, or what it is the beginning of, is answered."""
    asked = path.rstrip("/").split("/")
    return any(_fits(asked, template.split("/")) for template in among)


def _fits(asked: list[str], template: list[str]) -> bool:
    return len(asked) <= len(template) and all(
        there == here or "{" in there for here, there in zip(asked, template, strict=False)
    )


def named_paths(text: str) -> Iterator[str]:
    """Paths in code, and those of addresses of the hub and the sandbox."""
    for piece in code(text):
        for found in _URL.finditer(piece):
            if found["host"].startswith(("127.0.0.1", "hub.example.com")):
                yield found["path"]
        yield from _PATH.findall(_URL.sub("", piece))


@PAGES
def test_a_path_is_answered_by_somebody(page: Path) -> None:
    among = templates()
    found = {path for path in named_paths(page.read_text()) if not FOREIGN.match(path) and "/problems/" not in path}
    assert sorted(path for path in found if not known(path, among)) == []


def test_what_needs_no_token_is_listed_completely() -> None:
    keys = SimpleNamespace(realm=SimpleNamespace(issuer="http://127.0.0.1:8080"))
    nothing = cast("Any", None)
    public = Public(
        documents=promises.DOCUMENTS,
        keys=cast("Any", keys),
        active=nothing,
        secrets=nothing,
        client_keys=nothing,
        tokens=nothing,
        states=nothing,
        restricted=nothing,
        ready=nothing,
        metrics=nothing,
        leaving=nothing,
        people=cast("Any", SimpleNamespace(sign_in=None, callback=None, session=None, token=None, sign_out=None)),
        handing_out=nothing,
    )
    listed = set(promises.PUBLIC)
    assert [path for path in public._pages if not any(_whole(path, each) for each in listed)] == []


def _whole(path: str, template: str) -> bool:
    asked, there = path.split("/"), template.split("/")
    return len(asked) == len(there) and _fits(asked, there)


@PAGES
def test_a_setting_exists(page: Path) -> None:
    settings = {PREFIX + name.upper() for name in inspect.signature(Settings).parameters}
    assert set(_SETTING.findall(page.read_text())) - settings == set()


def test_every_setting_is_explained() -> None:
    settings = {PREFIX + name.upper() for name in inspect.signature(Settings).parameters}
    assert settings - set(_SETTING.findall((DOCS / "settings.md").read_text())) == set()


@PAGES
def test_a_command_and_its_options_exist(page: Path) -> None:
    wrong = []
    for piece in code(page.read_text()):
        for name, rest in _COMMAND.findall(piece.partition(" #")[0]):
            named = commands()
            command = named.get(f"{name} {rest.split()[0]}" if rest.split() else "") or named.get(name)
            if command is None and any(each.startswith(f"{name} ") for each in named) and not rest.strip():
                continue  # a group, named as a whole
            options = {option for each in getattr(command, "params", ()) for option in each.opts} | {"--help"}
            if command is None or set(re.findall(r"(?<!\S)--[a-z-]+", rest)) - options:
                wrong.append(f"tillway {name}{rest}")
    assert wrong == []


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_reference_names_the_options_that_help_names(name: str) -> None:
    shown = (
        CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
        .invoke(cli.app, [*name.split(), "--help"])
        .output
    )
    section = (DOCS / "cli.md").read_text().partition(f"## tillway {name}\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(--[a-z-]+)", section)) == set(re.findall(r"--[a-z][a-z-]+", shown)) - {"--help"}


@PAGES
def test_a_target_of_make_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for piece in code(page.read_text()) for target in _TARGET.findall(piece)}
    assert named - targets == set()


@PAGES
def test_a_metric_is_counted(page: Path) -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.observe("placeOrder", 201, 0.01)
    rationed = Rationed(Database("postgresql://nowhere", "none"))
    Staleness(cast("Any", None), cast("Any", None), rationed.registry)
    Lookout(dict, rationed.registry)
    counted = (metrics.page() + generate_latest(rationed.registry)).decode()
    assert [name for name in _METRIC.findall(page.read_text()) if name not in counted] == []


@PAGES
def test_a_file_of_the_state_directory_is_written_by_the_code(page: Path) -> None:
    source = "".join(path.read_text() for path in (ROOT / "src" / "tillway").rglob("*.py"))
    assert [name for name in _STATE_FILE.findall(page.read_text()) if f'"{name}"' not in source] == []


def test_every_kind_of_problem_is_explained() -> None:
    """The classes of error, and what a foreign one is called."""
    assert {apis, gateway, identity, classify}  # their errors count too
    codes = {each.code for each in _below(errors.TillwayError)} | {errors.report(KeyError()).code}
    told = set(re.findall(r"^\| `/problems/([a-z-]+)`", (DOCS / "problems.md").read_text(), re.MULTILINE))
    assert told == codes - {errors.TillwayError.code}


def _below(kind: type[errors.TillwayError]) -> Iterator[type[errors.TillwayError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    told = re.findall(r"^\| (\d) \|", (DOCS / "cli.md").read_text(), re.MULTILINE)
    assert told == ["0", str(cli.EXIT_FAILED), "2", str(cli.EXIT_MISCONFIGURED)]
    assert CliRunner().invoke(cli.app, ["no-such-command"]).exit_code == 2
