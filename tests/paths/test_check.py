"""`tillway check` as a pipeline runs it: a process, a directory, exit codes, a log that other tools read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pure.governance.rules.examples import DOCUMENT, HERE

SECONDS = 60


@pytest.fixture
def landscape(tmp_path: Path) -> Path:
    """A directory with a landscape that keeps every house rule."""
    directory = tmp_path / "landscape"
    (directory / "contracts").mkdir(parents=True)
    (directory / "all.yaml").write_text((HERE / "nordwind.yaml").read_text())
    (directory / "contracts" / DOCUMENT).write_text((HERE / DOCUMENT).read_text())
    return directory


def checked(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tillway", "check", directory.name, "--today", "2026-11-23", *options]
    return subprocess.run(command, cwd=directory.parent, capture_output=True, text=True, timeout=SECONDS, check=False)


def test_a_pipeline_is_stopped_by_a_finding_and_told_where_it_is(landscape):
    clean = checked(landscape)
    assert (clean.returncode, clean.stderr) == (0, "")
    document = landscape / "contracts" / DOCUMENT
    document.write_text(document.read_text().replace("operationId: getAccount", "operationId: accountOf"))
    found = checked(landscape, "--format", "sarif")
    assert found.returncode == 1
    (result,) = json.loads(found.stdout)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], place["artifactLocation"]["uri"]) == ("operation-id", f"landscape/contracts/{DOCUMENT}")
    line = document.read_text().splitlines()[place["region"]["startLine"] - 1]
    assert line.strip() == "operationId: accountOf"
