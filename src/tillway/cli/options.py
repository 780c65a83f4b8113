"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

State = Annotated[Path | None, typer.Option("--state", help="State directory (default: TILLWAY_STATE or .state).")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever asks later; 1 to 500 characters.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")]
