"""Logs of one process: one JSON object a line on stderr, scrubbed of secrets and personal data."""

from __future__ import annotations

import logging
import sys

import msgspec

from tillway import clock
from tillway.masking import ScrubbingFilter, scrub


class _Lines(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": clock.iso(clock.now()),
            "level": record.levelname,
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        # The filter before made the traceback text, and scrubbed it.
        if record.exc_text:
            line["error"] = record.exc_text
        elif record.exc_info:
            line["error"] = scrub(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()


def configure(level: str, *, process: str) -> None:
    """Send all logs of this process to stderr; called once by the process's main."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(ScrubbingFilter())
    handler.setFormatter(_Lines(process))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("_granian").setLevel(logging.WARNING)
