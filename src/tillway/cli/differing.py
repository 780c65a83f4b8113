"""`tillway diff`: two contract documents or two landscapes, out of files, directories, git and the release in force."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from tillway.cli.telling import escaped
from tillway.contracts.compatibility import Comparison, Unreadable, compare, parse
from tillway.errors import Misconfigured, TillwayError

if TYPE_CHECKING:
    from tillway.cli.asking import Hub
    from tillway.landscape import Landscape, LandscapeComparison

RELEASE: Final = "release"
"""What `--against` calls the release in force; a branch of this name is called `refs/heads/release`."""

EXIT_BREAKING: Final = 1
EXIT_UNREADABLE: Final = 2

# A contract of 20,000 lines has less than one million bytes.
FILE_BYTES_MAX: Final = 20 * 1024 * 1024
# All files of a landscape at one revision, packed by git.
REVISION_BYTES_MAX: Final = 256 * 1024 * 1024
GIT_SECONDS_MAX: Final = 60

_COLOURS: Final = {"same": "green", "additive": "yellow", "breaking": "red"}


def diff(
    old: Path | None, new: Path | None, against: str | None, landscape: Path, state: Path | None, *, as_json: bool
) -> None:
    """Compare, tell, and end with the exit code: 0 same or additive, 1 breaking, 2 cannot be read."""
    try:
        found = _compared(old, new, against, landscape, state)
    except TillwayError as error:
        Console(stderr=True).print(f"tillway: {error.detail}", markup=False, highlight=False, soft_wrap=True)
        if error.remedy:
            Console(stderr=True).print(f"  -> {error.remedy}", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(EXIT_UNREADABLE) from error
    if as_json:
        Console().out(msgspec.json.encode(found).decode(), highlight=False)
    else:
        _tell(found)
    if found.verdict == "breaking":
        raise SystemExit(EXIT_BREAKING)


def _compared(
    old: Path | None, new: Path | None, against: str | None, landscape: Path, state: Path | None
) -> Comparison | LandscapeComparison:
    if against is not None:
        if old is not None:
            raise Unreadable("--against compares a landscape's directory", remedy="leave OLD and NEW out")
        files = _in_force(state) if against == RELEASE else _at_revision(against, landscape)
        return _landscapes(_landscape(files, against), _directory(landscape))
    if old is None or new is None:
        raise Unreadable("there are not two things to compare", remedy="give OLD and NEW, or --against REV")
    if old.is_dir() != new.is_dir():
        raise Unreadable("one is a directory, the other is not", remedy="give two documents or two landscapes")
    if old.is_dir():
        return _landscapes(_directory(old), _directory(new))
    return compare(_document(old), _document(new))


def _document(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise Unreadable(f"{path} is larger than {FILE_BYTES_MAX} bytes", remedy="split it")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read as UTF-8 text", remedy="check the file") from error
    return parse(text, str(path))


def _landscapes(old: Landscape, new: Landscape) -> LandscapeComparison:
    from tillway.landscape import compare_landscapes

    return compare_landscapes(old, new)


def _directory(path: Path) -> Landscape:
    from tillway.landscape import sources

    return _landscape(sources(path), str(path))


def _landscape(files: Mapping[str, str], name: str) -> Landscape:
    from tillway.landscape import build

    try:
        return build(files)
    except Misconfigured as error:
        raise Unreadable(f"{name}: {error.detail}", remedy=error.remedy) from error


def _in_force(state: Path | None) -> dict[str, str]:
    """The files of the release in force, as the running hub tells them."""
    from tillway.cli.telling import asked
    from tillway.landscape import belongs

    async def ask(hub: Hub) -> dict[str, Any]:
        number = next((each["number"] for each in (await hub.get("/releases"))["releases"] if each["in_force"]), None)
        if number is None:
            raise Unreadable("nothing was released yet", remedy="compare with a git revision or a directory")
        return await hub.get(f"/releases/{number}")

    return {name: text for name, text in asked(state, ask)["files"].items() if belongs(name)}


def _at_revision(revision: str, directory: Path) -> dict[str, str]:
    """The landscape's files as they were at a revision, read from git's own archive and never written anywhere."""
    from tillway.landscape import belongs

    if not directory.is_dir():
        raise Unreadable(f"{directory} is no directory", remedy="name the landscape's with --landscape")
    # The revision is one word for git: `--end-of-options` keeps it from being an option.
    named = _git(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = named.decode().strip()
    packed = _git(directory, "archive", "--format=tar", commit)
    files: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() and belongs(member.name) else None
            if content is not None:
                files[member.name] = content.read().decode("utf-8", errors="replace")
    if not files:
        raise Unreadable(f"there was no landscape in {directory} at {revision}", remedy="name a revision that has one")
    return files


def _git(directory: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - git itself, with words that cannot be options
            ["git", "-C", str(directory), *arguments],  # noqa: S607 - the operator's own git
            capture_output=True,
            check=False,
            timeout=GIT_SECONDS_MAX,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreadable("git does not answer", remedy="install git, or compare two directories") from error
    if done.returncode or len(done.stdout) > REVISION_BYTES_MAX:
        told = done.stderr.decode(errors="replace").strip() or "no such revision"
        raise Unreadable(f"git: {told}", remedy="name a revision of the repository that the landscape is in")
    return done.stdout


def _tell(found: Comparison | LandscapeComparison) -> None:
    console = Console()
    if found.changes:
        table = Table("", "where", "what", "direction" if isinstance(found, Comparison) else "hits")
        for column in table.columns:
            column.overflow = "fold"
        for each in found.changes:
            verdict = f"[{_COLOURS[each.verdict]}]{each.verdict}[/]"
            table.add_row(verdict, *(escaped(cell) for cell in _cells(each)))
        console.print(table)
    console.print(f"[{_COLOURS[found.verdict]}]{found.verdict}[/]: {len(found.changes)} changes", highlight=False)


def _cells(each: Any) -> tuple[str, str, str]:
    if hasattr(each, "consumers"):
        return each.path, each.text, ", ".join(each.consumers)
    return each.operation or each.pointer, each.text, each.direction or ""
