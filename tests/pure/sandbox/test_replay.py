"""Every recorded request is answered as a real Odoo answered it."""

from __future__ import annotations

from datetime import date

import pytest
from tests.pure.sandbox.asgi_driver import sending_to
from tests.pure.sandbox.replaying import Run, common, expected_part, names, read

from tillway.sandbox import serve


@pytest.mark.parametrize("name", names())
async def test_the_sandbox_answers_a_recorded_scenario_as_odoo_did(name: str) -> None:
    sandbox = serve.build(key="key", today=date(2026, 11, 23))
    run = Run(sending_to(sandbox.app()), key="key", database="retail")
    differences = []
    for number, step in enumerate(read(name), start=1):
        status, kind, body = await run.play(step)
        found = {"status": status, "type": kind}
        wanted = {"status": step["status"], "type": step["type"]}
        if "answer" in step:
            found["answer"] = expected_part(common(body), step["answer"])
            wanted["answer"] = step["answer"]
        if found != wanted:
            differences.append((number, step.get("do") or step["http"], wanted, found))
    assert differences == []
