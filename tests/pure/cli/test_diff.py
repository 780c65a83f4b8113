"""`tillway diff`: offline, over files, directories and git."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.pure.landscape.sample import YAML
from typer.testing import CliRunner

from tillway.cli import app

DOCUMENT = """\
openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /things/{id}:
    get:
      operationId: getThing
      responses:
        200:
          description: it
          content: {application/json: {schema: {type: object, properties: {a: {type: string}, b: {type: string}}}}}
"""


def told(*arguments: object):
    return CliRunner().invoke(app, ["diff", *map(str, arguments)])


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_two_documents_that_say_the_same(tmp_path):
    old, new = (
        written(tmp_path / "old.yaml", DOCUMENT),
        written(tmp_path / "new.yaml", DOCUMENT.replace("{id}", "{key}")),
    )
    found = told(old, new, "--json")
    assert (found.exit_code, json.loads(found.stdout)) == (0, {"verdict": "same", "changes": []})


def test_a_breaking_change_is_told_and_ends_with_1(tmp_path):
    old = written(tmp_path / "old.yaml", DOCUMENT)
    new = written(tmp_path / "new.yaml", DOCUMENT.replace(", b: {type: string}", ""))
    found = told(old, new, "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["changes"] == [
        {
            "rule": "field-gone",
            "verdict": "breaking",
            "operation": "getThing",
            "direction": "response",
            "pointer": "/paths/~1things~1{id}/get/responses/200/content/application~1json/schema/properties/b",
            "text": "/b: is gone",
            "field": "/b",
        }
    ]
    plain = told(old, new)
    assert (plain.exit_code, "breaking: 1 changes" in plain.stdout) == (1, True)


def test_an_additive_change_ends_with_0(tmp_path):
    old = written(tmp_path / "old.json", '{"type": "object"}')
    new = written(tmp_path / "new.json", '{"type": "object", "properties": {"a": {"type": "string"}}}')
    found = told(old, new, "--json")
    assert (found.exit_code, json.loads(found.stdout)["verdict"]) == (0, "additive")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 10_000, "nested more than 100 levels deep"),
        ('{"a":' * 10_000, "nested more than 100 levels deep"),
        ("&a [*a]", "the alias a stands inside of itself"),
        ("a: 1\na: 2", "a stands twice"),
        ("a: {", "not YAML"),
        ("- a", "not a mapping"),
        ("swagger: '2.0'", "swagger documents are not compared"),
        ("$ref: '#/nowhere'", "leads nowhere"),
        ("allOf: [{$ref: '#'}]", "contains itself"),
        ("type: thing", "is no type"),
        ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)), "more than 500000 values"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_ends_with_2_and_a_sentence(tmp_path, text, said):
    old, new = written(tmp_path / "old.yaml", text), written(tmp_path / "new.yaml", "type: string")
    found = told(old, new)
    assert found.exit_code == 2
    assert said in found.stderr
    assert found.stdout == ""


def test_a_file_that_is_not_there_and_a_word_too_few(tmp_path):
    assert told(tmp_path / "none.yaml", tmp_path / "none.yaml").exit_code == 2
    assert told(tmp_path).exit_code == 2
    assert told(tmp_path, written(tmp_path / "a.yaml", "type: string")).exit_code == 2


def test_two_landscapes_name_the_consumers_that_are_hit(tmp_path):
    old = written(tmp_path / "old" / "all.yaml", YAML).parent
    new = written(tmp_path / "new" / "all.yaml", YAML.replace('"orders:read", ', "")).parent
    found = told(old, new, "--json")
    assert found.exit_code == 1
    (change,) = json.loads(found.stdout)["changes"]
    assert (change["path"], change["text"], change["consumers"]) == (
        "consumers.webshop.scopes",
        "loses orders:read",
        ["webshop"],
    )
    assert "webshop" in told(old, new).stdout


def git(directory: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-C", str(directory), "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
        check=True,
        capture_output=True,
    )


def test_a_landscape_against_a_revision_of_itself(tmp_path):
    landscape = written(tmp_path / "deep" / "landscape" / "all.yaml", YAML).parent
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    assert told("--against", "HEAD", "--landscape", landscape).exit_code == 0
    written(
        landscape / "all.yaml",
        YAML.replace("      berlin-2: {pos_config: 2}\n", ""),
    )
    found = told("--against", "HEAD", "--landscape", landscape, "--json")
    assert found.exit_code == 1
    assert [each["path"] for each in json.loads(found.stdout)["changes"]] == ["shops.berlin.tills.berlin-2"]
    assert told("--against", "--output=/tmp/x", "--landscape", landscape).exit_code == 2
    assert told("--against", "nowhere", "--landscape", landscape).exit_code == 2
