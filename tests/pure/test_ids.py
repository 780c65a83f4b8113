"""Identifiers: fresh ones sort by time and never repeat, named ones always do."""

from __future__ import annotations

import os
from uuid import RFC_4122, UUID

import pytest

from tillway import ids


def test_a_fresh_id_is_a_uuid_of_version_7() -> None:
    for made in (ids.new(), UUID(ids.new_text())):
        assert (made.version, made.variant) == (7, RFC_4122)


def test_a_fresh_id_as_text_reads_as_ids_are_written() -> None:
    text = ids.new_text()
    assert str(UUID(text)) == text


def test_fresh_ids_are_all_different_and_of_now() -> None:
    made = [str(ids.new()) for _ in range(3_000)] + [ids.new_text() for _ in range(3_000)]
    assert len(set(made)) == len(made)
    spread = {text[19] for text in made}
    assert spread == set("89ab")


def test_random_bytes_are_given_out_once_also_where_a_draw_ends() -> None:
    given = [ids.random_bytes(24) for _ in range(1_000)]
    assert len(set(given)) == len(given)
    with pytest.raises(ValueError, match="1 to"):
        ids.random_bytes(0)


def test_a_forked_child_does_not_go_on_with_its_parents_bytes() -> None:
    ids.random_bytes(1)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, ids.random_bytes(32))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 32) != ids.random_bytes(32)


def test_random_words_are_each_given_out_once_and_never_to_a_child_as_well():
    given = [ids.random_word() for _ in range(3_000)]
    assert len(set(given)) == len(given)
    assert {len(word) for word in given} == {16}
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, ids.random_word().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 16).decode() != ids.random_word()
