"""Blocks made from what is run: settings, commands, rooms, the sandbox's panel and its retailer."""

from __future__ import annotations

import ast
import configparser
import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import msgspec
import typer
from tests.pure.docs.pages import ROOT, table

from tillway import cli
from tillway.app.drafting import slug
from tillway.connectors.odoo.probe import NEEDED
from tillway.sandbox.faults import Switches
from tillway.sandbox.retailer import SHOPS
from tillway.settings import PREFIX, Settings
from tillway.subscriptions import SCHEDULE

# What stands in parentheses in the import order and has no code yet.
PLANNED = {
    "insight": "Advice from what is recorded: it proposes and never acts.",
    "edge": "The hub's part in a shop: sales go on while the line is cut.",
}


def settings() -> str:
    """Every setting with its default."""
    rows = [
        [f"`{PREFIX}{item.name.upper()}`", _default(item.default), str(item.metadata["doc"])]
        for item in fields(Settings)
    ]
    return table(["name", "default", "meaning"], rows)


def _default(value: Any) -> str:
    return "empty" if value in ("", None) else f"`{value}`"


def commands() -> dict[str, Any]:
    """The commands by name, as the command line knows them; those of a group by both words."""
    return dict(_flat(typer.main.get_command(cli.app)))


def _flat(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _flat(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def cli_reference() -> str:
    """Every command with its arguments and options."""
    return "\n\n".join(_command(name, command) for name, command in commands().items())


def _command(name: str, command: Any) -> str:
    arguments = "".join(f" {each.name.upper()}" for each in command.params if each.param_type_name == "argument")
    titles = ["argument or option", "default", "meaning"]
    return f"## tillway {name}\n\n{command.help}\n\n`tillway {name}{arguments}`\n\n{table(titles, list(_options(command)))}"


def _options(command: Any) -> Iterator[list[str]]:
    for each in command.params:
        if each.param_type_name == "argument":
            yield [f"`{each.name.upper()}`", "required" if each.required else "none", each.help]
        else:
            variable = f" Also read from `{each.envvar}`." if each.envvar else ""
            yield [f"`{each.opts[0]}{_value(each)}`", _default_of(each), f"{each.help}{variable}"]


def _value(option: Any) -> str:
    kind = getattr(option.type_descriptor.annotation, "__name__", "text")
    return "" if option.is_flag else f" {kind.upper()}"


def _default_of(option: Any) -> str:
    if option.required:
        return "required"
    return "off" if option.is_flag else _default(option.default)


def layers() -> list[list[str]]:
    """The layers of the import contract from top to bottom; parentheses kept."""
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter")
    lines = contract["importlinter:contract:rooms"]["layers"].split("\n")
    return [[room.strip() for room in line.split("|")] for line in lines if line.strip()]


def layer_list() -> str:
    """The layers as the import contract writes them."""
    lines = "\n".join(" | ".join(layer) for layer in layers())
    return f"```text\n{lines}\n```"


def rooms() -> str:
    """The rooms in import order, one line each."""
    names = [room.strip("()") for layer in layers() for room in layer]
    rows = [[f"`{name}`", _first_sentence(name) if _exists(name) else f"(planned) {PLANNED[name]}"] for name in names]
    return table(["room", "what lives there"], rows)


def _exists(room: str) -> bool:
    source = ROOT / "src" / "tillway"
    return (source / room / "__init__.py").exists() or (source / f"{room}.py").exists()


def _first_sentence(room: str) -> str:
    source = ROOT / "src" / "tillway"
    path = source / f"{room}.py" if (source / f"{room}.py").exists() else source / room / "__init__.py"
    told = ast.get_docstring(ast.parse(path.read_text())) or ""
    return told.partition("\n")[0]


def odoo_rights() -> str:
    """What the integration user must be allowed to do."""
    rows = [[f"`{model}`", f"`{module}`", ", ".join(rights)] for model, module, rights in NEEDED]
    return table(["model", "module", "rights"], rows)


def switches() -> str:
    """The sandbox's switches as they stand at the start."""
    told = json.dumps(msgspec.to_builtins(Switches()), indent=2)
    return f"```json\n{told}\n```"


def shops() -> str:
    """The sample retailer's shops."""
    rows = [
        [f"`{slug(shop.name)}`", f"{shop.name}, {shop.city}", f"`{slug(f'{shop.name} Till')}`", str(shop.id)]
        for shop in SHOPS
    ]
    return table(["shop", "name", "till", "warehouse and `pos.config` in Odoo"], rows)


def schedule() -> str:
    """When a delivery is tried again."""
    waits = [wait.total_seconds() for wait in SCHEDULE]
    rows, total = [["1", "at once", "0 s"]], 0.0
    for number, wait in enumerate(waits, start=2):
        total += wait
        rows.append([str(number), f"after {_span(wait)}", _span(total)])
    rows.append(["more", f"every {_span(waits[-1])}", ""])
    return table(["attempt", "waits", "since the first"], rows)


def _span(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            whole, rest = divmod(round(seconds), size)
            return f"{whole} {unit}" + (f" {_span(rest)}" if rest else "")
    return f"{seconds:g} s"
