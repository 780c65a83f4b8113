"""Secrets that were written into the landscape itself: found by their names and by what they look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tillway.landscape.document import Document
from tillway.landscape.problem import Mark, Path, Problem

_REMEDY: Final = "take it out, change it where it counts, and refer to it: {env: NAME}, {file: path} or {vault: path}"

# Fields that hold nothing but secrets; our own say {env: ...}, {file: ...} or {vault: ...} there.
_NAMES: Final = re.compile(
    r"(?i)(pass(word|wd|phrase)|(client|signing|shared|webhook)?[_-]?secret|api[_-]?key|private[_-]?key|"
    r"(access|auth|bearer|refresh)[_-]?token|credentials?)\Z"
)
# What secrets look like wherever they stand: private keys, signed tokens, credentials in a URL, keys of known makers.
_LOOKS: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*"
    r"|[a-z][a-z0-9+.-]{0,20}://[^\s/:@\"'{}]{1,100}:[^\s/@\"'{}]{1,200}@"
    r"|\bwhsec_[A-Za-z0-9+/=]{16,}|\b[sr]k_live_[A-Za-z0-9]{16,}|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
)


_OF_FILES: Final = frozenset({"policies", "contracts", "expressions"})


def written_inline(files: Mapping[str, str], document: Document) -> list[Problem]:
    """Findings on secrets in these texts, comments included; one place is told of once."""
    named = list(_named(document))
    paths = {problem.path for problem in named}
    document.problems = [problem for problem in document.problems if problem.path not in paths]
    told = {problem.mark for problem in (*document.problems, *named)}
    return [*named, *(problem for problem in _looking(files) if problem.mark not in told)]


def _named(document: Document) -> Iterator[Problem]:
    # Sections made of texts of files are looked at as files.
    left: list[tuple[Any, Path]] = [(each, (name,)) for name, each in document.data.items() if name not in _OF_FILES]
    while left:
        node, path = left.pop()
        if isinstance(node, str) and node and _NAMES.match(str(path[-1])):
            yield Problem(path=path, text="a secret never stands here", remedy=_REMEDY, mark=document.mark(path))
        elif isinstance(node, dict):
            left += [(each, (*path, name)) for name, each in node.items()]
        elif isinstance(node, list):
            left += [(each, (*path, index)) for index, each in enumerate(node)]


def _looking(files: Mapping[str, str]) -> Iterator[Problem]:
    for file, text in files.items():
        lines = {text.count("\n", 0, match.start()) + 1 for match in _LOOKS.finditer(text)}
        for line in sorted(lines):
            yield Problem(path=(), text="this looks like a secret", remedy=_REMEDY, mark=Mark(file, line))
