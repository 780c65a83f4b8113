from __future__ import annotations

import pytest
from tests.pure.landscape.sample import sample, spoiled

from tillway.landscape import Active, Landscape, build


def other() -> Landscape:
    return build({"a.yaml": spoiled(("partner: 7", "partner: 8"))})


def test_listeners_hear_of_the_new_landscape_once_it_is_in_force() -> None:
    active, heard = Active(sample()), []
    active.subscribe(lambda new: heard.append((new.hash, active.current is new)))
    new = other()
    assert active.swap(new) is True
    assert heard == [(new.hash, True)]


def test_the_same_content_is_no_news() -> None:
    active, heard = Active(sample()), []
    before = active.current
    active.subscribe(heard.append)
    assert active.swap(sample()) is False
    assert (heard, active.current is before) == ([], True)


def test_who_unsubscribed_hears_nothing_and_may_do_so_twice() -> None:
    active, heard = Active(sample()), []
    unsubscribe = active.subscribe(heard.append)
    unsubscribe()
    unsubscribe()
    active.swap(other())
    assert heard == []


def test_a_failing_listener_keeps_the_news_from_nobody() -> None:
    active, heard = Active(sample()), []

    def fail(new: Landscape) -> None:
        raise RuntimeError("full")

    active.subscribe(fail)
    active.subscribe(lambda new: heard.append(new.hash))
    new = other()
    with pytest.raises(ExceptionGroup) as caught:
        active.swap(new)
    assert [str(error) for error in caught.value.exceptions] == ["full"]
    assert (heard, active.current) == ([new.hash], new)
