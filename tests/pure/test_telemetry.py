"""Logs: what went wrong is told with its traceback, scrubbed."""

from __future__ import annotations

import json
import logging

import pytest

from tillway import telemetry


@pytest.fixture(autouse=True)
def _restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_what_failed_is_told_with_its_traceback(capsys):
    telemetry.configure("INFO", process="works")
    try:
        int("4111111111111111x")
    except ValueError:
        logging.getLogger("tillway.test").exception("it failed")
    line = json.loads(capsys.readouterr().err)
    assert line["message"] == "it failed"
    assert "ValueError" in line["error"]
    assert "4111111111111111" not in line["error"]
