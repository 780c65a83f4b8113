from __future__ import annotations

import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.postgres import Part, compose


def test_placeholders_are_renumbered_in_the_order_of_the_parts() -> None:
    parts = (
        Part("saved", "INSERT INTO a VALUES ($1, $2)", (1, "x")),
        Part("told", "UPDATE b SET c = $1 WHERE d = $2 OR e = $1", (3, 4)),
    )
    assert compose(parts) == (
        (
            "WITH saved AS (\nINSERT INTO a VALUES ($1, $2)\n),\n"
            "told AS (\nUPDATE b SET c = $3 WHERE d = $4 OR e = $3\n)\nSELECT 1"
        ),
        [1, "x", 3, 4],
    )


def test_a_placeholder_of_two_digits_is_not_taken_for_one_digit() -> None:
    ten = ", ".join(f"${number}" for number in range(1, 11))
    sql, args = compose(
        (Part("a", "DELETE FROM a WHERE b = $1", (0,)), Part("b", f"INSERT INTO b VALUES ({ten})", tuple(range(10))))
    )
    shifted = ", ".join(f"${number}" for number in range(2, 12))
    assert (sql, args) == (
        f"WITH a AS (\nDELETE FROM a WHERE b = $1\n),\nb AS (\nINSERT INTO b VALUES ({shifted})\n)\nSELECT 1",
        [0, *range(10)],
    )


def test_a_name_that_occurs_again_gets_a_number() -> None:
    part = Part("event", "INSERT INTO e VALUES (1)")
    sql, _ = compose((part, part, Part("event_2", "DELETE FROM e"), part))
    assert [line.split(" AS ")[0].removeprefix("WITH ") for line in sql.splitlines() if " AS (" in line] == [
        "event",
        "event_2",
        "event_2_2",
        "event_3",
    ]


@pytest.mark.parametrize(
    ("sql", "counted"),
    [
        ("SELECT f()", True),
        ("-- why\nselect 1 /* INSERT INTO */ FOR UPDATE", True),
        ("VALUES (1)", True),
        ("WITH a AS (SELECT 1 FOR UPDATE) SELECT * FROM a FOR NO KEY UPDATE", True),
        ("WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a", False),
        ("WITH a AS (SELECT 1) UPDATE b SET c = 1", False),
        ("MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE", False),
        ("DELETE FROM a", False),
    ],
)
def test_parts_that_only_select_are_counted_so_that_postgres_runs_them(sql: str, counted: bool) -> None:
    composed, _ = compose((Part("it", sql),))
    assert composed.splitlines()[-1] == ("SELECT (SELECT count(*) FROM it)" if counted else "SELECT 1")


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (Part("Bad", "DELETE FROM a"),),
        (Part("a b", "DELETE FROM a"),),
        (Part("a" * 57, "DELETE FROM a"),),
        (Part("a", "DELETE FROM a WHERE b = $1"),),
        (Part("a", "DELETE FROM a", (1,)),),
        (Part("a", "DELETE FROM a WHERE b = $2", (1,)),),
    ],
)
def test_a_part_that_cannot_work_is_refused(parts: tuple[Part, ...]) -> None:
    with pytest.raises(ValueError):
        compose(parts)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=6))
def test_every_argument_keeps_its_place(counts: list[int]) -> None:
    parts = tuple(
        Part(
            "p",
            "INSERT INTO t VALUES (" + ", ".join(f"${n + 1}" for n in range(count)) + ")",
            tuple((index, n) for n in range(count)),
        )
        for index, count in enumerate(counts)
    )
    sql, args = compose(parts)
    assert args == [arg for part in parts for arg in part.args]
    assert [int(word.strip("$,()")) for word in sql.replace("(", " ").split() if word.startswith("$")] == list(
        range(1, len(args) + 1)
    )


def test_composing_known_parts_costs_microseconds() -> None:
    parts = tuple(Part(f"p{index}", "INSERT INTO t VALUES ($1, $2)", (1, 2)) for index in range(4))
    best = min(timeit.repeat(lambda: compose(parts), number=1000, repeat=5)) / 1000
    assert best < 20e-6
