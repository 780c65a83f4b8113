"""`docs/demo.svg`: the demo's own view, fed with events that a run of the demo left in its journal."""

from __future__ import annotations

import html
import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import msgspec
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from tillway.app.hub import Running
from tillway.app.view import Board
from tillway.journal import Recorded

EVENTS = Path(__file__).with_name("demo_events.jsonl")

# Columns of the terminal in the picture, and the shops of the sample retailer.
COLUMNS = 106
SHOPS = 5

# Width of a character in Rich's template, and how it writes a blank.
CHARACTER = 12.2
BLANK = "&#160;"

FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def drawn() -> str:
    """The picture as SVG: no font, style or image from anywhere else."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(_board().picture(cast("Running", SimpleNamespace(base_url="http://127.0.0.1:8080")), SHOPS))
    svg = console.export_svg(title="tillway demo", code_format=_format(), unique_id="demo")
    svg = re.sub(r"<clipPath.*?</clipPath>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r' clip-path="[^"]*"', "", svg)
    svg = re.sub(r'x="([\d.]+)" y="([\d.]+)" textLength="[\d.]+">([^<]*)</text>', _trimmed, svg)
    return "\n".join(line.rstrip() for line in svg.strip().splitlines() if line.strip()) + "\n"


def _trimmed(found: re.Match[str]) -> str:
    """A text without blanks around it, at its place: not every reader keeps blanks at the start."""
    left, height, text = float(found[1]), found[2], found[3]
    inside = text.removesuffix(BLANK * _count(text, end=True))
    leading = _count(inside)
    inside = inside[len(BLANK) * leading :]
    width = len(html.unescape(inside)) * CHARACTER
    return f'x="{left + leading * CHARACTER:.1f}" y="{height}" textLength="{width:.1f}">{inside}</text>'


def _count(text: str, *, end: bool = False) -> int:
    parts = text.split(BLANK)
    if end:
        parts.reverse()
    return next((place for place, part in enumerate(parts) if part), len(parts) - 1)


def _board() -> Board:
    board = Board()
    for line in EVENTS.read_bytes().splitlines():
        board.take(_recorded(msgspec.json.decode(line)))
    return board


def _recorded(told: dict[str, Any]) -> Recorded:
    """What the view needs of an event; the rest of it is not in the picture."""
    return msgspec.convert(
        {
            **told,
            "position": 1,
            "id": str(UUID(int=0)),
            "partitionkey": told["subject"],
            "sequence": 1,
            "correlation": "",
            "causation": None,
            "traceparent": None,
            "dataclass": "internal",
            "data_json": msgspec.json.encode(told["data"]).decode(),
            "personal_json": None,
        },
        Recorded,
    )


def _format() -> str:
    """Rich's template without its fonts, which would be fetched from elsewhere."""
    template = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    template = template.replace("Fira Code, monospace", FONTS).replace("font-family: arial", "font-family: sans-serif")
    template = re.sub(r"<!--.*?-->\s*", "", template, flags=re.DOTALL)
    return template.replace("<svg ", '<svg role="img" aria-label="The live view of the demo" ', 1)
