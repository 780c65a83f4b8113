"""What somebody may put into a landscape's directory by mistake or on purpose: told, and nothing worse."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.pure.landscape.sample import YAML

from tillway.errors import Misconfigured
from tillway.landscape import InvalidLandscape, build, read
from tillway.landscape.reading import FILE_BYTES_MAX

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

HOSTILE = {
    "a bomb of aliases": BOMB,
    "a circle": "apis: &a {orders: *a}\n",
    "a merge key": "apis: {orders: {<<: {owner: x}}}\n",
    "a deep list": f"apis: {'[' * 60}{']' * 60}\n",
    "a very deep list": f"apis: {'[' * 20_000}\n",
    "a tag": "apis: !!python/object/apply:os.system [ls]\n",
    "a tag on a section": "apis: !!set {orders}\n",
    "a number as a key": "apis: {1: {}}\n",
    "a list as a key": "? [a, b]\n: x\n",
    "a key twice": "apis: {wishes: {}, wishes: {}}\n",
    "two documents": "apis: {}\n---\napis: {}\n",
    "a list of sections": "- apis\n",
    "a tab": "apis:\n\torders: {}\n",
    "a control character": "apis: \x00\n",
    "an unfinished line": "apis: {orders: {owner: sal",
    "a huge number": f"apis: {'9' * 5_000}\n",
    "a text for a section": "apis: orders\n",
    "a name that leads elsewhere": "apis: {../../etc/passwd: {}}\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_told_with_its_place_and_soon(text: str) -> None:
    began = time.process_time()
    with pytest.raises(InvalidLandscape) as caught:
        build({"a.yaml": YAML, "b.yaml": text})
    assert time.process_time() - began < 2
    told = caught.value.problems[0]
    assert told.mark is not None
    assert told.mark.file in {"a.yaml", "b.yaml"}
    assert told.mark.line >= 1
    assert len(str(told)) < 1_000


def test_what_stands_in_two_files_is_told_with_both_places() -> None:
    with pytest.raises(
        InvalidLandscape, match=r"b.yaml:1: apis.orders: stands twice \(first in a.yaml:\d+; keep one\)"
    ):
        build({"a.yaml": YAML, "b.yaml": "apis: {orders: {owner: x}}"})


def directory(tmp_path: Path) -> Path:
    found = tmp_path / "landscape"
    found.mkdir()
    (found / "a.yaml").write_text(YAML)
    return found


@pytest.mark.parametrize("name", ["b.yaml", "policies/b.cedar", "contracts/b.v1.yaml", "mappings/b.jsonata"])
def test_a_link_that_leads_out_of_the_landscape_is_refused(tmp_path: Path, name: str) -> None:
    found, outside = directory(tmp_path), tmp_path / "outside"
    outside.write_text("events: {}")
    (found / name).parent.mkdir(exist_ok=True)
    (found / name).symlink_to(outside)
    with pytest.raises(Misconfigured, match=f"{name} is a link that leads out of the landscape"):
        read(found)


def test_a_link_inside_of_it_is_read(tmp_path: Path) -> None:
    """As platforms mount configuration: links into a folder that is exchanged as a whole."""
    found = directory(tmp_path)
    (found / "..data").mkdir()
    (found / "a.yaml").rename(found / "..data" / "a.yaml")
    (found / "a.yaml").symlink_to("..data/a.yaml")
    assert read(found).organisation.name == "Nordwind"


def test_what_is_no_file_or_too_large_is_told(tmp_path: Path) -> None:
    found = directory(tmp_path)
    (found / "b.yaml").mkdir()
    with pytest.raises(Misconfigured, match=r"b.yaml is not a file"):
        read(found)
    (found / "b.yaml").rmdir()
    os.mkfifo(found / "b.yaml")
    with pytest.raises(Misconfigured, match=r"b.yaml is not a file"):
        read(found)
    (found / "b.yaml").unlink()
    with (found / "b.yaml").open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    with pytest.raises(Misconfigured, match=r"b.yaml is larger than"):
        read(found)


def test_a_mapping_leads_to_its_file_and_nowhere_else() -> None:
    text = YAML + "mappings:\n  m: {file: mappings/m.jsonata, owner: x, source: them, target: order}\n"
    assert build({"a.yaml": text, "mappings/m.jsonata": "$"}).expressions == {"mappings/m.jsonata": "$"}
    with pytest.raises(InvalidLandscape, match=r"there is no file mappings/m.jsonata"):
        build({"a.yaml": text})
    with pytest.raises(InvalidLandscape, match=r"mappings.m.file: string should match pattern"):
        build({"a.yaml": text.replace("mappings/m", "../m")})
