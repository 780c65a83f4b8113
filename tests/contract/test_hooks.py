"""Rules in a back office that tell of changes: installed, looked at and removed; the address is shown to nobody."""

from __future__ import annotations

import pytest
from tests.contract.small_hub import opened

from tillway.inbox.sources import Sources
from tillway.retail import ChangeHook

HOOKS = "/operations/v1/hooks"
WHY = {"reason": "prices have to arrive at once"}


class There:
    """The rules of one back office, kept in memory; it is its own office."""

    connection, company = "main", "1"

    def __init__(self) -> None:
        self.hooks = self
        self.address = ""

    def of(self, _connection):
        return self

    async def look(self, _call, _hub, address=None):
        state = "in-place" if address in {None, self.address} else "different"
        found = {"state": state, "address": self.address} if self.address else {"state": "missing"}
        return (ChangeHook(name="Tillway: x changed", model="x", domains=("products",), **found),)

    async def install(self, _call, _hub, address):
        changed, self.address = int(self.address != address), address
        return changed

    async def remove(self, _call, _hub):
        changed, self.address = int(bool(self.address)), ""
        return changed


@pytest.fixture
async def there():
    return There()


@pytest.fixture
async def hooked(filled, there):
    async with opened(filled, offices=there) as hub:
        yield hub


async def test_rules_are_installed_once_at_an_address_that_the_door_knows(hooked, there):
    first = (await hooked.post(f"{HOOKS}/main/install", {**WHY, "address": "https://inside.example/"})).json
    assert (first["changed"], [rule["state"] for rule in first["rules"]]) == (1, ["in-place"])
    base, _, secret = there.address.rpartition("/")
    assert base == "https://inside.example/hooks"
    assert await Sources(hooked.db).connection(secret) == "main"

    again = await hooked.post(f"{HOOKS}/main/install", {**WHY, "address": "https://inside.example"})
    assert (again.status, again.json["changed"]) == (200, 0)
    listed = await hooked.get(HOOKS)
    assert [rule["state"] for rule in listed.json["connections"][0]["rules"]] == ["in-place"]
    assert secret not in (again.content + listed.content).decode()

    there.address = f"{base}/somebody-elses"
    assert (await hooked.get(HOOKS)).json["connections"][0]["rules"][0]["state"] == "different"
    assert (await hooked.post(f"{HOOKS}/main/install", WHY)).json["changed"] == 1
    assert await Sources(hooked.db).connection(secret) is None

    gone = (await hooked.post(f"{HOOKS}/main/remove", WHY)).json
    assert (gone["changed"], gone["rules"], await Sources(hooked.db).connection(secret)) == (1, [], None)


async def test_a_back_office_that_is_away_says_so_and_one_that_is_not_declared_is_not_found(hub):
    listed = (await hub.get(HOOKS)).json["connections"]
    assert [(each["connection"], each["problem"]) for each in listed] == [("main", "main is away")]
    assert (await hub.post(f"{HOOKS}/main/install", WHY)).status == 503
    assert (await hub.post(f"{HOOKS}/nobody/install", WHY)).status == 404
    assert (await hub.post(f"{HOOKS}/main/install", {**WHY, "address": "https://a@b/?c"})).status == 422
