"""What one operation says and takes: parameters, bodies, headers, answers by status. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tillway.contracts.compatibility.change import Change, Direction, Verdict
from tillway.contracts.compatibility.nodes import ANYTHING, Node, Term, canonical
from tillway.contracts.compatibility.operations import Found, child, children
from tillway.contracts.compatibility.reasoning import Reasoning
from tillway.contracts.compatibility.telling import told

_STYLES: Final = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
# Keywords of parameters and headers that are read here, or are words.
_READ: Final = frozenset({
    "name", "in", "required", "schema", "content", "style", "explode", "description", "example", "examples",
    "deprecated", "$ref", "summary",
})  # fmt: skip


class Messages:
    """The changes of one operation. Of a callback or webhook the hub asks and the consumer answers."""

    def __init__(self, known: Reasoning, operation: str, *, asks: Direction = "request") -> None:
        self.known = known
        self.changes: list[Change] = []
        self.operation = operation
        self.asks: Direction = asks
        self.answers: Direction = "response" if asks == "request" else "request"

    def add(
        self,
        rule: str,
        verdict: Verdict,
        node: Node,
        text: str,
        direction: Direction,
    ) -> None:
        """Tell of one change."""
        self.changes.append(
            Change(
                rule=rule,
                verdict=verdict,
                operation=self.operation,
                direction=direction,
                pointer=node.pointer,
                text=text,
                field=None,
            )
        )

    def parameters(self, old: Found, new: Found) -> None:
        """Parameters by place and name: gone, new, and what changed of those that stayed."""
        for key, node in old.parameters.items():
            where, name = key[0], node.raw.get("name")
            if key not in new.parameters:
                gone: Verdict = "breaking" if self.asks == "request" or node.raw.get("required") else "additive"
                self.add("parameter-gone", gone, node, f"the {where} parameter {name} is gone", self.asks)
            else:
                self._parameter(node, new.parameters[key], where)
        for key, node in new.parameters.items():
            if key not in old.parameters:
                required = node.raw.get("required") is True
                text = f"the {key[0]} parameter {node.raw.get('name')} is new{' and required' if required else ''}"
                self.add(
                    "parameter-added",
                    "breaking" if required and self.asks == "request" else "additive",
                    node,
                    text,
                    self.asks,
                )

    def _parameter(self, old: Node, new: Node, where: str) -> None:
        name = f"the {where} parameter {new.raw.get('name')}"
        self._required(old, new, name, where == "path", self.asks)
        self._written(old, new, name, _STYLES.get(where, "form"), self.asks)
        self._content(old, new, f"{where} parameter {new.raw.get('name')}", self.asks)

    def _required(self, old: Node, new: Node, name: str, always: bool, direction: Direction) -> None:  # noqa: FBT001
        was, now = (always or each.raw.get("required") is True for each in (old, new))
        if was != now:
            good = now if direction == "response" else was
            text = f"{name} {'is required now' if now else 'may be left out now'}"
            self.add("required", "additive" if good else "breaking", new, text, direction)

    def _written(self, old: Node, new: Node, name: str, style: str, direction: Direction) -> None:
        """How a value stands in its text. What is not understood and differs breaks."""
        for word in sorted({*old.raw, *new.raw} - _READ):
            if word.startswith("x-") and not word.startswith("x-tillway-"):
                continue
            if canonical(old.raw.get(word, False)) != canonical(new.raw.get(word, False)):
                self.add("written-otherwise", "breaking", new, f"{name}: {word} is another one", direction)
        before, after = (_style(each.raw, style) for each in (old, new))
        if before != after:
            self.add("written-otherwise", "breaking", new, f"{name} is written otherwise (style, explode)", direction)

    def _content(self, old: Node, new: Node, name: str, direction: Direction) -> None:
        """The schema of a parameter or header, which may stand in `schema` or by media type."""
        if "content" in old.raw or "content" in new.raw:
            self.contents(old, new, direction, name)
            return
        self._schemas(old, new, direction, name)

    def _schemas(self, old: Node, new: Node, direction: Direction, name: str) -> None:
        for each in told(self.known, self.operation, direction, schema(old), schema(new)):
            inside = f"{name}{each.field or ''}"
            text = each.text.removeprefix(f"{each.field or 'the body'}: ")
            self.changes.append(
                Change(
                    rule=each.rule,
                    verdict=each.verdict,
                    operation=each.operation,
                    direction=each.direction,
                    pointer=each.pointer or new.pointer,
                    text=f"{inside}: {text}",
                    field=None,
                )
            )

    def body(self, old: Found, new: Found) -> None:
        """The body that is asked with."""
        before, after = child(old.node, "requestBody"), child(new.node, "requestBody")
        if before is None and after is None:
            return
        if before is None or after is None:
            node = after or before or new.node
            required = node.raw.get("required") is True
            if self.asks == "response":
                verdict: Verdict = "breaking" if after is None else "additive"
            else:
                verdict = "breaking" if after is None or required else "additive"
            text = (
                "a body is not taken any more"
                if after is None
                else f"a body is {'required' if required else 'taken'} now"
            )
            self.add("body-gone" if after is None else "body-added", verdict, node, text, self.asks)
            return
        self._required(before, after, "the body", always=False, direction=self.asks)
        self.contents(before, after, self.asks, "the body")

    def contents(self, old: Node, new: Node, direction: Direction, name: str) -> None:
        """What a body may be, by media type; a range such as `application/*` takes in what was named apart."""
        before, after = dict(children(old, "content")), dict(children(new, "content"))
        if before and not after:
            self.add("body-gone", "breaking", new, f"{name} has no content any more", direction)
            return
        for media_type, node in before.items():
            other = _media(after, media_type)
            if other is None:
                self.add("media-type-gone", "breaking", node, f"{name} is not {media_type} any more", direction)
                continue
            if name == "the body" or name.startswith("the answer"):
                self.changes += told(self.known, self.operation, direction, schema(node), schema(other))
            else:
                self._schemas(node, other, direction, name)
            if canonical(node.raw.get("encoding", {})) != canonical(other.raw.get("encoding", {})):
                self.add("written-otherwise", "breaking", other, f"{name}: the parts are encoded otherwise", direction)
        for media_type, node in after.items():
            if media_type not in before and _media(before, media_type) is None:
                self.add("media-type-added", "additive", node, f"{name} can be {media_type} now", direction)

    def responses(self, old: Found, new: Found) -> None:
        """Answers by status; a status that is not named is found in its class or the default."""
        before, after = (dict(children(each.node, "responses")) for each in (old, new))
        for status in sorted(before, key=str):
            if status.startswith("x-"):
                continue
            other = _answer(after, status)
            if other is not None:
                self._answers(before[status], other, status)
            else:
                self._no_answer(status, before[status], before)
        for status in sorted(after, key=str):
            if status.startswith("x-") or status in before:
                continue
            known = _answer(before, status)
            if known is not None:
                self._answers(known, after[status], status)
            self._new_answer(status, after[status], known is not None)

    def _no_answer(self, status: str, node: Node, before: Mapping[str, Any]) -> None:
        """An error less is a promise more; an answer that was waited for is missed."""
        success = status[:1] in "123" or (status == "default" and not any(each[:1] in "123" for each in before))
        verdict: Verdict = "breaking" if success or self.answers == "request" else "additive"
        self.add("status-gone", verdict, node, f"is not answered {status} any more", self.answers)

    def _new_answer(self, status: str, node: Node, known: bool) -> None:  # noqa: FBT001 - whether it was covered
        """An unknown error is taken as one of its class (RFC 9110 section 15); nobody awaits a new success."""
        surprising = status[:1] in "123" or status == "default"
        verdict: Verdict = "breaking" if surprising and not known and self.answers == "response" else "additive"
        self.add("status-added", verdict, node, f"may be answered {status} now", self.answers)

    def _answers(self, old: Node, new: Node, status: str) -> None:
        before = len(self.changes)
        self.contents(old, new, self.answers, f"the answer {status}")
        self._headers(old, new, status)
        self._links(old, new, status)
        self.changes[before:] = dict.fromkeys(self.changes[before:])

    def _headers(self, old: Node, new: Node, status: str) -> None:
        before = {name.lower(): (name, node) for name, node in children(old, "headers")}
        after = {name.lower(): (name, node) for name, node in children(new, "headers")}
        for key, (name, node) in before.items():
            if key == "content-type":
                continue
            called = f"header {name} of {status}"
            if key not in after:
                self.add("header-gone", "breaking", node, f"the {called} is gone", self.answers)
                continue
            other = after[key][1]
            self._required(node, other, f"the {called}", always=False, direction=self.answers)
            self._written(node, other, f"the {called}", "simple", self.answers)
            self._content(node, other, called, self.answers)
        for key in after.keys() - before.keys() - {"content-type"}:
            name, node = after[key]
            required = node.raw.get("required") is True and self.answers == "request"
            verdict: Verdict = "breaking" if required else "additive"
            self.add("header-added", verdict, node, f"the header {name} of {status} is new", self.answers)

    def _links(self, old: Node, new: Node, status: str) -> None:
        before, after = dict(children(old, "links")), dict(children(new, "links"))
        for name, node in before.items():
            if name not in after:
                self.add("link-gone", "breaking", node, f"the link {name} of {status} is gone", self.answers)
            elif _plain(node.raw) != _plain(after[name].raw):
                self.add(
                    "link-changed",
                    "breaking",
                    after[name],
                    f"the link {name} of {status} leads elsewhere",
                    self.answers,
                )
        for name in after.keys() - before.keys():
            self.add("link-added", "additive", after[name], f"the link {name} of {status} is new", self.answers)


def schema(node: Node) -> Term:
    """The schema of a media type, parameter or header."""
    return ANYTHING if "schema" not in node.raw else node.source.term(node.raw["schema"], f"{node.pointer}/schema")


def _style(raw: Mapping[str, Any], usual: str) -> tuple[Any, Any]:
    style = raw.get("style", usual)
    return style, raw.get("explode", style == "form")


def _media(known: Mapping[str, Node], media_type: str) -> Node | None:
    """The entry that speaks of a media type: itself, parameters apart, its range, or anything."""
    plain = {name.replace(" ", "").lower(): node for name, node in known.items()}
    wanted = media_type.replace(" ", "").lower()
    kind = wanted.partition(";")[0]
    for each in (wanted, kind, f"{kind.partition('/')[0]}/*", "*/*"):
        if each in plain:
            return plain[each]
    return None


def _answer(known: Mapping[str, Node], status: str) -> Node | None:
    for each in _covering(status):
        if each in known:
            return known[each]
    return None


def _covering(status: str) -> Iterable[str]:
    return dict.fromkeys((status, f"{status[:1]}XX", f"{status[:1]}xx", "default"))


def _plain(raw: Any) -> Any:
    return canonical({key: value for key, value in raw.items() if key != "description"})
