"""One cell of a `load`: text becomes a value, or a message that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tillway.sandbox import domains, identifiers
from tillway.sandbox.environment import Env
from tillway.sandbox.fields import Field
from tillway.sandbox.refusals import Refusal
from tillway.sandbox.values import moment_text

YES: Final = frozenset({"1", "true", "yes"})
NO: Final = frozenset({"", "0", "false", "no"})
MOMENT_HINT: Final = "Use the format '2012-12-31 23:59:59'"
DATE_HINT: Final = "Use the format '2012-12-31'"
BOOLEAN_HINT: Final = "Use '1' for yes and '0' for no"


class BadCell(Exception):
    """A cell that cannot be read: field, its label, what is wrong, what would be right."""

    def __init__(self, field: str, label: str, text: str, hint: Any = None) -> None:
        super().__init__(text)
        self.field = field
        self.label = label
        self.text = text
        self.hint = hint

    def below(self, above: Field) -> BadCell:
        """The same, told of the list that the line belongs to."""
        return BadCell(above.name, above.label, self.text, self.hint)

    def message(self, where: Mapping[str, Any], record: int) -> dict[str, Any]:
        """As `load` answers it."""
        words: dict[str, Any] = {**where, "type": "error", "record": record, "field": self.field, "message": self.text}
        if self.hint is not None:
            words["moreinfo"] = self.hint
        if self.label:
            words["field_name"] = self.label
        return words


def cell(env: Env, each: Field, rest: tuple[str, ...], text: str, *, above: str = "") -> Any:
    """The value that a cell's text means for a field; `above` is the label of the list the line belongs to."""
    if not text:
        return False
    label = f"{above}/{each.label}" if above else each.label
    if each.kind == "many2one":
        return _reference(env, each, rest, text, label)
    if each.kind == "many2many":
        return [[6, 0, [_reference(env, each, rest, part, label) for part in text.split(",")]]]
    try:
        return _scalar(each, text, label)
    except (Refusal, ValueError):
        raise _unreadable(each, text, label) from None


def _scalar(each: Field, text: str, label: str) -> Any:
    match each.kind:
        case "integer":
            return int(text)
        case "float" | "monetary":
            return float(text)
        case "datetime" | "date":
            return moment_text(text)
        case "boolean":
            if text.lower() in YES | NO:
                return text.lower() in YES
            raise BadCell(each.name, each.label, f"Unknown value '{text}' for boolean field '{label}'", BOOLEAN_HINT)
        case "selection":
            known = {word: value for value, shown in each.choices for word in (value, shown)}
            if text in known:
                return known[text]
            labels = [shown for _, shown in each.choices]
            raise BadCell(each.name, each.label, f"Value '{text}' not found in selection field '{label}'", labels)
    return text


def _unreadable(each: Field, text: str, label: str) -> BadCell:
    if each.kind in {"datetime", "date"}:
        hint = MOMENT_HINT if each.kind == "datetime" else DATE_HINT
        words = f"'{text}' does not seem to be a valid {each.kind} for field '{label}'"
        return BadCell(each.name, each.label, words, hint)
    kind = "an integer" if each.kind == "integer" else "a number"
    return BadCell(each.name, each.label, f"'{text}' does not seem to be {kind} for field '{label}'")


def _reference(env: Env, each: Field, rest: tuple[str, ...], text: str, label: str) -> int:
    by = rest[0] if rest else ""
    if by == ".id":
        if not text.isdecimal():
            raise BadCell(
                each.name, each.label, f"Invalid database id '{text}' for the field '{label}'", _help(each, by)
            )
        if env.exists(each.relation, int(text)):
            return int(text)
        kind = "database id"
    elif by == "id":
        found = identifiers.find(env, text)
        if found is not None and found["model"] == each.relation:
            return int(found["res_id"])
        kind = "external id"
    else:
        named = sorted(domains.named(env, env.models[each.relation], "=", text))
        if named:
            return named[0]
        kind = "name"
    words = f"No matching record found for {kind} '{text}' in field '{label}'"
    raise BadCell(each.name, each.label, words, _help(each, by))


def _help(each: Field, by: str) -> dict[str, Any]:
    shown = {
        "name": "Possible Values",
        "type": "ir.actions.act_window",
        "target": "new",
        "view_mode": "list,form",
        "views": [[False, "list"], [False, "form"]],
        "context": {"create": False},
        "help": "See all possible values",
    }
    if by:
        return {**shown, "res_model": "ir.model.data", "domain": [["model", "=", each.relation]]}
    return {**shown, "res_model": each.relation}
