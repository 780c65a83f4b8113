"""Fields and models that people added are there again after a server was killed and started anew."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.rooms.connectors.far_side import Killable


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[Killable]:
    erp = Killable(tmp_path)
    erp.start()
    yield erp
    erp.kill(signal.SIGTERM)


def test_own_fields_and_models_outlive_the_server_and_those_taken_away_stay_away(erp: Killable) -> None:
    far = erp.side
    (partner,) = far.rows("ir.model", [["model", "=", "res.partner"]], ["id"])
    column = {"model_id": partner["id"], "ttype": "char", "field_description": "Club", "state": "manual"}
    kept, gone = far.ask(
        "ir.model.fields", "create", vals_list=[column | {"name": name} for name in ("x_club", "x_gone")]
    )
    line = {"name": "x_class", "ttype": "char", "field_description": "Class", "state": "manual"}
    model = {"name": "Hazards", "model": "x_hazard", "state": "manual", "field_id": [[0, 0, line]]}
    far.ask("ir.model", "create", vals_list=model)
    ada = far.make("res.partner", name="Ada", x_club="Gold")
    far.make("x_hazard", x_class="B")
    far.ask("ir.model.fields", "unlink", ids=[gone])

    erp.kill()
    erp.start()

    far = erp.side
    assert far.rows("res.partner", [["id", "=", ada]], ["x_club"]) == [{"id": ada, "x_club": "Gold"}]
    assert [row["x_class"] for row in far.rows("x_hazard", [], ["x_class"])] == ["B"]
    there = far.ask("res.partner", "fields_get", allfields=["x_club", "x_gone"], attributes=["type"])
    assert list(there) == ["x_club"]
    assert [row["id"] for row in far.rows("ir.model.fields", [["id", "in", [kept, gone]]], ["id"])] == [kept]
