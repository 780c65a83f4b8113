"""The promises: OpenAPI documents and event schemas, the operations compiled from them, and the checks of values."""

from __future__ import annotations

from tillway.contracts import catalog
from tillway.contracts.asyncapi import asyncapi
from tillway.contracts.checks import OperationChecks, ParameterCheck
from tillway.contracts.classes import classes_of
from tillway.contracts.deprecating import Ending, EndingMember, absent, marked, steps
from tillway.contracts.documents import ENVELOPE, Documents, load
from tillway.contracts.extending import extended
from tillway.contracts.minimising import NOTHING, Cut, Cuts, Tally, cut
from tillway.contracts.operation import (
    JSON_MEDIA_TYPE,
    METHODS,
    Document,
    Operation,
    Parameter,
    compile_document,
    escaped,
    followed,
    resolve,
)
from tillway.contracts.outline import Outline, Outlines, outline, pointers
from tillway.contracts.planning import Plan, plan
from tillway.contracts.pruning import Prune, pruner
from tillway.contracts.validators import Check, checker

__all__ = [
    "ENVELOPE",
    "JSON_MEDIA_TYPE",
    "METHODS",
    "NOTHING",
    "Check",
    "Cut",
    "Cuts",
    "Document",
    "Documents",
    "Ending",
    "EndingMember",
    "Operation",
    "OperationChecks",
    "Outline",
    "Outlines",
    "Parameter",
    "ParameterCheck",
    "Plan",
    "Prune",
    "Tally",
    "absent",
    "asyncapi",
    "catalog",
    "checker",
    "classes_of",
    "compile_document",
    "cut",
    "escaped",
    "extended",
    "followed",
    "load",
    "marked",
    "outline",
    "plan",
    "pointers",
    "pruner",
    "resolve",
    "steps",
]
