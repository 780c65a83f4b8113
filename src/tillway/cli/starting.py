"""Commands that begin something: init."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from tillway.app.starting import write


def init(directory: Path, *, force: bool) -> None:
    """`tillway init`."""
    console = Console()
    for name in write(directory, force=force):
        console.print(f"{directory / name}", highlight=False)
    console.print(f"change what is not yours, then: tillway check {directory}", highlight=False)
