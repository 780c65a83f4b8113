"""A process of the demo comes back at the port it had."""

from __future__ import annotations

import json
import socket

import pytest

from tillway.app.ports import LOOPBACK, port_before


def test_the_port_of_the_last_run_is_taken_again_unless_somebody_has_it(tmp_path):
    ready = tmp_path / "sandbox.ready"
    with socket.create_server((LOOPBACK, 0)) as somebody:
        port = somebody.getsockname()[1]
        ready.write_text(json.dumps({"url": f"http://{LOOPBACK}:{port}/"}))
        assert port_before(ready) == 0
    assert port_before(ready) == port


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"url": "http://127.0.0.1:x"}'])
def test_without_a_last_run_any_port_will_do(tmp_path, text):
    ready = tmp_path / "sandbox.ready"
    if text is not None:
        ready.write_text(text)
    assert port_before(ready) == 0
