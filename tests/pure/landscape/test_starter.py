"""What `tillway init` writes is a landscape that holds together, keeps its schemas and the house rules."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from tillway.app.starting import PARTIAL, SCHEMA, starter, write
from tillway.errors import Misconfigured
from tillway.identity import rehearse
from tillway.landscape import read, read_cases

FILES = starter()
YAML = sorted(name for name in FILES if name.endswith(".yaml") and not name.startswith(("contracts/", "policies/")))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("starter") / "landscape"
    write(found, starter(), force=False)
    return found


def test_it_is_read_and_its_policies_decide_as_their_tests_expect(directory: Path) -> None:
    landscape = read(directory)
    assert len(landscape.shops) == 5
    assert rehearse(landscape, read_cases(directory, landscape)).passed
    assert landscape.documents.document("storefront").operations[0].id == "getStorefrontPage"


def test_its_environment_differs_in_addresses_and_has_a_consumer_more(directory: Path) -> None:
    test = read(directory, "test")
    assert test.connection("erp").database == "larkfield-test"
    assert "load-test" in test.consumers


@pytest.mark.parametrize("name", YAML)
def test_an_editor_finds_nothing_wrong_with_it(name: str) -> None:
    first = FILES[name].splitlines()[0]
    schema = PARTIAL if name.startswith("environments/") else SCHEMA
    assert first.startswith("# yaml-language-server: $schema=")
    assert first.endswith(schema)
    content = json.loads(json.dumps(yaml.safe_load(FILES[name]), default=str))
    assert list(jsonschema_rs.validator_for(json.loads(FILES[schema])).iter_errors(content)) == []


def test_an_editor_finds_what_is_mistyped() -> None:
    validator = jsonschema_rs.validator_for(json.loads(FILES[SCHEMA]))
    assert validator.is_valid({"apis": {"orders": {"owner": "sales"}}})
    assert not validator.is_valid({"apis": {"orders": {"ownr": "sales"}}})
    assert not validator.is_valid({"shops": {"harbour": {"name": "Harbour"}}})
    assert jsonschema_rs.validator_for(json.loads(FILES[PARTIAL])).is_valid({"shops": {"harbour": {"name": "Harbour"}}})


def test_nothing_is_written_over_unasked(directory: Path) -> None:
    (directory / "shops.yaml").write_text("shops: {}\n")
    with pytest.raises(Misconfigured, match="already"):
        write(directory, starter(), force=False)
    assert (directory / "shops.yaml").read_text() == "shops: {}\n"
    write(directory, starter(), force=True)
    assert (directory / "shops.yaml").read_text() == FILES["shops.yaml"]
