"""`tillway propose`, `approve`, `reject`, `publish`, `rollback`, `review`, and what there is to look at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from tillway.cli.telling import acted, asked, moment, table, tell

# The longest that the hub works on one request.
SECONDS: Final = 30

EXIT_BLOCKED: Final = 1

# Of a run of contract tests the first failures go along, each as one line; the rest stands in its own report.
FAILURES_MAX: Final = 20
FAILURE_CHARACTERS: Final = 500


def propose(
    directory: Path | None,
    state: Path | None,
    body: dict[str, Any],
    accepted: list[str],
    conformance: list[Path],
    *,
    as_json: bool,
) -> None:
    """Propose what lies in a directory. Exit code 1 when it can never be published as it is."""
    from tillway import settings
    from tillway.cli.asking import state_directory
    from tillway.errors import Misconfigured
    from tillway.landscape import texts

    given = settings.read({**os.environ, "TILLWAY_STATE": str(state_directory(state))})
    where = given.landscape_directory if directory is None else directory
    names = []
    for each in accepted:
        consumer, parted, why = each.partition("=")
        if not (parted and consumer and why):
            raise Misconfigured(f"{each!r} does not say why", remedy="give --accept CONSUMER=REASON")
        names.append({"consumer": consumer, "reason": why})
    files = texts(where, given.environment or None)
    sent = {**body, "files": files} | ({"accepted": names} if names else {})
    if conformance:
        sent["conformance"] = [result(each) for each in conformance]
    done = asked(state, lambda hub: hub.post("/changes", sent, seconds=SECONDS))
    tell(done, as_json=as_json, otherwise=_proposed(done))
    if done["evidence"]["blockers"]:
        raise SystemExit(EXIT_BLOCKED)


def result(file: Path) -> dict[str, Any]:
    """What `tillway conformance --json` told, as it goes along with a proposal. Misconfigured when it is none."""
    import msgspec

    from tillway.errors import Misconfigured

    try:
        said = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
        if said["kind"] == "pact":
            failures = [
                f"{each['description']}: {', '.join(each['mismatches']) or 'broken'}"
                for each in said["interactions"]
                if not each["kept"]
            ]
        else:
            failures = [
                f"{each['operation']}: {failure}" for each in said["operations"] for failure in each["failures"]
            ]
        kept = {name: said[name] for name in ("kind", "provider", "document", "sha256", "at", "passed")}
    except (OSError, msgspec.MsgspecError, KeyError, TypeError) as error:
        raise Misconfigured(
            f"{file} is no result of contract tests", remedy="write it with `tillway conformance ... --json`"
        ) from error
    return kept | {"failures": [each[:FAILURE_CHARACTERS] for each in failures[:FAILURES_MAX]]}


def approve(state: Path | None, change: str, reason: str, *, as_json: bool) -> None:
    """Vote for a change as it is now."""

    async def vote(hub: Any) -> dict[str, Any]:
        found = await hub.get(f"/changes/{change}")
        done: dict[str, Any] = await hub.post(f"/changes/{change}/approval", {"hash": found["hash"], "reason": reason})
        return done

    done = asked(state, vote)
    tell(done, as_json=as_json, otherwise=_standing(done))


def reject(state: Path | None, change: str, reason: str, *, as_json: bool) -> None:
    """End a change."""
    done = acted(state, f"/changes/{change}/rejection", {"reason": reason})
    tell(done, as_json=as_json, otherwise=f"{change} is rejected")


def publish(state: Path | None, change: str, reason: str, *, as_json: bool) -> None:
    """Put a change in force on every node."""
    done = asked(state, lambda hub: hub.post(f"/changes/{change}/publication", {"reason": reason}, seconds=SECONDS))
    owed = f"; an after-review is owed until {moment(done['review_due'])}" if done["review_due"] else ""
    said = f"release {done['release']} is in force on {done['nodes']} nodes after {done['milliseconds']} ms{owed}"
    tell(done, as_json=as_json, otherwise=said)


def rollback(state: Path | None, release: int, reason: str, *, as_json: bool) -> None:
    """Propose to go back to a release."""
    done = asked(state, lambda hub: hub.post(f"/releases/{release}/rollback", {"reason": reason}, seconds=SECONDS))
    tell(done, as_json=as_json, otherwise=_proposed(done))


def review(state: Path | None, change: str, outcome: str, reason: str, *, as_json: bool) -> None:
    """Make the after-review of an emergency."""
    done = acted(state, f"/changes/{change}/review", {"outcome": outcome, "reason": reason})
    tell(done, as_json=as_json, otherwise=f"{change} is reviewed: {outcome}")


def changes(state: Path | None, of_state: str | None, *, as_json: bool) -> None:
    """Change requests, newest first."""
    found = asked(state, lambda hub: hub.get("/changes", **({} if of_state is None else {"state": of_state})))
    rows = [
        (each["id"], each["state"], each["kind"], each["verdict"], each["reason"], "; ".join(each["obstacles"]))
        for each in found["changes"]
    ]
    tell(found, as_json=as_json, otherwise=table(("change", "state", "kind", "verdict", "why", "waits for"), rows))


def releases(state: Path | None, *, as_json: bool) -> None:
    """Releases, newest first."""
    found = asked(state, lambda hub: hub.get("/releases"))
    rows = [
        (
            f"{each['number']}{' *' if each['in_force'] else ''}",
            each["hash"][:12],
            each["kind"],
            moment(each["activated_at"]),
            each["proposed_by"] or "",
            ", ".join(vote["person"] for vote in each["approvals"]),
        )
        for each in found["releases"]
    ]
    titles = ("release", "hash", "kind", "in force since", "proposed by", "approved by")
    tell(found, as_json=as_json, otherwise=table(titles, rows))


def nodes(state: Path | None, *, as_json: bool) -> None:
    """What each process enforces, and what is not as it should be."""

    async def both(hub: Any) -> dict[str, Any]:
        return {**await hub.get("/nodes"), **await hub.get("/drift")}

    found = asked(state, both)
    rows = [
        (
            each["host"],
            f"{each['kind']} {each['pid']}",
            "files" if each["release"] is None else each["release"],
            each["hash"][:12],
            "alive" if each["alive"] else f"silent since {moment(each['beat_at'])}",
            each["error"] or "",
        )
        for each in found["nodes"]
    ]
    made = table(("host", "process", "release", "hash", "state", "trouble"), rows)
    for each in found["findings"]:
        made.add_row("", f"[red]drift[/] {each['kind']}", "", "", f"{each['age_seconds']:.0f} s", each["detail"])
    tell(found, as_json=as_json, otherwise=made)


def _proposed(done: dict[str, Any]) -> str:
    evidence = done["evidence"]
    lines = [f"{done.get('id', 'nothing is kept')}: {evidence['verdict']}, {evidence['criticality']}"]
    lines += [f"  {each['verdict']:<9} {each['path']}: {each['text']}" for each in evidence["changes"]]
    lines += [f"  breaks {each['consumer']} of {each['owner']} ({each['contact']})" for each in evidence["consumers"]]
    # The way back is open whatever it breaks.
    word = "all the same" if done["kind"] == "rollback" else "stopped"
    lines += [f"  {word}: {each}" for each in evidence["blockers"]]
    return "\n".join(lines) + ("\n" + _standing(done) if "standing" in done else "")


def _standing(done: dict[str, Any]) -> str:
    obstacles = done["standing"]["obstacles"]
    return "\n".join(f"waits: {each}" for each in obstacles) or f"publish it with `tillway publish {done['id']}`"
