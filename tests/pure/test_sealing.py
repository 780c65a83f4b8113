from __future__ import annotations

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway import sealing
from tillway.errors import Misconfigured, Unavailable
from tillway.sealing import Ring, master, master_text, new_secret, read_masters, unwrap, wrap

OLD, NEW, DIGESTING = new_secret(), new_secret(), new_secret()
BASE64URL = string.ascii_letters + string.digits + "-_"
RING = Ring({"old": OLD, "new": NEW}, "new", DIGESTING)


@given(text=st.text(), place=st.text(min_size=1), row=st.text())
def test_what_is_sealed_opens_in_its_place_and_nowhere_else(text: str, place: str, row: str) -> None:
    sealed = RING.seal(place, row, text)
    assert sealed.startswith("s1.new.")
    assert RING.open(place, row, sealed) == text
    for elsewhere in ((place + "x", row), (place, row + "x")):
        with pytest.raises(Misconfigured, match="belongs to another row"):
            RING.open(*elsewhere, sealed)


def test_equal_values_are_sealed_differently() -> None:
    assert RING.seal("a.b.c", "1", "Ada") != RING.seal("a.b.c", "1", "Ada")


def test_what_was_never_sealed_is_read_as_it_is() -> None:
    assert RING.open("a.b.c", "1", '{"customer":"walk-in"}') == '{"customer":"walk-in"}'


@given(at=st.integers(0, 40), step=st.integers(1, len(BASE64URL) - 1))
def test_a_value_with_one_changed_character_does_not_open(at: int, step: int) -> None:
    """The last character is left alone: of its bits some mean nothing."""
    sealed = RING.seal("a.b.c", "1", "Ada")
    at += len("s1.new.")
    assert len(sealed.rstrip("=")) == 49
    other = BASE64URL[(BASE64URL.index(sealed[at]) + step) % len(BASE64URL)]
    for changed in (other, "!"):
        with pytest.raises(Misconfigured):
            RING.open("a.b.c", "1", sealed[:at] + changed + sealed[at + 1 :])


def test_all_keys_open_and_the_named_one_seals() -> None:
    earlier = Ring({"old": OLD}, "old", DIGESTING).seal("a.b.c", "1", "Ada")
    assert RING.open("a.b.c", "1", earlier) == "Ada"


def test_a_key_that_is_not_known_yet_is_asked_for_again() -> None:
    sealed = RING.seal("a.b.c", "1", "Ada")
    with pytest.raises(Unavailable):
        Ring({"old": OLD}, "old", DIGESTING).open("a.b.c", "1", sealed)


def test_digests_outlive_the_keys_that_seal_and_differ_by_purpose_and_hub() -> None:
    later = Ring({"newest": new_secret()}, "newest", DIGESTING)
    assert later.digest("erasure", "ada@example.com") == RING.digest("erasure", "ada@example.com")
    assert later.digest("token", "ada@example.com") != RING.digest("erasure", "ada@example.com")
    elsewhere = Ring({"old": OLD}, "old", new_secret())
    assert elsewhere.digest("erasure", "ada@example.com") != RING.digest("erasure", "ada@example.com")


def test_a_data_key_opens_under_its_master_only() -> None:
    first, second = master(new_secret()), master(new_secret())
    wrapped = wrap(first, "k1", OLD)
    assert unwrap((second, first), "k1", wrapped) == OLD
    with pytest.raises(Misconfigured, match=f"sealed with the key {first.id}"):
        unwrap((second,), "k1", wrapped)
    with pytest.raises(Misconfigured):
        unwrap((first,), "k2", wrapped)


def test_masters_are_read_from_lines_with_remarks() -> None:
    first, second = master(new_secret()), master(new_secret())
    text = f"# the new one\n{master_text(first)}\n\n  {master_text(second)}  \n"
    assert read_masters(text) == (first, second)


@pytest.mark.parametrize("text", ["", "# nothing\n", "not base64!\n", base64.b64encode(b"short").decode()])
def test_a_file_without_sound_keys_is_misconfigured(text: str) -> None:
    with pytest.raises(Misconfigured):
        read_masters(text)


def test_keys_are_not_shown() -> None:
    shown = repr(master(b"\x07" * 32))
    assert "\\x07" not in shown
    assert "secret" not in shown


def test_nothing_is_written_unsealed_when_no_keys_are_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_in_use", [])
    with pytest.raises(Misconfigured, match="no sealing keys"):
        sealing.seal("a.b.c", "1", "Ada")
