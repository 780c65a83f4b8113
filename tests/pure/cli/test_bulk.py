"""Rows of counted stock are judged one by one; files hold what was written to them, exactly."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from tillway.cli.bulk.counts import TABLE, Count, judged, key
from tillway.cli.bulk.rows import LINE_BYTES, Reject, Rows, form_of
from tillway.cli.bulk.sheets import GROUP_ROWS, sheet
from tillway.cli.bulk.spool import AT_ONCE, CountSpool
from tillway.errors import Misconfigured, Rejected

SOUND = {"sku": "MUG-STON", "location": "harbour", "counted": "12"}


def read(content: bytes, form: str = "csv"):
    rows = Rows(io.BytesIO(content), form, TABLE)
    return list(rows), rows.digest


def test_a_sound_row_is_what_adjust_stock_is_asked() -> None:
    count, wrong = judged(3, SOUND | {"reason": "", "reference": "C-1"})
    assert wrong == []
    assert count == Count(3, "MUG-STON", "harbour", "12", None, "C-1")
    assert count.body() == SOUND | {"reference": "C-1"}


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"counted": "-1"}, "counted"),
        ({"counted": "1e3"}, "counted"),
        ({"counted": " 12"}, "counted"),
        ({"counted": "12\n"}, "counted"),
        ({"counted": "1.1234567"}, "counted"),
        ({"counted": "1234567890"}, "counted"),
        ({"counted": Decimal("1e999999999")}, "counted"),
        ({"counted": True}, "counted"),
        ({"counted": ""}, "counted"),
        ({"sku": ""}, "sku"),
        ({"sku": "x" * 65}, "sku"),
        ({"sku": "a\x00b"}, "sku"),
        ({"sku": "\udce4"}, "sku"),
        ({"location": None}, "location"),
        ({"location": ["harbour"]}, "location"),
        ({"reason": "x" * 501}, "reason"),
        ({"reference": "x" * 129}, "reference"),
        ({"price": "1"}, "price"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_by_column(cells, field) -> None:
    count, wrong = judged(7, SOUND | cells)
    assert count is None
    assert [(each.row, each.field) for each in wrong] == [(7, field)]


def test_everything_wrong_with_a_row_is_told() -> None:
    assert {each.field for each in judged(1, {"counted": "x"})[1]} == {"sku", "location", "counted"}


def test_the_key_is_the_files_and_the_rows() -> None:
    """The same content gives the same keys; another content, or another row, other ones."""
    content = b"sku,location,counted\nA,harbour,1\n"
    assert read(content)[1] == read(content)[1] != read(content.replace(b"1", b"2"))[1]
    digest = read(content)[1]
    assert len({key(digest, 1), key(digest, 2), key(read(b"sku,location,counted\n")[1], 1)}) == 3
    assert len(key(digest, 10**9)) < 255


def test_rows_of_csv_and_of_json_lines_are_the_same() -> None:
    table = '\ufeffsku,location,counted\r\n"A, ü",harbour,1.50\r\n\r\nB,station,2\r\n'.encode()
    lines = (
        '{"sku":"A, ü","location":"harbour","counted":1.50}\n\n{"sku":"B","location":"station","counted":2}'.encode()
    )
    judged_rows = [
        [judged(row, cells)[0] for row, cells in read(content, form)[0]]
        for content, form in ((table, "csv"), (lines, "jsonl"))
    ]
    assert judged_rows[0] == judged_rows[1] == [Count(1, "A, ü", "harbour", "1.50"), Count(2, "B", "station", "2")]


def test_a_row_that_cannot_be_read_does_not_hide_the_next() -> None:
    rows, _ = read(b'sku,location,counted\nA,harbour\n\xe4,harbour,1\nC,harbour,"1"x\nD,harbour,4\n')
    told = [cells.field if isinstance(cells, Reject) else judged(row, cells)[1] for row, cells in rows]
    assert told == ["row", [Reject(2, "sku", "is not UTF-8")], "row", []]
    broken, _ = read(b'[1]\n{"sku": "\xff"}\nnot json\n{"sku":"A"}\n', "jsonl")
    assert [isinstance(cells, Reject) for _, cells in broken] == [True, True, True, False]


@pytest.mark.parametrize(
    "heading", [b"", b"sku,counted\n", b"sku,location,counted,price\n", b"sku,sku,location,counted\n", b'"sku\n']
)
def test_a_file_that_is_no_table_of_counts_is_refused(heading) -> None:
    with pytest.raises(Rejected):
        read(heading)


def test_a_line_without_end_is_not_read_into_memory() -> None:
    with pytest.raises(Rejected, match="longer"):
        read(b"sku,location,counted\n" + b"x" * (LINE_BYTES + 1))


def test_the_name_says_what_a_file_is(tmp_path) -> None:
    assert form_of(tmp_path / "COUNTS.CSV") == "csv"
    with pytest.raises(Rejected):
        form_of(tmp_path / "counts.xlsx")


def test_rows_that_count_the_same_are_all_rejected() -> None:
    with CountSpool() as spool:
        for row, sku in enumerate(("A", "B", "A", "C", "A"), start=1):
            spool.add(Count(row, sku, "harbour", "1"))
        assert [each.row for each in spool.rejects()] == [1, 3, 5]
        assert [each.row for page in spool.sound(1) for each in page] == [2, 4]
        assert spool.places() == {"harbour": 2}
        spool.reject_place("harbour", "closed")
        assert (spool.rejected(), spool.places()) == (5, {})


def test_a_place_is_looked_up_in_pages_while_rows_are_rejected() -> None:
    with CountSpool() as spool:
        for row in range(1, AT_ONCE + 2):
            spool.add(Count(row, f"S{row:04}", "harbour", "1"))
        seen = []
        for page in spool.at("harbour"):
            seen.append(len(page))
            spool.reject(Reject(each.row, "sku", "unknown") for each in page)
        assert seen == [AT_ONCE, 1]


COLUMNS = {"sku": "text", "amount": "decimal", "at": "moment", "active": "truth", "attributes": "json"}
ROWS = [
    {"sku": 'A,"ü', "amount": "19.950000", "at": "2026-11-23T10:15:00Z", "active": True, "attributes": {"Size": "S"}},
    {"sku": "B", "amount": None, "at": None, "active": False, "attributes": {}},
]


def test_each_form_holds_what_was_written(tmp_path) -> None:
    for form in ("csv", "jsonl", "parquet"):
        with sheet(tmp_path / form, form, COLUMNS) as file:
            file.add(ROWS)
    with (tmp_path / "csv").open(newline="") as read_again:
        first, second = csv.DictReader(read_again)
    assert (first["sku"], first["amount"], first["active"]) == ('A,"ü', "19.950000", "true")
    assert (json.loads(first["attributes"]), second["amount"]) == ({"Size": "S"}, "")
    assert [json.loads(line) for line in (tmp_path / "jsonl").read_text().splitlines()] == ROWS
    kept = pq.read_table(tmp_path / "parquet").to_pylist()
    assert (kept[0]["sku"], kept[0]["amount"], kept[1]["amount"]) == ('A,"ü', Decimal("19.95"), None)
    assert kept[0]["at"].isoformat() == "2026-11-23T10:15:00+00:00"


def test_parquet_is_written_by_row_groups(tmp_path) -> None:
    with sheet(tmp_path / "many", "parquet", {"sku": "text"}) as file:
        for _ in range(3):
            file.add([{"sku": "A"}] * (GROUP_ROWS // 2))
    found = pq.ParquetFile(tmp_path / "many").metadata
    assert [found.row_group(each).num_rows for each in range(found.num_row_groups)] == [GROUP_ROWS, GROUP_ROWS // 2]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_file_is_its_owners_alone(tmp_path, form) -> None:
    (tmp_path / "out.part").touch(mode=0o644)  # left by one that broke off
    with sheet(tmp_path / "out", form, {"sku": "text"}) as file:
        file.add([{"sku": "A"}])
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


def test_a_file_is_there_whole_or_not_at_all(tmp_path) -> None:
    (tmp_path / "out").write_text("before")
    with pytest.raises(ZeroDivisionError), sheet(tmp_path / "out", "csv", {"sku": "text"}) as file:
        file.add([{"sku": 1 // 0}])
    assert [each.name for each in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_text() == "before"
    with pytest.raises(Misconfigured), sheet(tmp_path / "no" / "out", "csv", {"sku": "text"}):
        pass


def test_parquet_is_loaded_only_when_it_is_written() -> None:
    """Commands start without it."""
    asked = "import sys, tillway.cli.bulk.sheets; print('pyarrow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
