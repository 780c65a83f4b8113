"""YAML texts to one checked Landscape. Pure: the texts are given; everything wrong is told at once, with its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tillway.contracts import Documents
from tillway.landscape import schema
from tillway.landscape.checks import check
from tillway.landscape.declared import Declared
from tillway.landscape.document import Document
from tillway.landscape.environments import living_in
from tillway.landscape.inline import written_inline
from tillway.landscape.landscape import INHERITED, Landscape
from tillway.landscape.layers import Given, layered, sorted_out
from tillway.landscape.own_documents import promised
from tillway.landscape.policies import CEDAR, FOLDER, PolicySet, compiled
from tillway.landscape.policy_checks import check_policies
from tillway.landscape.problem import InvalidLandscape, Marks, Path, meant

# Sections that are one entry themselves.
_OF_FIELDS = {"organisation", "defaults", "governance", "outbound", "sign_in", "transport"}
# How entries are named, and where they are named otherwise.
_NAMED = "use letters, digits, dot, dash and underscore, at most 64"
_NAMING = {"extensions": "say the word and the field, as in product.shelf_life: small letters, digits and underscore"}
# Stands in while an invalid landscape's sound entries are checked against each other; never leaves this file.
_STAND_IN = {"name": "?", "currency": "XXX", "timezone": "UTC"}


def build(files: Mapping[str, str]) -> Landscape:
    """The landscape that these texts declare, by file name.

    YAML lies over what ships with Tillway, and over that the YAML of `environments/<name>/`, of one environment at
    most; Cedar policies, documents and expressions of mappings are told by their folders. Raises InvalidLandscape with
    every finding.
    """
    return build_marked(files)[0]


def build_marked(files: Mapping[str, str]) -> tuple[Landscape, Marks]:
    """The landscape that these texts declare, and where in them everything stands. Raises InvalidLandscape."""
    given = sorted_out(files)
    document = layered(given)
    if document.unreadable:
        raise InvalidLandscape(document.problems)
    _texts(document, given)
    own = _own_documents(document, given.contracts)
    policies = _policies(document, given.policies, own)
    landscape = _validated(document)
    if landscape is not None:
        for problem in check(landscape, _declared(document.data)):
            document.finding(problem.path, problem.text, problem.remedy, problem.mark)
        for problem in check_policies(landscape, policies):
            document.finding(problem.path, problem.text, problem.remedy, problem.mark)
    inline = written_inline(files, document)
    document.problems += inline
    if document.problems or landscape is None:
        raise InvalidLandscape(document.problems)
    return living_in(landscape, given.environment), Marks(document.marks)


def _texts(document: Document, given: Given) -> None:
    """Put what stands in files of its own into the document; none of it stands in YAML."""
    for name, where, texts in (
        ("policies", f"{FOLDER}/<name>{CEDAR}", given.policies),
        ("contracts", "contracts/<api>.v<number>.yaml", given.contracts),
        ("expressions", "mappings/<name>.jsonata", given.expressions),
    ):
        if name in document.data:
            document.finding((name,), f"{name} do not stand in YAML", f"write them as files {where} beside this one")
        document.data[name] = dict(texts)


def _own_documents(document: Document, texts: Mapping[str, str]) -> Documents:
    """The retailer's own documents, as far as they are sound; what is wrong with the others is noted."""
    found = promised(texts)
    document.problems += found.problems
    broken = {problem.mark.file for problem in found.problems if problem.mark is not None}
    if broken:
        document.data["contracts"] = {file: text for file, text in texts.items() if file not in broken}
        found = promised(document.data["contracts"])
    return found.documents


def _policies(document: Document, texts: Mapping[str, str], own: Documents) -> PolicySet | None:
    """The policies compiled; what is wrong with them is noted in the document."""
    found = compiled(texts, tuple((operation.id, operation.scope) for _, operation in own.operations()))
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
    sections_of_fields = _OF_FIELDS & {path[0] for path in heads if path}
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
        document.finding(path, "this name cannot be used", _NAMING.get(str(path[0]), _NAMED))
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
