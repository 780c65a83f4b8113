"""A first landscape to change: the starter that ships, with the schemas that editors complete and check it by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from tillway.errors import Misconfigured
from tillway.landscape import json_schema

SCHEMA: Final = "landscape.schema.json"
"""The schema of the landscape's own files, and of those of environments, in which nothing is required."""

PARTIAL: Final = "environment.schema.json"


def starter() -> dict[str, str]:
    """The starter's texts by file name, the schemas among them."""
    return dict(_texts(resources.files("tillway.app") / "starter", "")) | schemas()


def schemas() -> dict[str, str]:
    """The schemas that editors complete and check a landscape by, by file name."""
    return {
        SCHEMA: json.dumps(json_schema("base"), indent=2) + "\n",
        PARTIAL: json.dumps(json_schema("all"), indent=2) + "\n",
    }


def write(directory: Path, files: Mapping[str, str], *, force: bool) -> tuple[str, ...]:
    """Write these files; their names. Misconfigured when one is there already, unless `force`."""
    there = [name for name in files if (directory / name).exists()]
    if there and not force:
        raise Misconfigured(
            f"{directory} holds {there[0]} already", remedy="name another directory, or --force to write over it"
        )
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    return tuple(sorted(files))


def _texts(folder: Traversable, above: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _texts(each, f"{above}{each.name}/")
        elif not each.name.startswith((".", "__")):
            found.append((f"{above}{each.name}", each.read_text("utf-8")))
    return found
