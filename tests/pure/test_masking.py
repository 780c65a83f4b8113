from __future__ import annotations

import base64
import io
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.masking import (
    DATA_CLASSES,
    DEPTH_MAX,
    ScrubbingFilter,
    SecretRegistry,
    mask,
    remember_secret,
    scrub,
    truncate_pan,
)

CLASSES = {
    "id": "public",
    "lines": "internal",
    "sku": "public",
    "quantity": "internal",
    "paid": "internal",
    "customer": "personal",
    "name": "public",
    "tenders": "internal",
    "tenders.reference": "payment",
    "reference": "public",
    "attributes": "internal",
    "attributes.*": "internal",
    "odd": "no such class",
}
SHOWN = {"public", "internal"}


@pytest.mark.parametrize(
    ("document", "masked"),
    [
        ({"id": "1"}, {"id": "1"}),
        ({"unknown": "1"}, {"unknown": "[masked:secret]"}),
        ({"odd": "1"}, {"odd": "[masked:secret]"}),
        ({"customer": "Ada"}, {"customer": "[masked:personal]"}),
        ({"quantity": 2, "paid": True}, {"quantity": 2, "paid": True}),
        ({"x": 2, "y": True, "z": 1.5}, {"x": "[masked:secret]", "y": "[masked:secret]", "z": "[masked:secret]"}),
        ({"x": None, "id": None}, {"x": None, "id": None}),
        ({"x": {}, "y": []}, {"x": {}, "y": []}),
        # the same name is told apart by its path, and by what stands around it
        ({"reference": "A", "tenders": [{"reference": "A"}]}, {"reference": "A", "tenders": [{"reference": "[masked:payment]"}]}),
        ({"customer": {"name": "Ada", "id": 1}}, {"customer": {"name": "[masked:personal]", "id": "[masked:personal]"}}),
        ({"who": {"name": "Ada"}}, {"who": {"name": "[masked:secret]"}}),
        # lists, also nested
        ({"lines": [{"sku": "A", "note": "x"}, [{"sku": "B"}]]}, {"lines": [{"sku": "A", "note": "[masked:secret]"}, [{"sku": "B"}]]}),
        ({"lines": ("A", "B")}, {"lines": ["A", "B"]}),
        ({"tags": ["A", ["B"]]}, {"tags": ["[masked:secret]", ["[masked:secret]"]]}),
        # free maps
        ({"attributes": {"colour": "red"}}, {"attributes": {"colour": "red"}}),
        ({"people": {"ada@example.com": 1, "bob@example.com": 2}}, {"people": {"[masked:personal]": "[masked:secret]", "[masked:personal] (2)": "[masked:secret]"}}),
        # a name with a dot is no path
        ({"attributes.x": "v", "lines": {"lines.sku": "v"}}, {"attributes.x": "[masked:secret]", "lines": {"lines.sku": "[masked:secret]"}}),
        # no field at all
        ("text", "[masked:secret]"),
        (["text", 1], ["[masked:secret]", "[masked:secret]"]),
        # a shown text still gives away no credentials
        ({"id": "whsec_abcdef"}, {"id": "[masked:secret]"}),
    ],
)  # fmt: skip
def test_a_value_shows_only_if_its_class_is_known_and_clear(document: Any, masked: Any) -> None:
    assert mask(document, CLASSES, SHOWN) == masked


def test_a_shown_value_keeps_digits_and_addresses_its_class_allows() -> None:
    assert mask({"id": "4006381333931"}, CLASSES, SHOWN) == {"id": "4006381333931"}
    assert mask({"customer": "ada@example.com"}, CLASSES, {"personal"}) == {"customer": "ada@example.com"}


def test_too_deep_documents_end_in_a_mark() -> None:
    document: Any = {"lines": "A"}
    for _ in range(200):
        document = {"lines": [document]}
    masked, depth = mask(document, CLASSES, SHOWN), 0
    while not isinstance(masked, str):
        masked = masked["lines"] if isinstance(masked, dict) else masked[0]
        depth += 1
    assert (masked, depth) == ("[masked:secret]", DEPTH_MAX + 1)


LEAVES = st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.floats(allow_nan=False))
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*CLASSES, "unknown"]), inner, max_size=4)
    ),
)


def leaves(document: Any) -> list[Any]:
    if isinstance(document, dict):
        return [leaf for inside in document.values() for leaf in leaves(inside)]
    if isinstance(document, list):
        return [leaf for inside in document for leaf in leaves(inside)]
    return [document]


@given(DOCUMENTS)
def test_with_nothing_clear_only_marks_are_left(document: Any) -> None:
    assert set(leaves(mask(document, CLASSES, ()))) <= {f"[masked:{name}]" for name in DATA_CLASSES}


@given(DOCUMENTS)
def test_with_no_class_known_only_the_mark_of_secrets_is_left(document: Any) -> None:
    masked = mask(document, {}, {"public", "internal", "confidential", "personal", "payment"})
    assert set(leaves(masked)) <= {"[masked:secret]"}
    assert len(leaves(masked)) == len(leaves(document))


@given(DOCUMENTS)
def test_clearing_more_never_shows_less(document: Any) -> None:
    few, many = (leaves(mask(document, CLASSES, clear)) for clear in ({"public"}, {"public", "internal"}))
    assert all(more == less for less, more in zip(few, many, strict=True) if not str(less).startswith("[masked:"))


@given(DOCUMENTS)
def test_masking_what_is_masked_changes_nothing(document: Any) -> None:
    once = mask(document, CLASSES, ())
    assert leaves(mask(once, CLASSES, set(DATA_CLASSES))) == leaves(once)


JWT = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
PAIR = base64.b64encode(b"webshop:s3cret").decode()

SCRUBBED = [
    ("nothing to see", "nothing to see"),
    ("", ""),
    (f"Authorization: Bearer {JWT}", "Authorization: Bearer [masked:secret]"),
    (f"authorization=Basic {PAIR}", "authorization=Basic [masked:secret]"),
    ("Authorization: secretvalue rest", "Authorization: [masked:secret] rest"),
    (f'{{"Authorization": "Bearer {JWT}"}}', '{"Authorization": "Bearer [masked:secret]"}'),
    ("X-Api-Key: 123abc", "X-Api-Key: [masked:secret]"),
    (f"sent basic {PAIR} off", "sent basic [masked:secret] off"),
    (f"sent basic {PAIR[:13]}", "sent basic [masked:secret]"),
    ("basic information, bearer of news", "basic information, bearer of news"),
    ("bearer abcdefghijklmnop1234", "bearer [masked:secret]"),
    (f"token {JWT}, again {JWT}", "token [masked:secret], again [masked:secret]"),
    ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "[masked:secret]"),
    ("signed with whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD== today", "signed with [masked:secret] today"),
    ("postgresql://tillway:pa55@db.example/x", "postgresql://[masked:secret]@db.example/x"),
    ("client_secret=abc&grant_type=x", "client_secret=[masked:secret]&grant_type=x"),
    ('{"password": "a \\" b", "x": 1}', '{"password": "[masked:secret]", "x": 1}'),
    ("{'api_key': 'abc'}", "{'api_key': '[masked:secret]'}"),
    ("the secret: the file is missing", "the secret: the file is missing"),
    ("write to ada.lovelace+x@mail.example.co.uk, please", "write to [masked:personal], please"),
    ("Jürgen@müller.example", "[masked:personal]"),
    ("a @ b, @here, x@localhost", "a @ b, @here, x@localhost"),
    ("card 4111111111111111 paid", "card 411111******1111 paid"),
    ("order 550e8400-e29b-41d4-a716-446655440000", "order 550e8400-e29b-41d4-a716-446655440000"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "scrubbed"), SCRUBBED)
def test_text_is_scrubbed(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(("text", "scrubbed"), SCRUBBED)
def test_scrubbing_again_changes_nothing(text: str, scrubbed: str) -> None:
    assert scrub(scrub(text)) == scrubbed


@given(st.text(max_size=100))
def test_scrubbing_any_text_again_changes_nothing(text: str) -> None:
    once = scrub(text)
    assert scrub(once) == once


@pytest.mark.parametrize("unit", ["a", "eyJ", "1", "1-", "a@", "a.", "://", "basic ", "secret=", "'", "0a"])
def test_long_texts_take_time_in_proportion(unit: str) -> None:
    # A square would take minutes here, and the suite's budget with it.
    assert len(scrub(unit * 40_000)) > 0


@pytest.mark.parametrize(
    ("text", "truncated"),
    [
        ("4111111111111111", "411111******1111"),
        ("4111 1111 1111 1111", "411111******1111"),
        ("4111-1111-1111-1111", "411111******1111"),
        ("4111\u00a01111\u00a01111\u00a01111", "411111******1111"),
        ("378282246310005", "378282*****0005"),
        ("3782 822463 10005", "378282*****0005"),
        ("4222222222222", "422222***2222"),
        ("6304000000000000000", "630400*********0000"),
        ("4111111111111112", "4111111111111112"),
        ("411111111111", "411111111111"),
        ("0000000000000000", "0000000000000000"),
        ("41111111111111111111", "41111111111111111111"),
        ("pay4111111111111111now", "pay411111******1111now"),
        ("12 4111 1111 1111 1111 35", "12 411111******1111 35"),
        # two readings check, so nothing of either is shown
        ("12 4111 1111 1111 1111 34", "12 ******************"),
        ("4111111111111111 5555555555554444", "411111******1111 555555******4444"),
        ("a: 4111111111111111, b: 5555-5555-5555-4444", "a: 411111******1111, b: 555555******4444"),
        ("411111******1111", "411111******1111"),
        ("sha 0a4111111111111111bbbbbbbbbbbbbbbbbb", "sha 0a4111111111111111bbbbbbbbbbbbbbbbbb"),
    ],
)
def test_a_card_number_is_cut_to_first_six_and_last_four(text: str, truncated: str) -> None:
    assert truncate_pan(text) == truncated


def luhn_completed(digits: str) -> str:
    total = sum(
        value if place % 2 else value * 2 - 9 * (value > 4)
        for place, value in enumerate(int(d) for d in reversed(digits))
    )
    return digits + str(-total % 10)


@given(
    st.text("0123456789", min_size=12, max_size=18).filter(lambda digits: digits.strip("0")),
    st.sampled_from(["", " ", "-"]),
    st.integers(1, 6),
)
def test_no_card_number_comes_through_whole(digits: str, separator: str, group: int) -> None:
    number = luhn_completed(digits)
    written = separator.join(number[at : at + group] for at in range(0, len(number), group))
    shown = truncate_pan(f"paid with {written}.").removeprefix("paid with ").removesuffix(".")
    assert sum(map(str.isdigit, shown)) <= 10
    assert truncate_pan(shown) == shown


def test_a_registered_secret_is_found_however_it_is_spelled() -> None:
    registry = SecretRegistry()
    registry.remember('k"y/with odd+signs')
    assert registry.scrub('a k"y/with odd+signs b') == "a [masked:secret] b"
    assert registry.scrub("?key=k%22y%2Fwith%20odd%2Bsigns&b") == "?key=[masked:secret]&b"
    assert registry.scrub('{"key": "k\\"y/with odd+signs"}') == '{"key": "[masked:secret]"}'


def test_of_two_secrets_that_begin_alike_the_longer_is_removed_whole() -> None:
    registry = SecretRegistry()
    registry.remember("secret-1")
    registry.remember("secret-12345")
    assert registry.scrub("secret-12345 secret-1 secret-") == "[masked:secret] [masked:secret] secret-"


def test_short_values_are_left_out_and_old_ones_give_way() -> None:
    registry = SecretRegistry(size=2)
    for value in ("short", "value-1", "value-2", "value-1", "value-3"):
        registry.remember(value)
    assert registry.scrub("short value-1 value-2 value-3") == "short [masked:secret] value-2 [masked:secret]"


@given(st.lists(st.text("ab-", min_size=6, max_size=9), min_size=1, max_size=8), st.text("ab-x", max_size=30))
def test_no_registered_secret_is_left_in_any_text(secrets: list[str], text: str) -> None:
    registry = SecretRegistry()
    for secret in secrets:
        registry.remember(secret)
    kept = registry.scrub(text + secrets[0] + text)
    assert [secret for secret in secrets if secret in kept] == []


@pytest.fixture
def log() -> Any:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(ScrubbingFilter())
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.Logger("of this test")  # noqa: LOG001 - one of its own, that nothing else hears
    logger.addHandler(handler)
    return logger, stream


def test_a_log_line_is_scrubbed_across_message_and_arguments(log: Any) -> None:
    logger, stream = log
    logger.info("Authorization: Bearer %s to %s, %d", "abcdef", "ada@example.com", 4111111111111111)
    assert stream.getvalue() == "Authorization: Bearer [masked:secret] to [masked:personal], 411111******1111\n"


def test_a_traceback_and_a_stack_are_scrubbed(log: Any) -> None:
    logger, stream = log
    remember_secret("the-odoo-key")
    logger.error("failed", exc_info=ValueError("refused the-odoo-key"), stack_info=True)
    text = stream.getvalue()
    assert "the-odoo-key" not in text
    assert "ValueError: refused [masked:secret]\nStack (most recent call last):" in text


def test_extra_fields_are_scrubbed_and_keep_their_shape() -> None:
    record = logging.makeLogRecord(
        {
            "msg": "x",
            "who": "ada@example.com",
            "many": [{"a@example.com": 1}],
            "count": 3,
            "card": 4111111111111111,
            "on": True,
        }
    )
    assert ScrubbingFilter().filter(record) is True
    assert (record.who, record.many, record.count, record.card, record.on) == (
        "[masked:personal]",
        [{"[masked:personal]": 1}],
        3,
        "411111******1111",
        True,
    )


class Silent:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_a_line_that_cannot_be_written_stops_nothing(log: Any) -> None:
    logger, stream = log
    logger.info("one %s", Silent(), extra={"thing": Silent()})
    logger.info("two %d %d", *[1])
    assert (
        stream.getvalue() == "one %s [arguments do not fit the message]\ntwo %d %d [arguments do not fit the message]\n"
    )
