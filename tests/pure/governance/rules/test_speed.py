"""How long a landscape of 200 interfaces takes, each with a document of its own. Nothing is asserted of time: it is told."""

from __future__ import annotations

import time
from copy import deepcopy
from datetime import date

from tests.pure.governance.rules.examples import HERE, clean, dumped

from tillway.contracts import load
from tillway.governance.rules import check, subject
from tillway.identity import rehearse
from tillway.landscape import build_marked, cases

INTERFACES = 200


def files() -> dict[str, str]:
    """The clean landscape, its interface of points 200 times with document, service level and upstream."""
    content = {name: dict(section) for name, section in clean().items() if name != "contracts"}
    text = (HERE / "miles.v1.yaml").read_text()
    documents = {}
    scopes = list(content["consumers"]["webshop"]["scopes"])
    for number in range(INTERFACES):
        name = f"points-{number:03}"
        content["apis"][name] = deepcopy(content["apis"]["miles"])
        level = {**content["service_levels"]["miles-availability"], "api": name}
        content["service_levels"][f"{name}-availability"] = level
        scopes += [f"{name}:read", f"{name}:write"]
        own = text.replace("miles:", f"{name}:").replace("/miles/", f"/{name}/")
        for verb in ("listAccounts", "createAccount", "getAccount"):
            own = own.replace(verb, f"{verb}Of{number:03}")
        documents[f"contracts/{name}.v1.yaml"] = own
    content["consumers"]["webshop"] = {**content["consumers"]["webshop"], "scopes": scopes}
    documents["contracts/miles.v1.yaml"] = text
    return {"all.yaml": dumped(content), **documents}


def test_a_landscape_of_200_interfaces_is_checked(capsys):
    given = files()
    load()
    begun = time.process_time()
    landscape, marks = build_marked(given)
    built = time.process_time()
    rehearsal = rehearse(landscape, cases({}, landscape))
    found = check(subject(landscape, load(), date(2026, 11, 23), rehearsal), marks)
    ended = time.process_time()
    lines = sum(text.count("\n") for text in given.values())
    with capsys.disabled():
        print(
            f"\n{INTERFACES} interfaces, {lines} lines: read in {built - begun:.2f} s of processor, rules in {ended - built:.2f} s"
        )
    assert [f"{each.rule} {each.where} {each.text}" for each in found.findings] == []
    assert len(landscape.apis) > INTERFACES
    assert len(landscape.contracts) == INTERFACES + 1
