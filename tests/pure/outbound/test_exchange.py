from __future__ import annotations

from tillway.outbound import Reply, Request


def test_headers_and_bodies_do_not_show() -> None:
    request = Request(
        method="POST", url="https://a.example", headers={"Authorization": "bearer s3cret"}, body=b"s3cret", changes=True
    )
    reply = Reply(status=200, headers={"set-cookie": "s3cret"}, body=b"s3cret")

    assert "s3cret" not in repr(request) + repr(reply)
