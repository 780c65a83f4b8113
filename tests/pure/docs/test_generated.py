"""What is made from the code is what stands on the pages. To make it anew: `python -m tests.pure.docs.write`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.pure.docs import picture, promises
from tests.pure.docs.pages import blocks, name_of, pages
from tests.pure.docs.running import PLANNED, layers
from tests.pure.docs.write import MAKERS, PICTURE, made

PICTURE_BYTES_MAX = 60_000

MADE = made()


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_the_generated_blocks_of_a_page_are_current(page: Path) -> None:
    found = blocks(page.read_text())
    assert {name: text.rstrip("\n") for name, text in found.items()} == {name: MADE[name] for name in found}


def test_every_block_that_can_be_made_stands_on_exactly_one_page() -> None:
    found = [name for page in pages() for name in blocks(page.read_text())]
    assert sorted(found) == sorted(MAKERS)


def test_the_picture_is_what_the_view_draws() -> None:
    assert PICTURE.read_text() == picture.drawn()


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    svg = PICTURE.read_text()
    assert len(svg.encode()) < PICTURE_BYTES_MAX
    assert [word for word in ("url(", "@import", "@font-face", "<image", "href", "https:") if word in svg] == []
    namespace = 'xmlns="http://www.w3.org/2000/svg"'
    assert set(re.findall(r"http://[^\s\"<&]+", svg.replace(namespace, ""))) <= {"http://127.0.0.1:8080"}


def test_rooms_that_are_planned_stand_in_parentheses_in_the_layers() -> None:
    in_parentheses = {room.strip("()") for layer in layers() for room in layer if room.startswith("(")}
    assert set(PLANNED) <= in_parentheses


def test_an_event_type_has_an_example() -> None:
    assert [name for name, schema in promises.event_types().items() if not schema.get("examples")] == []
