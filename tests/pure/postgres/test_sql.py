from __future__ import annotations

import pytest

from tillway.postgres.sql import parse

TEXT = """-- Statements of a room.

-- name: claim_lease
-- Takes it when it is free.
UPDATE leases SET owner = $1;

-- name: all
SELECT *
FROM leases
"""


def test_blocks_are_found_by_key_and_by_attribute() -> None:
    statements = parse(TEXT)
    assert dict(statements) == {
        "claim_lease": "-- Takes it when it is free.\nUPDATE leases SET owner = $1",
        "all": "SELECT *\nFROM leases",
    }
    assert statements.claim_lease == statements["claim_lease"]


def test_an_unknown_name_says_which_file_lacks_it() -> None:
    with pytest.raises(AttributeError, match=r"journal.sql has no statement 'nope'"):
        _ = parse(TEXT, "journal.sql").nope
    with pytest.raises(KeyError):
        _ = parse(TEXT)["nope"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1\n-- name: a\nSELECT 2",
        "-- name: a\nSELECT 1\n-- name: a\nSELECT 2",
        "-- name: Not Snake\nSELECT 1",
        "-- name:\nSELECT 1",
        "-- name: a\n-- only a comment\n",
    ],
)
def test_a_file_that_would_mislead_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
