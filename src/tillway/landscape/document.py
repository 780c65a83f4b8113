"""YAML text to plain data that remembers its lines; duplicate keys, aliases and odd keys are findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tillway.landscape.problem import Mark, Path, Problem

# libyaml reads about ten times faster; a landscape of thousands of shops needs it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Deeper than any section goes; guards the stack.
DEPTH_MAX = 32

_MERGE = "tag:yaml.org,2002:merge"
_PLAIN = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


@dataclass(slots=True)
class Document:
    """The merged content of all files while it is being read, with the place of every key and item."""

    data: dict[str, Any] = field(default_factory=dict)
    marks: dict[Path, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unreadable: bool = False
    """A file could not be read to its end, so what seems to be missing may stand there."""

    def mark(self, path: Path) -> Mark | None:
        """The place of a path, or of the nearest thing around it that has one."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path)

    def finding(self, path: Path, text: str, remedy: str = "", mark: Mark | None = None) -> None:
        """Note a problem at a path."""
        self.problems.append(Problem(path=path, text=text, remedy=remedy, mark=mark or self.mark(path)))


def parse(files: Mapping[str, str]) -> Document:
    """Read YAML texts by file name and merge them by top-level section; never raises for what stands in them."""
    document = Document()
    for file in sorted(files):
        _File(file, document).read(files[file])
    return document


def laid_over(lower: Document, upper: Document, *, takes_away: bool = False) -> Document:
    """One document over another: mappings are merged key by key, everything else is replaced by what lies above.

    Places are those of the upper where both say something. `takes_away`: nothing (`~`) under a key of the lower one
    takes away what stands there.
    """
    return Document(
        data=_merged(lower.data, upper.data, takes_away=takes_away),
        marks={**lower.marks, **upper.marks},
        problems=[*lower.problems, *upper.problems],
        unreadable=lower.unreadable or upper.unreadable,
    )


def _merged(lower: Mapping[str, Any], upper: Mapping[str, Any], *, takes_away: bool) -> dict[str, Any]:
    merged = dict(lower)
    for key, above in upper.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(above, dict):
            merged[key] = _merged(below, above, takes_away=takes_away)
        elif above is None and takes_away and key in merged:
            del merged[key]
        else:
            merged[key] = above
    return merged


class _File:
    """One file on its way into the document."""

    def __init__(self, file: str, document: Document) -> None:
        self.file = file
        self.document = document
        self.seen: set[int] = set()

    def read(self, text: str) -> None:
        try:
            loader = _Loader(text)
        except yaml.YAMLError as error:
            self._broken(error)
            return
        try:
            root = loader.get_single_node()
            if root is None:
                return
            if not isinstance(root, yaml.MappingNode):
                self._find((), "a landscape file is a mapping of sections", "", root)
                return
            self._mapping(loader, root, (), self.document.data)
        except yaml.YAMLError as error:
            self._broken(error)
        finally:
            loader.dispose()

    def _broken(self, error: yaml.YAMLError) -> None:
        mark = getattr(error, "problem_mark", None)
        text = getattr(error, "problem", None) or "cannot be read"
        line = mark.line + 1 if mark else 1
        self.document.unreadable = True
        self.document.finding((), f"not YAML: {text}", "correct the syntax", Mark(self.file, line))

    def _find(self, path: Path, text: str, remedy: str, node: yaml.Node) -> None:
        self.document.finding(path, text, remedy, Mark(self.file, node.start_mark.line + 1))

    def _mapping(self, loader: Any, node: yaml.MappingNode, path: Path, into: dict[str, Any]) -> None:
        for key_node, value_node in node.value:
            key = self._key(loader, key_node, path)
            if key is None:
                continue
            here = (*path, key)
            # Sections may be spread over files; anything else stands once.
            if not path and isinstance(into.get(key), dict) and isinstance(value_node, yaml.MappingNode):
                if self.document.marks[here].file == self.file:
                    self._twice(here, key_node)
                    continue
                self._mapping(loader, value_node, here, into[key])
                continue
            if key in into:
                self._twice(here, key_node)
                continue
            self.document.marks[here] = Mark(self.file, key_node.start_mark.line + 1)
            into[key] = self._value(loader, value_node, here)

    def _twice(self, path: Path, node: yaml.Node) -> None:
        first = self.document.marks[path]
        self._find(path, "stands twice", f"first in {first.file}:{first.line}; keep one", node)

    def _key(self, loader: Any, node: yaml.Node, path: Path) -> str | None:
        merge = node.tag == _MERGE
        key = self._scalar(loader, node, path) if isinstance(node, yaml.ScalarNode) and not merge else None
        if isinstance(key, str):
            return key
        shown = node.value if isinstance(node, yaml.ScalarNode) else "?"
        remedy = "write the fields out" if merge else f'put it in quotes: "{shown}"'
        self._find(path, f"the key {shown} is not a text", remedy, node)
        return None

    def _value(self, loader: Any, node: yaml.Node, path: Path) -> Any:
        if not isinstance(node, yaml.CollectionNode):
            return self._scalar(loader, node, path)
        # An alias hands out the same node again: refused, so nothing can expand without end.
        if id(node) in self.seen or len(path) > DEPTH_MAX:
            # Told where it is used, not where the node was written.
            self.document.finding(path, "is an alias or nested too deeply", "write it out where it is used")
            return None
        if node.tag not in _PLAIN:
            self._find(path, f"the tag {node.tag} is not read", "leave it out", node)
            return None
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            content: dict[str, Any] = {}
            self._mapping(loader, node, path, content)
            return content
        return [self._item(loader, item, (*path, index)) for index, item in enumerate(node.value)]

    def _item(self, loader: Any, node: yaml.Node, path: Path) -> Any:
        self.document.marks[path] = Mark(self.file, node.start_mark.line + 1)
        return self._value(loader, node, path)

    def _scalar(self, loader: Any, node: yaml.Node, path: Path) -> Any:
        try:
            return loader.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            text = getattr(error, "problem", None) or "is not a value YAML can hold"
            self._find(path, str(text), "put it in quotes if it is a text", node)
            return None
