"""`tillway reveal`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from tillway.cli.telling import acted, escaped, table, tell


def reveal(state: Path | None, token: str, *, reason: str, as_json: bool) -> None:
    """Tell the value that a token stands for."""
    done = acted(state, f"/masked/{quote(token, safe='')}/reveal", {"reason": reason})
    rows = [("value", escaped(done["value"])), ("class", done["class"])]
    rows += [("stands in", f"{done['kind']} {done['id']}"), ("at", done["pointer"])]
    tell(done, as_json=as_json, otherwise=table(("what", "is"), rows))
