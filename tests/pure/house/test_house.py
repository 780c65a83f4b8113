"""The house rules that no other tool checks, read from the source tree itself."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "src" / "tillway"
LINES_STOP = 500
FUNCTION_STOP = 70
DUMPING_GROUNDS = re.compile(r"(^|_)(utils?|helpers?|common|misc|managers?)(_|$)")
ROOMS_WITH_SCHEMA = {path.parent.name for path in SOURCE.glob("*/migrations")}
LATER = ("TODO", "FIXME")


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_file_stays_under_the_stop(path: Path) -> None:
    """500 lines are the stop; 300 are what is aimed at."""
    assert len(path.read_text().splitlines()) <= LINES_STOP


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_function_stays_under_the_stop(path: Path) -> None:
    """70 lines are the stop."""
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_STOP
    ]
    assert long == []


def test_no_file_is_a_dumping_ground() -> None:
    """Names say what belongs in a file; these say that anything does."""
    assert [name_of(path) for path in modules() if DUMPING_GROUNDS.search(path.stem)] == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_every_public_thing_has_a_docstring(path: Path) -> None:
    """Meaning, shapes, units, errors, source: at least a sentence on every public module, class and function."""
    if path.name == "__main__.py":
        return
    tree = ast.parse(path.read_text())
    silent = [] if ast.get_docstring(tree) else ["module"]
    silent += [node.name for node in public(tree) if not ast.get_docstring(node)]
    assert silent == []


def public(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public classes and functions of a module, and public methods of its public classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    member
                    for member in node.body
                    if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef)
                    and not member.name.startswith("_")
                    and not overloads_or_overrides(member)
                )


def overloads_or_overrides(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the docstring stands where the method is first declared."""
    return any(
        "overload" in ast.unparse(decorator) or "override" in ast.unparse(decorator)
        for decorator in node.decorator_list
    )


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_nothing_is_left_for_later(path: Path) -> None:
    """What is not done is told in the changelog or not at all."""
    assert [word for word in LATER if re.search(rf"\b{word}\b", path.read_text())] == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_exception_is_swallowed(path: Path) -> None:
    """`except ...: pass` hides what went wrong."""
    swallowed = [
        handler.lineno
        for handler in ast.walk(ast.parse(path.read_text()))
        if isinstance(handler, ast.ExceptHandler) and len(handler.body) == 1 and isinstance(handler.body[0], ast.Pass)
    ]
    assert swallowed == []


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.sql")), ids=name_of)
def test_a_room_names_only_its_own_schema(path: Path) -> None:
    """Each room owns one schema of its name, and its SQL names no other room's."""
    room = path.relative_to(SOURCE).parts[0]
    text = re.sub(r"--[^\n]*", "", path.read_text())
    others = ROOMS_WITH_SCHEMA - {room}
    assert sorted({name for name in others if re.search(rf"\b{name}\.", text)}) == []


def packages() -> list[str]:
    return sorted(
        f"tillway.{info.name}" for info in pkgutil.iter_modules([str(SOURCE)]) if info.ispkg and info.name != "cli"
    )


@pytest.mark.parametrize("package", packages())
def test_a_front_door_lists_what_it_offers(package: str) -> None:
    """`__all__` is sorted and everything in it is there."""
    module = importlib.import_module(package)
    offered = getattr(module, "__all__", [])
    assert sorted(offered, key=lambda name: (not name.isupper(), name[0].islower(), name)) == list(offered)
    assert [name for name in offered if not hasattr(module, name)] == []


PURE = ("retail", "contracts", "landscape")
INPUT_AND_OUTPUT = {
    "asyncpg",
    "aiohttp",
    "socket",
    "subprocess",
    "http",
    "urllib.request",
    "os",
    "pathlib",
    "sqlite3",
    "time",
}
READERS = {"contracts/documents.py", "landscape/reading.py"}


@pytest.mark.parametrize("path", [path for path in modules() if path.relative_to(SOURCE).parts[0] in PURE], ids=name_of)
def test_pure_rooms_import_no_input_or_output(path: Path) -> None:
    """Words, promises and rules are pure but for the one named file each that reads documents."""
    if name_of(path) in READERS:
        return
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported.add(node.module)
    assert imported & INPUT_AND_OUTPUT == set()
