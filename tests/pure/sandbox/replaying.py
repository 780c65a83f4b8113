"""Scenarios: requests with the answers of a real Odoo, and what of an answer two servers must have in common.

Ids, times, uuids, running numbers, the company and its currency differ from server to server; all else must be equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

SCENARIOS = Path(__file__).parents[2] / "fixtures" / "odoo"

Answer = tuple[int, str, Any]
"""Status, content type, body (decoded when it is JSON)."""
Send = Callable[[str, str, dict[str, str], bytes | None], Awaitable[Answer]]
"""(HTTP method, path, headers, body) -> answer."""

NAMED_BY_SERVER = {
    "company_id",
    "currency_id",
    "user_id",
    "create_uid",
    "write_uid",
    "salesman_id",
    "warehouse_id",
    "picking_type_id",
    "location_id",
    "lot_stock_id",
    "journal_id",
    "sale_journal",
    "invoice_journal_id",
    "uom_id",
    "product_uom_id",
    "cash_journal_id",
    "move_id",
}
"""Relations whose names are the server's own."""
FLOAT_DIGITS = 6
"""Beyond these, a float shows the order in which a server added up, and nothing else."""
IDS = re.compile(r"(^|_)(id|ids|uid)$|^lines$|^order_line$|^account_move$|^sale_journal$|^session_move_id$|^res_id$")
TEXTS = (
    (re.compile(r"run-[0-9a-f]{6}"), "<run>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?"), "<time>"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"\bS\d{5}\b"), "<order>"),
    (re.compile(r"\b[A-Z0-9]{2,5}/(OUT|POS)/\d{5}"), "<transfer>"),
    (re.compile(r"\b(POSS|INV)/[\d/]+"), "<entry>"),
    (re.compile(r"Till/\d{5}"), "Till/<n>"),
    (re.compile(r"\b\d{3}-\d+-\d{6}\b"), "<receipt>"),
    (re.compile(r"\$\xa0(-?[\d.,]+)|(-?[\d.,]+)\xa0€"), r"<money \1\2>"),
    (re.compile(r"\((USD|EUR)\)"), "(<currency>)"),
    (re.compile(r"=\(wri, \d+_x\)"), "=(wri, <id>_x)"),
    (re.compile(r"\((\d+),\), User: 2"), "(<id>,), User: 2"),
    (re.compile(r"\((\d+(?:, \d+)+)\)"), "(<ids>)"),
    (re.compile(r"(LINE 1: ).*\n *\^\n", re.DOTALL), r"\1<statement>"),
    (re.compile(r"record of different model (\S+) \(\d+\)"), r"record of different model \1 (<id>)"),
)


def names() -> list[str]:
    """Every recorded scenario."""
    return sorted(path.stem for path in SCENARIOS.glob("*.json"))


def read(name: str) -> list[dict[str, Any]]:
    """The steps of a scenario."""
    steps: list[dict[str, Any]] = json.loads((SCENARIOS / f"{name}.json").read_text())["steps"]
    return steps


class Run:
    """Plays the steps of one scenario against one server, remembering ids under the names the steps give them."""

    def __init__(self, send: Send, *, key: str, database: str, run: str = "run-000000") -> None:
        self._send = send
        self._headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": database}
        self._known: dict[str, Any] = {"run": run}

    async def play(self, step: dict[str, Any]) -> Answer:
        """Send one step's request and keep what it names."""
        if "http" in step:
            method, path = step["http"].split(" ")
            headers = {**self._headers, **step.get("headers", {})}
            raw = step.get("raw")
            return await self._send(method, path, headers, None if raw is None else raw.encode())
        headers = {**self._headers, "Content-Type": "application/json"}
        body = json.dumps(self._filled(step["with"])).encode()
        answer = await self._send("POST", f"/json/2/{step['do']}", headers, body)
        for name, path in step.get("as", {}).items():
            value = answer[2]
            for part in path:
                value = value[part]
            self._known[name] = value
        return answer

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each) for each in value]
        if isinstance(value, str) and value.startswith("$") and value[1:] in self._known:
            return self._known[value[1:]]
        if isinstance(value, str):
            return re.sub(r"\$\{(\w+)\}", lambda found: str(self._known[found[1]]), value)
        return value


def common(value: Any, key: str = "") -> Any:
    """An answer with everything replaced that is a server's own."""
    if isinstance(value, dict):
        return {name: common(each, name) for name, each in value.items() if name != "debug"}
    if isinstance(value, list):
        return _common_list(value, key)
    if isinstance(value, str):
        for pattern, word in TEXTS:
            value = pattern.sub(word, value)
        return value
    if isinstance(value, float):
        return round(value, FLOAT_DIGITS)
    if IDS.search(key) and isinstance(value, int) and not isinstance(value, bool):
        return "<id>"
    return value


def _common_list(value: list[Any], key: str) -> Any:
    if len(value) == 2 and type(value[0]) is int and isinstance(value[1], str):
        return ["<id>", "<own>" if key in NAMED_BY_SERVER else common(value[1])]
    if value and all(type(each) is int for each in value):
        return ["<id>"] * len(value) if key in {"", "ids"} or IDS.search(key) else value
    return [common(each, key) for each in value]


def expected_part(answer: Any, wanted: Any) -> Any:
    """The answer reduced to the keys that the recording has: the sandbox may say more of a record, never less."""
    if isinstance(wanted, dict) and isinstance(answer, dict):
        return {name: expected_part(answer[name], each) for name, each in wanted.items() if name in answer}
    if isinstance(wanted, list) and isinstance(answer, list) and len(wanted) == len(answer):
        return [expected_part(one, other) for one, other in zip(answer, wanted, strict=True)]
    return answer
