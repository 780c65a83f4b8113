from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.identity.who import NOW, SECRETS, basic, desk

from tillway.identity import UNRESTRICTED, AccessChange, TokenRequest, issue
from tillway.identity.restrictions import BEGINS, restrictions

LATER = NOW + timedelta(hours=1)
KINDS = st.sampled_from(sorted(BEGINS))
CHANGES = st.builds(
    lambda kind, name, begins, until: AccessChange(
        kind=kind, id=name, state=BEGINS[kind] if begins else "resumed", until=until if begins else None
    ),
    KINDS,
    st.sampled_from(["a", "b"]),
    st.booleans(),
    st.sampled_from([None, NOW - timedelta(seconds=1), NOW, LATER]),
)


def change(state: str, *, kind: str = "consumer", until=None) -> AccessChange:
    return AccessChange(kind=kind, id="webshop", state=state, until=until)


def test_nobody_is_restricted_at_first() -> None:
    assert not UNRESTRICTED
    assert not UNRESTRICTED.holds("consumer", "webshop", NOW)


def test_a_suspension_holds_until_it_is_lifted() -> None:
    suspended = UNRESTRICTED.after(change("suspended"), NOW)
    assert suspended.holds("consumer", "webshop", NOW + timedelta(days=10_000))
    assert not suspended.after(change("resumed"), NOW)


def test_a_restriction_ends_by_itself_to_the_moment() -> None:
    known = UNRESTRICTED.after(change("suspended", until=LATER), NOW)
    assert known.holds("consumer", "webshop", LATER - timedelta(microseconds=1))
    assert not known.holds("consumer", "webshop", LATER)


def test_one_name_of_two_kinds_is_restricted_apart() -> None:
    known = UNRESTRICTED.after(change("lost", kind="device"), NOW)
    assert known.holds("device", "webshop", NOW)
    assert not known.holds("consumer", "webshop", NOW)


def test_an_enrolment_restricts_and_frees_nobody() -> None:
    lost = UNRESTRICTED.after(change("lost", kind="device"), NOW)
    assert lost.after(change("enrolled", kind="device"), NOW) == lost


def test_what_has_ended_is_left_out_of_the_next_value() -> None:
    known = restrictions([("token", "t-1", LATER), ("token", "t-2", None)])
    assert set(known.after(change("suspended"), LATER).ends) == {("token", "t-2"), ("consumer", "webshop")}


@given(st.lists(CHANGES, max_size=20))
def test_following_the_changes_gives_what_the_last_change_of_each_says(changes: list[AccessChange]) -> None:
    known = UNRESTRICTED
    for each in changes:
        known = known.after(each, NOW)
    last = {(each.kind, each.id): each for each in changes}
    for (kind, name), each in last.items():
        held = each.state == BEGINS[kind] and (each.until is None or each.until > NOW)
        assert known.holds(kind, name, NOW) == held


@given(st.lists(CHANGES, max_size=10))
def test_changes_told_again_from_the_start_end_in_the_same_state(changes: list[AccessChange]) -> None:
    once = UNRESTRICTED
    for each in changes:
        once = once.after(each, NOW)
    twice = once
    for each in changes:
        twice = twice.after(each, NOW)
    names = [(kind, name) for kind in BEGINS for name in ("a", "b")]
    assert [once.holds(*each, NOW) for each in names] == [twice.holds(*each, NOW) for each in names]


@pytest.mark.parametrize(("until", "status"), [(None, 400), (LATER, 400), (NOW, 200)])
def test_a_suspended_client_gets_no_token(until, status) -> None:
    answer = issue(
        TokenRequest(form=(("grant_type", "client_credentials"),), authorization=basic("webshop", SECRETS["webshop"])),
        desk(restrictions=restrictions([("consumer", "webshop", until)])),
    )
    assert answer.status == status
    if status == 400:
        assert answer.body["error"] == "unauthorized_client"


def test_who_does_not_know_the_secret_is_not_told_of_a_suspension() -> None:
    answer = issue(
        TokenRequest(form=(("grant_type", "client_credentials"),), authorization=basic("webshop", "wrong")),
        desk(restrictions=restrictions([("consumer", "webshop", None)])),
    )
    assert answer.body["error"] == "invalid_client"
