"""Writing down who is let in: the landscape's file and the private key, each once and never over another."""

from __future__ import annotations

import os
from pathlib import Path

from joserfc.jwk import ECKey
from rich.console import Console

from tillway import settings
from tillway.cli.asking import state_directory
from tillway.cli.telling import tell
from tillway.errors import Misconfigured
from tillway.governance.onboarding import Wanted, checked, file_of
from tillway.landscape import sources
from tillway.tokens import key_text

_PRIVATE_MODE = 0o600
_SHARED_MODE = 0o644


def add(
    wanted: Wanted,
    pair: ECKey,
    *,
    key: Path | None,
    only_print: bool,
    directory: Path | None,
    state: Path | None,
    as_json: bool,
) -> None:
    """`tillway consumer add`. Misconfigured or InvalidLandscape before anything is written."""
    where = directory or _directory(state)
    text, landscape = checked(sources(where), wanted)
    if key is not None:
        _write(key, key_text(pair) + "\n", _PRIVATE_MODE)
    file = where / file_of(wanted.id)
    if not only_print:
        _write(file, text, _SHARED_MODE)
    told = {
        "consumer": wanted.id,
        "file": None if only_print else str(file),
        "entry": text,
        "key_file": None if key is None else str(key),
        "private_key": key_text(pair) if key is None else None,
        "landscape": landscape.hash,
    }
    console = Console(soft_wrap=True)
    if not as_json:
        if only_print:
            console.out(text, highlight=False)
        if key is None:
            console.out(f"{key_text(pair)}\n(its private key: shown this once, kept nowhere)", highlight=False)
    done = f"the entry of {wanted.id} is shown above" if only_print else f"{file} declares {wanted.id}"
    there = "for everywhere" if wanted.environment is None else f"for {wanted.environment}"
    tell(told, as_json=as_json, otherwise=f"{done}, {there}; review it on {wanted.review}")


def _directory(state: Path | None) -> Path:
    given = settings.read({**os.environ, "TILLWAY_STATE": str(state_directory(state))})
    return given.landscape_directory


def _write(path: Path, text: str, mode: int) -> None:
    """A new file with this text; Misconfigured when there is one."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Misconfigured(f"{path} is there already", remedy="name another file, or move that one away") from None
    except OSError as error:
        raise Misconfigured(f"{path} cannot be written: {error.strerror}", remedy="check the directory") from error
