"""`tillway consumer add|list|show|review|offboard`: the registry of everybody who calls."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from tillway.cli.access import Consumer, consumers
from tillway.cli.options import Json, Reason, State

if TYPE_CHECKING:
    from tillway.cli.asking import Hub

# The commands here beside those that take rights away.
app = consumers

# A new consumer is looked at again after half a year: by then it is known whether it uses what it was given.
REVIEW_DAYS = 183

# Who is new lives in the sandbox first.
FIRST_ENVIRONMENT = "test"

# What `review` shows: overdue, or due within so many days.
SOON_DAYS = 30


@consumers.command()
def add(
    consumer: Annotated[str, typer.Argument(help="Its id, e.g. print-partner; ids are not given twice.")],
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    contact: Annotated[str, typer.Option(help="Where they are reached when it misbehaves.")],
    purpose: Annotated[str, typer.Option(help="Why it needs what it is given.")],
    scope: Annotated[list[str], typer.Option(help="What it may do, e.g. orders:read; may be repeated.")],
    shop: Annotated[str | None, typer.Option(help="The shop it sells for.")] = None,
    shops: Annotated[
        str | None, typer.Option(help='Shops it may touch, parted by commas, or "*"; none: its own.')
    ] = None,
    event_type: Annotated[list[str] | None, typer.Option(help="What it may be told; may be repeated.")] = None,
    kind: Annotated[str, typer.Option(help="machine, device, person or agent.")] = "machine",
    environment: Annotated[str, typer.Option(help="Where it lives; `all` for everywhere.")] = FIRST_ENVIRONMENT,
    review: Annotated[str | None, typer.Option(help="When it is looked at again (default: in half a year).")] = None,
    key: Annotated[Path | None, typer.Option(help="Write its private key there; none: show it once.")] = None,
    only_print: Annotated[bool, typer.Option("--print", help="Write no landscape file, show the entry.")] = False,
    directory: Annotated[Path | None, typer.Option(help="The landscape's directory (default: the hub's).")] = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Let somebody in: a landscape file with its public key, and the private key once. Nothing is sent anywhere."""
    from tillway.cli.onboarding import add as run
    from tillway.governance.onboarding import Wanted
    from tillway.tokens import new_key, public_jwk

    pair = new_key()
    several: tuple[str, ...] | str | None = shops if shops in {None, "*"} else tuple((shops or "").split(","))
    wanted = Wanted(
        id=consumer,
        owner=owner,
        contact=contact,
        purpose=purpose,
        kind=kind,
        environment=None if environment == "all" else environment,
        scopes=tuple(scope),
        shops=several if several is not None or shop is not None else (),
        shop=shop,
        event_types=tuple(event_type or ()),
        review=_day(review) if review else _today() + timedelta(days=REVIEW_DAYS),
        key=public_jwk(pair),
    )
    run(wanted, pair, key=key, only_print=only_print, directory=directory, state=state, as_json=as_json)


@consumers.command("list")
def list_(
    unused: Annotated[bool, typer.Option("--unused", help="Only those of whom something is amiss.")] = False,
    days: Annotated[int, typer.Option(help="What was not used in so many days counts as unused.")] = 45,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Everybody who may call, or did: who answers for them, last call, unused scopes, what is amiss."""
    from tillway.cli.telling import moment, table, tell

    found = _every(state, days)
    shown = [each for each in found["consumers"] if each["amiss"] or not unused]
    rows = [
        (
            each["id"],
            each["state"],
            each["owner"] or "-",
            moment(each["last_seen"]) or "never",
            " ".join(each["unused_scopes"]),
            ", ".join(each["amiss"]),
        )
        for each in shown
    ]
    titles = ("consumer", "state", "owner", "last call", "unused scopes", "amiss")
    tell(found | {"consumers": shown}, as_json=as_json, otherwise=table(titles, rows))


@consumers.command()
def review(
    days: Annotated[int, typer.Option(help="Also those due within so many days.")] = SOON_DAYS,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Whose review is overdue or due soon. It is done by setting the next date in the landscape."""
    from tillway.cli.telling import table, tell

    found = _every(state, 45)
    until = str(_today() + timedelta(days=days))
    due = sorted(
        (each for each in found["consumers"] if each["review"] is not None and each["review"] <= until),
        key=lambda each: (each["review"], each["id"]),
    )
    rows = [
        (each["review"], each["standing"], each["id"], each["owner"], each["contact"], " ".join(each["unused_scopes"]))
        for each in due
    ]
    titles = ("due", "standing", "consumer", "owner", "contact", "unused scopes")
    tell({"consumers": due}, as_json=as_json, otherwise=table(titles, rows) if rows else "nothing is due")


@consumers.command()
def show(consumer: Consumer, state: State = None, as_json: Json = False) -> None:
    """One consumer: what it may do and does not use, how it stands; of one that left, the proof."""
    from tillway.cli.telling import asked, table, tell

    async def whole(hub: Hub) -> dict[str, Any]:
        found = await hub.get(_path(consumer))
        if found["offboarding"] is not None:
            found["offboarding"] = await hub.get(f"{_path(consumer)}/offboarding")
        return found

    found = asked(state, whole)
    told = {name: value for name, value in found.items() if name != "offboarding"}
    rows = [(name, " ".join(value) if isinstance(value, list) else value) for name, value in told.items()]
    if found["offboarding"] is not None:
        rows.append(("off-boarded", _proof(found["offboarding"])))
    tell(found, as_json=as_json, otherwise=table(("what", "value"), rows))


@consumers.command()
def offboard(consumer: Consumer, reason: Reason, state: State = None, as_json: Json = False) -> None:
    """End all rights of a consumer for good: tokens, devices, subscriptions, on every node within seconds."""
    from tillway.cli.telling import asked, tell

    done = asked(state, lambda hub: hub.put(f"{_path(consumer)}/offboarding", {"reason": reason}))
    ended = f"{len(done['subscriptions'])} subscriptions and {done['devices']} devices ended with it"
    tell(done, as_json=as_json, otherwise=f"{consumer} left; {ended}. Proof: tillway consumer show {consumer}")


def _every(state: Path | None, days: int) -> dict[str, Any]:
    from tillway.cli.telling import asked

    async def pages(hub: Hub) -> dict[str, Any]:
        page = await hub.get("/consumers", days=days)
        listed = page["consumers"]
        while page["next"] is not None:
            page = await hub.get("/consumers", days=days, after=page["next"])
            listed += page["consumers"]
        return page | {"consumers": listed}

    return asked(state, pages)


def _proof(left: dict[str, Any]) -> str:
    refusing = sum(each["since"] is not None for each in left["nodes"])
    answered = f"{left['calls_since']} requests were answered since"
    who = f"{left['since'][:19]} by {left['by']}: {left['reason']}"
    return f"{who}; {refusing} of {len(left['nodes'])} processes refuse it; {answered}"


def _path(consumer: str) -> str:
    return f"/consumers/{quote(consumer, safe='')}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day, e.g. 2027-06-30") from None


def _today() -> date:
    from tillway import clock

    return clock.now().date()
