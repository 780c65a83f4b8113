"""Links lead somewhere, and every page is reached from the README."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pure.docs.pages import README, anchors, links, name_of, pages


def local(page: Path) -> list[tuple[str, Path, str]]:
    """The links of a page that stay in the repository: as written, the file, the anchor."""
    found = []
    for target in links(page.read_text()):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        found.append((target, (page.parent / path).resolve() if path else page, anchor))
    return found


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_link_leads_to_a_file_that_exists(page: Path) -> None:
    assert [target for target, path, _ in local(page) if not path.exists()] == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_an_anchor_is_a_heading_of_its_page(page: Path) -> None:
    wrong = [
        target
        for target, path, anchor in local(page)
        if anchor and path.exists() and anchor not in anchors(path.read_text())
    ]
    assert wrong == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [README]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        waiting += [path for _, path, _ in local(page)]
    assert [name_of(page) for page in pages() if page not in reached] == []
