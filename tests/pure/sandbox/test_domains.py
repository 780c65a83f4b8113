"""Domains: the table of what each operator means, and random ones against a plain reading of the rules."""

from __future__ import annotations

import operator as comparing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.sandbox import domains, registry
from tillway.sandbox.changing import create
from tillway.sandbox.conditions import name_matches
from tillway.sandbox.environment import Env
from tillway.sandbox.reading import search
from tillway.sandbox.refusals import Refusal
from tillway.sandbox.store import Store, Transaction

MODEL = "res.partner"
TEXTS = ("", "ana", "Ana", "anna", "b_b", "b%b", "zoë")


@pytest.mark.parametrize(
    ("operator", "wanted", "held", "fits"),
    [
        ("like", "nn", "anna", True),
        ("like", "NN", "anna", False),
        ("ilike", "NN", "anna", True),
        ("like", "a_n", "anna", True),
        ("like", "a%a", "anna", True),
        ("like", "\\_", "anna", False),
        ("like", "\\_", "b_b", True),
        ("like", "\\%", "b%b", True),
        ("=like", "nn", "anna", False),
        ("=like", "an%", "anna", True),
        ("=ilike", "AN__", "anna", True),
        ("ilike", "", False, True),
        ("ilike", "x", False, False),
        ("ilike", "Ë", "zoë", True),
    ],
)
def test_a_pattern_matches_as_in_sql(operator: str, wanted: str, held: Any, fits: bool) -> None:
    assert name_matches(operator, wanted)(held) is fits


@pytest.mark.parametrize(
    "domain",
    ["abc", ["abc"], [["id"]], ["|", ["id", "=", 1]], ["&"], ["!"], [["id", "=", 1, 2]], [[1, "=", 2]]],
)
def test_what_is_no_domain_is_refused(domain: Any) -> None:
    with pytest.raises(Refusal) as refused:
        domains.parse(domain)
    assert refused.value.status == 500


rows = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(TEXTS),
            "city": st.sampled_from((*TEXTS, False)),
            "customer_rank": st.integers(-2, 3),
            "is_company": st.booleans(),
            "active": st.booleans(),
        }
    ),
    max_size=6,
)
texts = st.sampled_from((*TEXTS, False))
leaves = st.one_of(
    st.tuples(
        st.sampled_from(("name", "city")),
        st.sampled_from(("=", "!=", "like", "ilike", "not like", "not ilike", "=like", "=ilike")),
        texts,
    ),
    st.tuples(st.just("city"), st.sampled_from(("in", "not in")), st.lists(texts, max_size=3)),
    st.tuples(st.just("city"), st.sampled_from((">", ">=", "<", "<=")), st.sampled_from(TEXTS[1:])),
    st.tuples(st.just("customer_rank"), st.sampled_from(("=", "!=", ">", ">=", "<", "<=")), st.integers(-2, 3)),
    st.tuples(st.just("customer_rank"), st.sampled_from(("in", "not in")), st.lists(st.integers(-2, 3), max_size=3)),
    st.tuples(st.sampled_from(("is_company", "active")), st.sampled_from(("=", "!=")), st.booleans()),
    st.tuples(st.just("is_company"), st.just("in"), st.lists(st.booleans(), max_size=2)),
)
trees = st.recursive(
    leaves, lambda inner: st.tuples(st.sampled_from("&|"), inner, inner) | st.tuples(st.just("!"), inner), max_leaves=6
)


def written(tree: Any) -> list[Any]:
    """The tree as a prefix list, the way clients send it."""
    if len(tree) == 3 and tree[0] in {"&", "|"}:
        return [tree[0], *written(tree[1]), *written(tree[2])]
    return ["!", *written(tree[1])] if tree[0] == "!" else [list(tree)]


def holds(tree: Any, row: dict[str, Any]) -> bool:
    """What the tree says of a row, read word by word."""
    if len(tree) == 3 and tree[0] == "&":
        return holds(tree[1], row) and holds(tree[2], row)
    if len(tree) == 3 and tree[0] == "|":
        return holds(tree[1], row) or holds(tree[2], row)
    if tree[0] == "!":
        return not holds(tree[1], row)
    name, operator, wanted = tree
    held = row[name] or (False if name in {"name", "city"} else row[name])
    if operator.startswith("not ") or operator == "!=":
        positive = {"!=": "="}.get(operator, operator.removeprefix("not "))
        return not holds((name, positive, wanted), row)
    if operator == "=":
        return held == (wanted or (False if name in {"name", "city"} else wanted))
    if operator == "in":
        return any(holds((name, "=", each), row) for each in wanted)
    if operator.endswith("like"):
        return like(row[name], wanted or "", anywhere=not operator.startswith("="), fold=operator.endswith("ilike"))
    compare = {">": comparing.gt, ">=": comparing.ge, "<": comparing.lt, "<=": comparing.le}[operator]
    return row[name] is not False and compare(row[name], wanted)


def like(held: Any, pattern: str, *, anywhere: bool, fold: bool) -> bool:
    """SQL's LIKE, by trying every way to cut the text."""
    if anywhere and pattern == "":
        return True
    if held is False:
        return False
    if fold:
        held, pattern = held.lower(), pattern.lower()
    return cut(held, f"%{pattern}%" if anywhere else pattern)


def cut(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(cut(text[start:], pattern[1:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in {"_", text[0]} and cut(text[1:], pattern[1:])


def environment(values: list[dict[str, Any]]) -> Env:
    store = Store(registry.MODELS)
    now = "2026-11-23 09:00:00"
    env = Env(store=store, models=registry.MODELS, hooks={}, transaction=Transaction(store), now=now)
    for each in values:
        create(env, MODEL, {**each, "type": "other", "lang": False})
    return env


@given(values=rows, tree=trees)
def test_a_random_domain_finds_what_its_words_say(values: list[dict[str, Any]], tree: Any) -> None:
    env = environment(values).having(active_test=False)
    wanted = [number for number, row in enumerate(values, start=1) if holds(tree, row)]
    assert search(env, MODEL, written(tree), order="id") == wanted


@given(values=rows, tree=trees)
def test_archived_records_show_only_when_asked_for(values: list[dict[str, Any]], tree: Any) -> None:
    env, domain = environment(values), written(tree)
    asked_for = any(isinstance(item, list) and item[0] == "active" for item in domain)
    wanted = [n for n, row in enumerate(values, start=1) if holds(tree, row) and (asked_for or row["active"])]
    assert search(env, MODEL, domain, order="id") == wanted


@given(values=rows, first=st.sampled_from(("name", "city", "customer_rank")), descending=st.booleans())
def test_order_limit_and_offset_cut_one_sequence(values: list[dict[str, Any]], first: str, descending: bool) -> None:
    env = environment(values).having(active_test=False)
    order = f"{first} {'desc' if descending else 'asc'}, id"
    whole = search(env, MODEL, [], order=order)
    pages = [search(env, MODEL, [], order=order, offset=start, limit=2) for start in range(0, len(values), 2)]
    assert [record for page in pages for record in page] == whole
    filled = [value for record in whole if (value := env.row(MODEL, record)[first]) is not False]
    assert filled == sorted(filled, reverse=descending)
