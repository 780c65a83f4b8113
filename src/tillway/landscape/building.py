"""YAML texts to one checked Landscape. Pure: the texts are given; everything wrong is told at once, with its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tillway.landscape import schema
from tillway.landscape.checks import check
from tillway.landscape.declared import Declared
from tillway.landscape.document import Document, parse
from tillway.landscape.landscape import INHERITED, Landscape
from tillway.landscape.policies import CEDAR, FOLDER, PolicySet, compiled
from tillway.landscape.policy_checks import check_policies
from tillway.landscape.problem import InvalidLandscape, Marks, Path, meant

# Stands in while an invalid landscape's sound entries are checked against each other; never leaves this file.
_STAND_IN = {"name": "?", "currency": "XXX", "timezone": "UTC"}


def build(files: Mapping[str, str]) -> Landscape:
    """The landscape that these texts declare: YAML, and Cedar policies by the ending `.cedar` of their file's name.

    Raises InvalidLandscape with every finding.
    """
    return build_marked(files)[0]


def build_marked(files: Mapping[str, str]) -> tuple[Landscape, Marks]:
    """The landscape that these texts declare, and where in them everything stands. Raises InvalidLandscape."""
    document = parse({file: text for file, text in files.items() if not file.endswith(CEDAR)})
    if document.unreadable:
        raise InvalidLandscape(document.problems)
    policies = _policies(document, {file: text for file, text in files.items() if file.endswith(CEDAR)})
    landscape = _validated(document)
    if landscape is not None:
        for problem in check(landscape, _declared(document.data)):
            document.finding(problem.path, problem.text, problem.remedy)
        for problem in check_policies(landscape, policies):
            document.finding(problem.path, problem.text, problem.remedy, problem.mark)
    if document.problems or landscape is None:
        raise InvalidLandscape(document.problems)
    return landscape, Marks(document.marks)


def _policies(document: Document, texts: Mapping[str, str]) -> PolicySet | None:
    """The policies compiled, and their texts put into the document; what is wrong with them is noted there."""
    if "policies" in document.data:
        remedy = f"write them as files {FOLDER}/<name>{CEDAR} beside this one"
        document.finding(("policies",), "policies do not stand in YAML", remedy)
    document.data["policies"] = dict(texts)
    found = compiled(texts)
    document.problems += found.problems
    return found.policies


def _validated(document: Document) -> Landscape | None:
    """The landscape, or as much of it as is sound; every finding of a field is noted in the document."""
    try:
        return Landscape.model_validate(document.data)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_context=False)
    paths = [_note(document, error) for error in errors]
    try:
        return Landscape.model_validate(_sound(document.data, paths))
    except ValidationError:
        return None


def _declared(data: Mapping[str, Any]) -> Declared:
    return Declared({name: frozenset(section) for name, section in data.items() if isinstance(section, dict)})


def _sound(data: Mapping[str, Any], broken: list[Path]) -> dict[str, Any]:
    """The content without the entries that broken paths lead into."""
    heads = {path[:2] for path in broken}
    sections_of_fields = {"organisation", "outbound", "sign_in"} & {path[0] for path in heads if path}
    whole = {path[0] for path in heads if len(path) == 1} | sections_of_fields
    kept = {
        name: {key: entry for key, entry in section.items() if (name, key) not in heads}
        for name, section in data.items()
        if isinstance(section, dict) and name not in whole
    }
    return {"organisation": _STAND_IN, **kept}


def _note(document: Document, error: ErrorDetails) -> Path:
    path = tuple(step for step in error["loc"] if step != "[key]")
    field = str(path[-1]) if path else ""
    if path[:1] == ("shops",) and field in INHERITED and path not in document.marks:
        # The shop took it over; it is told where the organisation says it, or fails to.
        return path
    around = schema.node(path[:-1])
    here = schema.node(path)
    kind = error["type"]
    if kind == "extra_forbidden":
        what = "section" if len(path) == 1 else "field"
        document.finding(path, f"unknown {what}", meant(field, around.get("properties", ())))
    elif kind == "missing":
        document.finding(path, "is missing", _about(here))
    elif "[key]" in error["loc"]:
        document.finding(path, "this name cannot be used", "use letters, digits, dot, dash and underscore, at most 64")
    else:
        document.finding(path, _plain(error), _about(here))
    return path


def _plain(error: ErrorDetails) -> str:
    """Pydantic's sentence without its jargon; the value itself is not repeated, it may be a misplaced secret."""
    if error["type"] in {"dict_type", "mapping_type", "model_type", "model_attributes_type"}:
        return "should be a mapping"
    text = error["msg"].removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _about(here: Mapping[str, Any]) -> str:
    return str(here.get("description", ""))
