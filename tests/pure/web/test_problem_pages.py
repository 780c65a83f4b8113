"""`docs/problems.md` says of every problem what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from tillway import apis, contracts, errors, gateway, governance, identity, landscape, tokens, web
from tillway.errors import Rejected, TillwayError, report
from tillway.web import status_of

# Whatever is raised in these can reach an asker; their classes are known once they are imported.
REACHING_THE_DOOR = (apis, contracts, errors, gateway, governance, identity, landscape, tokens, web)
ROOMS = tuple(room.__name__ for room in REACHING_THE_DOOR)

# Never raised themselves.
ABSTRACT = {TillwayError, Rejected}

PAGE = (Path(__file__).parents[3] / "docs" / "problems.md").read_text()
ROW = re.compile(r"^\| `/problems/([a-z-]+)` \| (\d+) \| (\S.*) \| (\S.*) \|$", re.MULTILINE)


def kinds(cls=TillwayError):
    if cls not in ABSTRACT and cls.__module__.startswith(ROOMS):
        yield cls
    for below in cls.__subclasses__():
        yield from kinds(below)


def test_every_problem_is_explained_with_its_status_and_no_other():
    raised = {cls.code: status_of(cls.__new__(cls)) for cls in kinds()}
    unexpected = ValueError()
    raised[report(unexpected).code] = status_of(unexpected)
    assert {code: int(status) for code, status, _, _ in ROW.findall(PAGE)} == raised


def test_every_problem_type_is_explained_once():
    codes = [code for code, _, _, _ in ROW.findall(PAGE)]
    assert len(codes) == len(set(codes)) == PAGE.count("| `/problems/")
