"""Whatever one thing is changed in what is kept, the walk says so, and names the place."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from tests.pure.audit.evidence import START, entries, entry, sealed, sign, unsign

from tillway.audit.anchor import FIRST, Anchor, End, Signed, anchored, digest, fault, known, read
from tillway.audit.entry import CLASSES, Link, line, read_line, seal
from tillway.audit.verifying import Broken, Walk, early

replace = msgspec.structs.replace


def walked(rows, anchors, ends, head=None) -> Broken | None:
    """As a whole: the anchors first, then the entries, then the head."""
    before = None
    for each in anchors:
        if (wrong := fault(each, before, unsign)) is not None:
            return Broken(what="anchor", detail=wrong)
        before = each
    walk = Walk(0, {}, {}, [said for each in anchors if (said := read(each, unsign)) is not None])
    number = max((row.number for row in rows), default=0) if head is None else head
    return walk.feed(sorted(rows, key=lambda row: row.number)) or walk.finish(number, ends)


@given(st.lists(entries, max_size=12))
def test_what_was_sealed_holds(given_entries) -> None:
    assert walked(*sealed(given_entries)) is None


FIELDS = ("number", "seq", "sealed_at", "salt", "personal_digest", "hash")
OF_ENTRY = tuple(name for name in entry().__struct_fields__ if name != "kind_of")


def other(value):
    """Another value of the same kind."""
    match value:
        case None:
            return b"x" * 16
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case int():
            return value + 1
        case str():
            return value + "x"
        case UUID():
            return UUID(int=value.int ^ 1)
        case tuple():
            return (*value, "x")
        case _:
            return value.replace(microsecond=(value.microsecond + 1) % 10**6)


@given(st.lists(entries, min_size=1, max_size=10), st.data())
def test_a_changed_field_is_found_at_its_entry(given_entries, data) -> None:
    rows, anchors, ends = sealed(given_entries)
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from(FIELDS + tuple(f"entry.{field}" for field in OF_ENTRY)))
    row = rows[place]
    if name.startswith("entry."):
        field = name.removeprefix("entry.")
        value = getattr(row.entry, field)
        changed = "x" if value is None else other(value)
        rows[place] = replace(row, entry=replace(row.entry, **{field: changed}))
    else:
        rows[place] = replace(row, **{name: other(getattr(row, name))})
    broken = walked(rows, anchors, ends, head=len(rows))
    assert broken is not None
    if name not in {"number", "seq"}:
        assert (broken.what, broken.number) == ("changed", row.number)


@given(st.lists(entries, min_size=1, max_size=10), st.data())
def test_an_entry_of_another_class_is_found(given_entries, data) -> None:
    rows, anchors, ends = sealed(given_entries)
    place = data.draw(st.integers(0, len(rows) - 1))
    kind = data.draw(st.sampled_from([name for name in CLASSES if name != rows[place].entry.kind_of]))
    rows[place] = replace(rows[place], entry=replace(rows[place].entry, kind_of=kind))
    assert walked(rows, anchors, ends) is not None


@given(st.lists(entries, min_size=1, max_size=10), st.data())
def test_a_deleted_entry_is_named(given_entries, data) -> None:
    rows, anchors, ends = sealed(given_entries)
    gone = rows.pop(data.draw(st.integers(0, len(rows) - 1)))
    broken = walked(rows, anchors, ends, head=len(given_entries))
    assert broken is not None
    assert (broken.what, broken.chain, broken.seq) == ("missing", gone.entry.kind_of, gone.seq)


@given(st.lists(entries, min_size=1, max_size=10), st.data())
def test_a_missing_tail_is_found_also_when_the_head_was_set_back_to_an_anchor_before(given_entries, data) -> None:
    rows, anchors, ends = sealed(given_entries)
    kept = data.draw(st.integers(0, len(rows) - 1))
    left = {row.entry.kind_of: Link(row.seq, row.hash) for row in rows[:kept]}
    assert walked(rows[:kept], anchors, ends, head=len(rows)) is not None
    broken = walked(rows[:kept], anchors, left)
    anchored_entries = anchors[-1].number if anchors else 0
    assert (broken is not None) == (kept < anchored_entries)


@given(st.lists(entries, min_size=2, max_size=10), entries, st.data())
def test_an_inserted_entry_is_found(given_entries, planted, data) -> None:
    rows, anchors, ends = sealed(given_entries)
    after = data.draw(st.sampled_from(rows))
    fake = seal(planted, Link(after.seq, after.hash), number=after.number, sealed_at=after.sealed_at, salt=b"s" * 16)
    assert walked([*rows, fake], anchors, ends) is not None


@given(st.lists(entries, min_size=2, max_size=10), st.data())
def test_two_entries_in_each_others_place_are_found(given_entries, data) -> None:
    rows, anchors, ends = sealed(given_entries)
    one, two = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True))
    first, second = rows[one], rows[two]
    rows[one] = replace(second, number=first.number, seq=first.seq, sealed_at=first.sealed_at)
    rows[two] = replace(first, number=second.number, seq=second.seq, sealed_at=second.sealed_at)
    assert walked(rows, anchors, ends) is not None


@given(st.lists(entries, min_size=3, max_size=10), st.data())
def test_a_chain_computed_anew_does_not_fit_the_anchors(given_entries, data) -> None:
    """Whoever has the rights of the database can compute every hash, and cannot sign."""
    _, anchors, _ = sealed(given_entries)
    place = data.draw(st.integers(0, anchors[-1].number - 1))
    given_entries[place] = replace(given_entries[place], operation=given_entries[place].operation + "x")
    rows, _, ends = sealed(given_entries)
    broken = walked(rows, anchors, ends)
    assert broken is not None
    assert broken.what == "rewritten"


@given(st.lists(entries, min_size=6, max_size=12), st.data())
def test_an_anchor_taken_out_or_changed_is_found(given_entries, data) -> None:
    rows, anchors, ends = sealed(given_entries)
    place = data.draw(st.integers(0, len(anchors) - 1))
    if place < len(anchors) - 1:
        assert walked(rows, anchors[:place] + anchors[place + 1 :], ends) is not None
    kept = anchors[place]
    head, payload, signature = kept.token.split(".")
    swapped = ("A" if payload[5] != "A" else "B").join((payload[:5], payload[6:]))
    for changed in (
        replace(kept, number=kept.number + 1),
        replace(kept, anchor=kept.anchor + 1),
        replace(kept, at=START),
        replace(kept, token=f"{head}.{swapped}.{signature}"),
    ):
        assert walked(rows, [*anchors[:place], changed, *anchors[place + 1 :]], ends) is not None


@given(st.lists(entries, min_size=1, max_size=10))
def test_personal_parts_can_be_erased(given_entries) -> None:
    rows, anchors, ends = sealed(given_entries)
    erased = [replace(row, entry=replace(row.entry, personal=None), salt=None) for row in rows]
    assert walked(erased, anchors, ends) is None


@given(entries)
def test_an_entry_survives_its_line(given_entry) -> None:
    assert read_line(line(given_entry), at=START, node=given_entry.node) == given_entry


@pytest.mark.parametrize("text", ["", "{}", "[1]", '["read"', line(entry(subject="a\x00b"))])
def test_a_line_that_cannot_be_kept_is_evidence_of_itself(text) -> None:
    found = read_line(text, at=START, node=entry().node)
    assert (found.kind_of, found.code, found.at) == ("refusal", "unreadable-line", START)
    assert len(found.subject) == 64


def test_entries_dropped_before_their_time_are_found() -> None:
    young = Anchor(anchor=1, before=FIRST, at=START, number=5, chains={"read": End(3, "00" * 32)})
    floors = {"read": Link(3, b"h" * 32)}
    assert early(floors, {"read": young}) is None
    broken = early({"read": Link(4, b"h" * 32)}, {"read": young})
    assert broken is not None
    assert (broken.what, broken.chain, broken.seq) == ("missing", "read", 4)


def test_old_anchors_say_nothing_of_months_that_were_dropped() -> None:
    rows, anchors, ends = sealed([entry() for _ in range(9)])
    floor = Link(rows[4].seq, rows[4].hash)
    said = [each for each in (read(kept, unsign) for kept in anchors) if each is not None]
    walk = Walk(0, {"write": floor}, {"write": floor}, said)
    assert walk.feed(rows[5:]) is None
    assert walk.finish(9, ends) is None


@given(st.lists(entries, min_size=6, max_size=12))
def test_anchors_whose_key_is_gone_are_vouched_for_by_the_next(given_entries) -> None:
    """Nobody can check their signature any more: what they say counts because the next one names it."""
    _, anchors, _ = sealed(given_entries)

    def forgetful(token):
        return jws.extract_compact(token.encode()).payload, False

    assert fault(anchors[0], None, forgetful) is None
    assert fault(anchors[1], anchors[0], unsign) is None
    assert not known(anchors[0], forgetful)
    forged = anchored(anchor=1, before=FIRST, at=anchors[0].at, number=3, ends={}, sign=sign)
    assert fault(forged, None, forgetful) is None
    assert fault(anchors[1], forged, unsign) == "the anchor before it is not the one it names"


def test_a_signed_text_that_is_no_anchor_is_none() -> None:
    kept = Signed(anchor=1, number=1, at=START, token=sign(b"{}"))
    assert read(kept, unsign) is None
    short = anchored(anchor=1, before=FIRST, at=START, number=1, ends={"act": Link(1, b"h")}, sign=sign)
    assert read(short, unsign) is None
    assert digest(short.token) != digest(kept.token)
