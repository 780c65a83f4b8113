"""The Odoo that a promise is tried on, the sandbox or a real one, and the small retailer made in it for the tests.

`ask` is the back door: it speaks to the server directly, beside the connector under test, to set things up and to
look what really happened. Everything that is made carries a tag of this run, so a real database needs no reset.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

STARTING = 20.0
"""Seconds within which the sandbox listens."""


AT_WORK = 0.4
"""Seconds that a call takes of a server that is killed in the middle of one."""


class RefusedError(Exception):
    """The server said no at the back door."""


@dataclass(frozen=True, kw_only=True)
class FarSide:
    """One server with its way in."""

    name: str
    url: str
    database: str
    key: str = field(repr=False)
    limited_key: str | None = field(default=None, repr=False)
    """A key of a user without rights on tills, where there is one."""
    protocol: Literal["auto", "jsonrpc"] = "auto"
    """How the connector under test is told to speak."""
    login: str = "admin"
    limited_login: str = "hub"
    """Whose keys these are."""

    def ask(self, model: str, method: str, **body: Any) -> Any:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=90)
        try:
            connection.request(
                "POST",
                f"/json/2/{model}/{method}",
                json.dumps(body, default=float),
                {
                    "Content-Type": "application/json",
                    "Authorization": f"bearer {self.key}",
                    "X-Odoo-Database": self.database,
                },
            )
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RefusedError(f"{model}/{method}: {answer.status} {content[:500]!r}")
        return json.loads(content, parse_float=Decimal)

    def make(self, model: str, **values: Any) -> int:
        made: list[int] = self.ask(model, "create", vals_list=values)
        return made[0]

    def rows(self, model: str, domain: list[Any], fields: list[str], **more: Any) -> list[dict[str, Any]]:
        context = {"active_test": False, "allowed_company_ids": [1]}
        found: list[dict[str, Any]] = self.ask(
            model, "search_read", domain=domain, fields=fields, context=context, **more
        )
        return found


@dataclass(frozen=True, kw_only=True)
class Retailer:
    """What was made for this run. Two sizes in two colours; blue costs 5 more. 15 % tax on top."""

    tag: str
    company: str
    currency: str
    warehouse: str
    customer: str
    categories: tuple[int, int]
    """A category and one within it, which the family is in."""
    template: int
    variants: dict[str, int]
    """Ids by SKU: `<tag>-S-RED`, `-S-BLUE`, `-M-RED`, `-M-BLUE`."""
    price_list: int
    """10 % off everything, 15.00 for the tee from ten on."""
    tax: int
    tax_included: int
    """20 %, in the price."""
    inclusive: str
    """SKU of a product of 24.00, the 20 % in it."""

    def sku(self, end: str) -> str:
        return f"{self.tag}-{end}"


def retailer(far: FarSide) -> Retailer:
    """A family of four variants, a product with included tax, a price list and a customer."""
    tag = f"P{secrets.token_hex(3).upper()}"
    company = far.rows("res.company", [["id", "=", 1]], ["currency_id"])[0]
    warehouse = far.rows("stock.warehouse", [["company_id", "=", company["id"]]], ["name"], order="id", limit=1)[0]
    tax = _tax(far, amount=15, name=f"{tag} 15%")
    included = _tax(far, amount=20, name=f"{tag} 20% in it", price_include_override="tax_included")
    parent = far.make("product.category", name=f"{tag} all")
    child = far.make("product.category", name=f"{tag} tees", parent_id=parent)
    template, variants = _family(far, tag, tax, child)
    single = far.make(
        "product.template",
        name=f"{tag} Mug",
        list_price=24.0,
        taxes_id=[[6, 0, [included]]],
        default_code=f"{tag}-MUG",
        available_in_pos=True,
    )
    assert single
    price_list = far.make(
        "product.pricelist",
        name=f"{tag} list",
        company_id=company["id"],
        item_ids=[
            [0, 0, {"applied_on": "3_global", "compute_price": "percentage", "percent_price": 10}],
            [
                0,
                0,
                {
                    "applied_on": "1_product",
                    "product_tmpl_id": template,
                    "compute_price": "fixed",
                    "fixed_price": 15,
                    "min_quantity": 10,
                },
            ],
        ],
    )
    return Retailer(
        tag=tag,
        company=str(company["id"]),
        currency=company["currency_id"][1],
        warehouse=str(warehouse["id"]),
        customer=str(far.make("res.partner", name=f"{tag} customer")),
        categories=(parent, child),
        template=template,
        variants=variants,
        price_list=price_list,
        tax=tax,
        tax_included=included,
        inclusive=f"{tag}-MUG",
    )


def _tax(far: FarSide, **values: Any) -> int:
    return far.make("account.tax", type_tax_use="sale", company_id=1, **values)


def _family(far: FarSide, tag: str, tax: int, category: int) -> tuple[int, dict[str, int]]:
    lines = []
    for name, values in (("Size", ("S", "M")), ("Colour", ("Red", "Blue"))):
        attribute = far.make(
            "product.attribute",
            name=f"{tag} {name}",
            create_variant="always",
            value_ids=[[0, 0, {"name": value}] for value in values],
        )
        ids = [row["id"] for row in far.rows("product.attribute.value", [["attribute_id", "=", attribute]], ["name"])]
        lines.append([0, 0, {"attribute_id": attribute, "value_ids": [[6, 0, ids]]}])
    template = far.make(
        "product.template",
        name=f"{tag} Tee",
        type="consu",
        list_price=20.0,
        categ_id=category,
        taxes_id=[[6, 0, [tax]]],
        attribute_line_ids=lines,
        available_in_pos=True,
    )
    values = far.rows("product.template.attribute.value", [["product_tmpl_id", "=", template]], ["name"])
    blue = next(row["id"] for row in values if row["name"] == "Blue")
    far.ask("product.template.attribute.value", "write", ids=[blue], vals={"price_extra": 5.0})
    names = {row["id"]: row["name"].upper() for row in values}
    variants = {}
    for row in far.rows(
        "product.product", [["product_tmpl_id", "=", template]], ["product_template_attribute_value_ids"], order="id"
    ):
        size, colour = sorted((names[each] for each in row["product_template_attribute_value_ids"]), key=len)
        sku = f"{tag}-{size}-{colour}"
        far.ask("product.product", "write", ids=[row["id"]], vals={"default_code": sku})
        variants[sku] = row["id"]
    return template, variants


@dataclass(frozen=True, kw_only=True)
class TillThere:
    """A point of sale made for one test, with cash and card."""

    config: int
    methods: dict[str, int]


def till(far: FarSide, company: str) -> TillThere:
    name = f"T{secrets.token_hex(3)}"
    methods = {}
    for kind, journal_type in (("cash", "cash"), ("card", "bank")):
        code = f"{kind[0]}{secrets.token_hex(2)}".upper()
        journal = far.make(
            "account.journal", name=f"{name} {kind}", code=code, type=journal_type, company_id=int(company)
        )
        methods[kind] = far.make(
            "pos.payment.method", name=f"{name} {kind}", journal_id=journal, company_id=int(company)
        )
    config = far.make("pos.config", name=name, payment_method_ids=[[6, 0, list(methods.values())]])
    return TillThere(config=config, methods=methods)


def close_session(far: FarSide, session: int) -> None:
    """Close a session as a shop does at the end of the day, the drawer counted as expected."""
    control = far.ask("pos.session", "get_closing_control_data", ids=[session])
    counted = control["default_cash_details"]["amount"]
    assert far.ask("pos.session", "post_closing_cash_details", ids=[session], counted_cash=counted)["successful"]
    far.ask("pos.session", "update_closing_control_state_session", ids=[session], notes="")
    closed = far.ask("pos.session", "close_session_from_ui", ids=[session], bank_payment_method_diff_pairs=[])
    assert closed["successful"], closed


def _overlapping(url: str, work_ms: float = 10) -> None:
    """Let every call of the sandbox spend a while in its transaction, so that calls made at once really conflict."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=STARTING)
    connection.request("POST", "/panel", json.dumps({"work_ms": work_ms, "work_jitter_ms": 10, "backoff_ms": 20}))
    assert connection.getresponse().status == 200
    connection.close()


def names() -> list[str]:
    """The far sides there are: the sandbox always, a real Odoo where the environment names one, over both its doors."""
    return ["sandbox", *(["odoo", "odoo-jsonrpc"] if "TILLWAY_TEST_ODOO_URL" in os.environ else [])]


@contextmanager
def running(name: str, folder: Path) -> Iterator[FarSide]:
    """The far side of this name; the sandbox runs as a process of its own for as long as the block lasts."""
    if name.startswith("odoo"):
        yield FarSide(
            name="odoo",
            protocol="jsonrpc" if name == "odoo-jsonrpc" else "auto",
            url=os.environ["TILLWAY_TEST_ODOO_URL"],
            database=os.environ["TILLWAY_TEST_ODOO_DB"],
            key=os.environ["TILLWAY_TEST_ODOO_KEY"],
            limited_key=os.environ.get("TILLWAY_TEST_ODOO_LIMITED_KEY"),
        )
        return
    process, said = _started(folder / "ready.json")
    try:
        _overlapping(said["url"])
        yield FarSide(name=name, url=said["url"], database=said["db"], key=said["key"])
    finally:
        process.terminate()
        process.communicate(timeout=STARTING)


def _started(ready: Path, *more: str) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    """A sandbox that listens, and what it says of itself."""
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tillway.sandbox.serve", "--ready-file", str(ready), *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + STARTING
    while not ready.exists():
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < deadline, "the sandbox does not listen"
        time.sleep(0.02)
    said: dict[str, str] = json.loads(ready.read_bytes())
    return process, said


class Killable:
    """A sandbox of one test's own that is killed and started again, on the same port and with its rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._again: tuple[str, ...] = ()
        self.side: FarSide

    def start(self) -> None:
        """Have it listen; the first time on any port."""
        keep = ("--keep", str(self._folder / "rows"))
        self._process, said = _started(self._folder / "ready.json", *keep, *self._again)
        self._again = ("--port", str(urlsplit(said["url"]).port), "--key", said["key"])
        self.side = FarSide(name="sandbox", url=said["url"], database=said["db"], key=said["key"])

    def kill(self, by: signal.Signals = signal.SIGKILL) -> None:
        """End it as the kernel does, without a word."""
        process = self._process
        assert process is not None
        process.send_signal(by)
        process.communicate(timeout=STARTING)

    def kill_at_work(self) -> None:
        """The same while it works on the call that comes next, or one of those after."""
        _overlapping(self.side.url, AT_WORK * 1000)
        threading.Timer(AT_WORK / 4, self.kill).start()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None
