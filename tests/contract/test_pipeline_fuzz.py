"""Requests made of anything, against the whole door: no exception comes out, no 5xx, and nobody gets past the stages."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.small_hub import SCOPES, opened
from tests.pure.docs.promises import PUBLIC
from tests.pure.gateway.front_door import token

from tillway.contracts import catalog, load

OPERATIONS = tuple(operation for _, operation in load().operations())
PAGES = frozenset(path for path in PUBLIC if "{" not in path) | frozenset(catalog.pages(load()))
OPEN = frozenset(operation.path for operation in OPERATIONS if operation.public)

# Long polls would only be waited for.
DEADLINE = (b"x-deadline-ms", b"500")

SEGMENTS = sorted({part for path in PAGES for part in path.split("/")} | {
    part for operation in OPERATIONS for part in operation.path.split("/")
})  # fmt: skip
ODD = [
    "",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    "%2f",
    "%5c",
    "\\",
    "%00",
    "%",
    "%zz",
    "%c0%ae",
    "%ff",
    "%25",
    ";a=b",
    "*",
    "~",
    "A",
]
part = st.one_of(st.sampled_from(SEGMENTS), st.sampled_from(ODD), st.text(alphabet="aZ09%._-/;:@{}", max_size=8))


@st.composite
def paths(draw):
    """A known path, spoilt or not, or any."""
    if draw(st.booleans()):
        whole = draw(st.sampled_from(sorted(PAGES | {operation.path for operation in OPERATIONS})))
        parts = whole.split("/")[1:]
        for _ in range(draw(st.integers(0, 2))):
            at = draw(st.integers(0, len(parts)))
            parts[at : at + draw(st.integers(0, 1))] = [draw(part)]
        found = "/" + "/".join(parts)
        return draw(
            st.sampled_from([found, found, found.upper(), found + "/", "/" + found, found.replace("/", "%2F", 2)])
        )
    return "/" + "/".join(draw(st.lists(part, max_size=6)))


GOOD = token("integrator", scopes=SCOPES)
BAD = ["", "Bearer", "Bearer ", "Bearer null", "Basic aTpi", f"Bearer {GOOD[:-4]}AAAA", f"Bearer {GOOD}.x", f"DPoP {GOOD}",
       f"Bearer {GOOD.split('.')[0]}..", "Bearer eyJhbGciOiJub25lIn0.e30.", f"bearer\x00{GOOD}"]  # fmt: skip
NAMES = [b"content-type", b"content-length", b"content-encoding", b"transfer-encoding", b"expect", b"host", b"origin",
         b"access-control-request-method", b"idempotency-key", b"x-deadline-ms", b"x-correlation-id", b"traceparent",
         b"x-forwarded-for", b"forwarded", b"dpop", b"client-cert", b"x-http-method-override", b"x-original-url",
         b"x-rewrite-url", b"cookie", b"range", b"if-none-match", b"accept", b"connection"]  # fmt: skip
VALUES = [b"", b"application/json", b"application/x-www-form-urlencoded", b"chunked", b"0", b"-1", b"1e9", b"gzip", b"POST",
          b"100-continue", b"/health/live", b"127.0.0.1", b"for=127.0.0.1", b"null", b"hub.example.com", b"\xff\xfe",
          b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01", b"a" * 3000]  # fmt: skip
header = st.tuples(st.sampled_from(NAMES), st.one_of(st.sampled_from(VALUES), st.binary(max_size=20)))
METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "get",
    "PROPFIND",
    "",
    "G\x00T",
]
json = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4).map(
    msgspec.json.encode
)

requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(METHODS),
        "path": paths(),
        "query": st.one_of(st.just(b""), st.binary(max_size=20), st.sampled_from([b"limit=1", b"limit=%00", b"wait=1", b"a=b&a=c", b"sku=%ff"])),
        "headers": st.lists(header, max_size=5),
        "body": st.one_of(st.just(b""), st.binary(max_size=40), json),
        "version": st.sampled_from(["1.1", "1.0", "2"]),
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def ask(filled):
    """One request with everything chosen by the test; what the door sent, its exceptions let through."""
    runner = asyncio.Runner()
    context = opened(filled, check_answers=False)
    hub = runner.run(context.__aenter__())

    async def one(given, authorization):
        messages = [{"type": "http.request", "body": given["body"], "more_body": False}]
        sent = []

        async def receive():
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        fields = [*given["headers"], DEADLINE]
        if authorization is not None:
            fields.append((b"authorization", authorization.encode("latin-1")))
        scope = {
            "type": "http",
            "http_version": given["version"],
            "method": given["method"],
            "path": unquote(given["path"], errors="replace"),
            "raw_path": given["path"].encode("latin-1"),
            "query_string": given["query"],
            "headers": fields,
            "client": ("127.0.0.1", 4711),
        }
        async with asyncio.timeout(20):
            await hub.door(scope, receive, send)
        return sent

    yield lambda given, authorization=None: runner.run(one(given, authorization))
    runner.run(context.__aexit__(None, None, None))
    runner.close()


def well_formed(sent, method):
    """One answer, whole, of no server's fault, and nothing in its headers that breaks out of them."""
    start, body = sent
    assert (start["type"], body["type"]) == ("http.response.start", "http.response.body")
    assert 200 <= start["status"] < 500
    for name, value in start["headers"]:
        assert name == name.lower()
        assert not {0, 10, 13} & set(value)
    if method != "HEAD" and body["body"] and dict(start["headers"])[b"content-type"].endswith(b"json"):
        msgspec.json.decode(body["body"])
    return start["status"]


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(suppress_health_check=QUIET)
@given(requests, st.one_of(st.none(), st.sampled_from(BAD)))
def test_without_a_good_token_only_public_pages_are_answered(ask, asked, authorization):
    status = well_formed(ask(asked, authorization), asked["method"])
    if status < 400:
        assert asked["path"] in PAGES | OPEN


@settings(suppress_health_check=QUIET)
@given(requests)
def test_with_a_good_token_nothing_made_of_anything_is_our_fault(ask, asked):
    assert well_formed(ask(asked, f"Bearer {GOOD}"), asked["method"])
