"""Files out and in: what is exported is what the interfaces tell; rows are judged whole and told once."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from tests.paths.test_commands import run
from tests.running_demo import Demo, until

from tillway.cli.bulk.exporting import exported
from tillway.cli.bulk.importing import Asked, imported
from tillway.cli.bulk.importing_counts import Counts
from tillway.cli.bulk.spool import CountSpool

BY = "integrator"


async def last_held(demo: Demo) -> dict[str, Any]:
    """What is available of the last product at a shop, once its stock was read: none that other tests order."""
    sku = (await demo.ask("GET", "/products/v1/products?limit=500")).body["products"][-1]["sku"]

    async def look() -> dict[str, Any] | None:
        told = (await demo.ask("POST", "/stock/v1/availabilities", body={"skus": [sku]})).body
        return None if told["unread"] or not told["availability"] else dict(told["availability"][-1])

    return dict(await until(look, "stock read"))


async def test_exports_hold_what_the_interfaces_tell(demo: Demo, tmp_path: Path) -> None:
    """Every product, its price and its stock at every shop, in three forms; read again they are the same."""
    products = (await demo.ask("GET", "/products/v1/products?limit=500")).body["products"]
    out = tmp_path / "products.jsonl"
    told = await run("export", "products", "--out", str(out), "--as", BY, "--state", str(demo.state), "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["rows"] == len(products) > 0
    assert [json.loads(line) for line in out.read_text().splitlines()] == products

    out = tmp_path / "prices.csv"
    await exported(demo.state, "prices", out, None, consumer=BY, lists=["list", "list"])
    with out.open(newline="") as file:
        prices = list(csv.DictReader(file))
    assert len(prices) == len(products)
    assert {each["sku"]: Decimal(each["amount"]) for each in prices} == {
        each["sku"]: Decimal(each["list_price"]) for each in products
    }

    held = await last_held(demo)
    out = tmp_path / "stock"
    await exported(demo.state, "stock", out, "parquet", consumer=BY, lists=[])
    rows = {(each["sku"], each["location"]): each for each in pq.read_table(out).to_pylist()}
    assert rows[held["sku"], held["location"]]["free"] == Decimal(held["parts"]["free"])
    assert {sku for sku, _ in rows} == {each["sku"] for each in products}


async def test_orders_are_exported_as_whoever_placed_them_may_see_them(demo: Demo, tmp_path: Path) -> None:
    line = {"sku": "TEE-CREW-S", "quantity": "1"}
    placed = (await demo.ask("POST", "/orders/v1/orders", body={"reference": "OUT-1", "lines": [line]})).body
    out = tmp_path / "orders.jsonl"
    told = await run("export", "orders", "--out", str(out), "--as", BY, "--state", str(demo.state), "--json")
    assert told.returncode == 0, told.stderr
    rows = {each["id"]: each for each in map(json.loads, out.read_text().splitlines())}
    assert json.loads(told.stdout)["rows"] == len(rows)
    held = rows[placed["id"]]
    assert {name: held[name] for name in placed if name != "status"} == {
        name: value for name, value in placed.items() if name != "status"
    }


async def test_counts_are_judged_whole_and_told_once(demo: Demo, tmp_path: Path) -> None:
    held = await last_held(demo)
    sku, shop = held["sku"], held["location"]
    file, rejects = tmp_path / "counts.csv", tmp_path / "rejects.csv"
    good = f"sku,location,counted,reason\n{sku},{shop},41,counted at night\n"
    file.write_text(f"{good}TEE-CREW-S,{shop},many,\nNO-SUCH,{shop},1,\n{sku},nowhere,1,\n")

    async def adjusted() -> list[str]:
        told = await demo.events(sku)
        return [each["data"]["counted"] for each in told if each["type"] == "tillway.stock.adjusted.v1"]

    begin = await adjusted()
    command = ("import", "stock-counts", str(file), "--as", BY, "--state", str(demo.state), "--json")
    refused = await run(*command, "--rejects", str(rejects))
    assert refused.returncode == 4, refused.stderr
    done = json.loads(refused.stdout)
    assert (done["rows"], done["valid"], done["rejected"], done["applied"]) == (4, 1, 3, 0)
    with rejects.open(newline="") as told:
        assert [(each["row"], each["field"]) for each in csv.DictReader(told)] == [
            ("2", "counted"),
            ("3", "sku"),
            ("4", "location"),
        ]

    file.write_text(good)
    looked, _ = await imported(Counts, CountSpool(), demo.state, Asked(file, BY, dry_run=True))
    assert (looked["locations"], looked["applied"]) == ({shop: 1}, 0)
    first, _ = await imported(Counts, CountSpool(), demo.state, Asked(file, BY))
    again, _ = await imported(Counts, CountSpool(), demo.state, Asked(file, BY))
    assert [(each["applied"], each["repeated"]) for each in (first, again)] == [(1, 0), (0, 1)]

    async def brought() -> bool:
        return len(await adjusted()) > len(begin)

    await until(brought, "the count in the back office", 40)
    assert await adjusted() == [*begin, "41"]


async def test_customers_are_judged_whole_and_created_once(demo: Demo, tmp_path: Path) -> None:
    file, rejects = tmp_path / "people.csv", tmp_path / "rejects.csv"
    heading = "name,email,phone,system,reference,city,country\n"
    good = (
        f"{heading}Ida File,ida.file@example.com,,web-shop,FILE-1,Brussels,BE\nOtto File,otto.file@example.com,,,,,\n"
    )
    file.write_text(f"{good}Bad File,not an address,,,,,\nIda Twin,IDA.FILE@example.com,,,,,\n")
    command = ("import", "customers", str(file), "--as", BY, "--state", str(demo.state), "--json")
    refused = await run(*command, "--rejects", str(rejects))
    assert refused.returncode == 4, refused.stderr
    done = json.loads(refused.stdout)
    assert (done["rows"], done["valid"], done["rejected"], done["applied"]) == (4, 1, 3, 0)
    with rejects.open(newline="") as told:
        assert [(each["row"], each["field"]) for each in csv.DictReader(told)] == [
            ("1", "email"),
            ("3", "email"),
            ("4", "email"),
        ]
    assert "example.com" not in rejects.read_text()

    file.write_text(good)
    first, again = await run(*command), await run(*command)
    told = [json.loads(each.stdout) for each in (first, again)]
    assert [(each["applied"], each["there"], each["repeated"]) for each in told] == [(2, 0, 0), (0, 0, 2)]
    # Another file, the same people: they are there, and stay as they are.
    file.write_text(f"{heading}Ida Otherwise,ida.file@example.com,,,,,\n")
    other = json.loads((await run(*command)).stdout)
    assert (other["applied"], other["there"], other["repeated"]) == (0, 1, 0)
    found = (await demo.ask("POST", "/customers/v1/searches", body={"email": "ida.file@example.com"})).body
    assert [each["name"] for each in found["customers"]] == ["Ida File"]
