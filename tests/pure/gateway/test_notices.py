"""The door's page for notices: who tells is known before the body is read, and the secret is named nowhere."""

from __future__ import annotations

import pytest
from tests.pure.gateway.front_door import front

from tillway.errors import NotFound, Unavailable
from tillway.inbox.notice import model_of

SECRET = "s" * 43
PATH = f"/hooks/{SECRET}"


class Heard:
    """Hears for connection `main`."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.away = False

    async def source(self, secret: str) -> str:
        if secret != SECRET:
            raise NotFound("there is nothing at this path")
        return "main"

    async def hear(self, connection: str, body: bytes) -> bool:
        assert connection == "main"
        if self.away:
            raise Unavailable("this was not kept in time")
        model_of(body)
        self.bodies.append(body)
        return True


@pytest.fixture
def heard() -> Heard:
    return Heard()


async def test_a_notice_is_answered_with_nothing(heard):
    door = front(notices=heard)
    reply = await door.ask("POST", PATH, body=b'{"_model": "product.template"}')
    assert (reply.status, reply.content, heard.bodies) == (204, b"", [b'{"_model": "product.template"}'])
    assert [entry[0] for entry in door.observed] == ["hook"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/hooks/guess", b"{}", 404),
        ("POST", "/hooks/", b"{}", 404),
        ("POST", f"{PATH}/more", b"{}", 404),
        ("POST", "/hooks/%F0%28%8C%28", b"{}", 404),
        ("GET", PATH, None, 405),
        ("POST", PATH, b"not json", 400),
        ("POST", PATH, b"\\xff\\xfe", 400),
        ("POST", PATH, b'{"_model": "' + b"a" * 40_000 + b'"}', 413),
    ],
)
async def test_what_is_no_notice_is_refused_and_its_secret_is_not_told(heard, method, path, body, status):
    door = front(notices=heard)
    reply = await door.ask(method, path, body=body)
    assert (reply.status, heard.bodies) == (status, [])
    assert SECRET not in reply.content.decode() + str(reply.headers) + str(door.observed)


async def test_what_is_not_kept_is_not_acknowledged(heard):
    heard.away = True
    assert (await front(notices=heard).ask("POST", PATH, body=b"{}")).status == 503


async def test_a_door_that_nobody_tells_anything_has_no_such_path():
    assert (await front().ask("POST", PATH, body=b"{}")).status == 404
