"""Does a provider honour a contract: requests made up from the document, each answer held against it (Schemathesis).

Only good data is sent, so that a refusal is the provider's business (an unknown SKU) and only an answer that the
document does not promise is a breach. Operations that may change something are asked only when that is wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from tillway import clock
from tillway.errors import Misconfigured, Unavailable

Verdict = Literal["honoured", "broken", "unproven", "left-out"]

EXAMPLES: Final = 20
"""Made-up requests an operation."""

REQUEST_SECONDS: Final = 10.0
"""A provider that takes longer to answer one request does not honour anything a person waits for."""

TEXT_MAX: Final = 1_500
"""Characters of one failure: the place and what was promised, not the whole answer."""

_READS: Final = frozenset({"GET", "HEAD"})
_BUSY: Final = 503
_SUCCESS: Final = range(200, 300)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One operation: what was asked, what came back, and what of it the document does not promise.

    `unproven`: nothing was against the document, but no request was answered with success either.
    """

    operation: str
    method: str
    path: str
    verdict: Verdict
    requests: int
    statuses: Mapping[str, int]
    failures: tuple[str, ...]


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of whom: the OpenAPI document, where its paths are answered, and how."""

    document: Mapping[str, Any]
    address: str
    headers: Mapping[str, str]
    writes: bool
    seconds: float


def address_of(provider: str, document: Mapping[str, Any]) -> str:
    """Where paths of the document are answered: the URL as given; without a path, that of the document's server."""
    parts = urlsplit(provider)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise Misconfigured(f"{provider} is not the http or https URL of a provider")
    if parts.path.strip("/"):
        return provider.rstrip("/")
    servers: list[Mapping[str, Any]] = document.get("servers", [])
    server = str(servers[0].get("url", "")) if servers else ""
    path = urlsplit(server).path if "://" in server else server
    return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"


def asked(contract: Contract) -> Iterator[Asked]:
    """Each operation in turn. Unavailable when nobody answers there; Misconfigured without Schemathesis."""
    schemathesis = _schemathesis()
    schema = schemathesis.openapi.from_dict(dict(contract.document))
    ends = clock.monotonic() + contract.seconds
    operations = [found.ok() for found in schema.get_all_operations()]
    for left, operation in zip(range(len(operations), 0, -1), operations, strict=True):
        method = operation.method.upper()
        if method not in _READS and not contract.writes:
            yield _told(operation, "left-out", Counter(), ())
            continue
        # What is left of the time is shared by the operations that are left.
        until = clock.monotonic() + max(ends - clock.monotonic(), 0.0) / left
        yield _operation(operation, contract, until)


def passed(found: tuple[Asked, ...]) -> bool:
    """Nothing is broken, and something was proven."""
    verdicts = {each.verdict for each in found}
    return "broken" not in verdicts and "honoured" in verdicts


def _operation(operation: Any, contract: Contract, until: float) -> Asked:
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415 - comes with Schemathesis, not always there

    statuses: Counter[str] = Counter()
    strategy = operation.as_strategy()
    for each in operation.get_strategies_from_examples():
        strategy = each | strategy

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def ask(case: Any) -> None:
        if clock.monotonic() < until or not statuses:
            _one(case, contract, statuses)

    try:
        ask()
    except Unavailable:
        raise
    except BaseExceptionGroup as group:
        return _told(operation, "broken", statuses, tuple(_text(each) for each in group.exceptions))
    except AssertionError as error:
        return _told(operation, "broken", statuses, (_text(error),))
    well = any(int(status) in _SUCCESS for status in statuses)
    return _told(operation, "honoured" if well else "unproven", statuses, ())


def _one(case: Any, contract: Contract, statuses: Counter[str]) -> None:
    import requests  # noqa: PLC0415 - comes with Schemathesis, not always there

    headers = dict(contract.headers)
    try:
        answer = case.call(base_url=contract.address, headers=headers, timeout=REQUEST_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise Unavailable(f"{contract.address} does not answer: {type(error).__name__}") from error
    statuses[str(answer.status_code)] += 1
    case.validate_response(answer, checks=_checks(answer.status_code), headers=headers)


def _checks(status: int) -> list[Any]:
    """What is looked at. A 503 that is promised says to ask again, and is no failure."""
    from schemathesis.checks import not_a_server_error  # noqa: PLC0415 - not always there
    from schemathesis.specs.openapi import checks  # noqa: PLC0415 - not always there

    return [
        *(() if status == _BUSY else (not_a_server_error,)),
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]


def _schemathesis() -> Any:
    try:
        import schemathesis  # noqa: PLC0415 - not always there
    except ImportError as error:
        raise Misconfigured("Schemathesis is not installed", remedy="pip install 'tillway[conformance]'") from error
    return schemathesis


def _told(operation: Any, verdict: Verdict, statuses: Counter[str], failures: tuple[str, ...]) -> Asked:
    return Asked(
        operation=operation.definition.raw.get("operationId", operation.label),
        method=operation.method.upper(),
        path=operation.path,
        verdict=verdict,
        requests=sum(statuses.values()),
        statuses=dict(sorted(statuses.items())),
        failures=failures,
    )


def _text(error: BaseException) -> str:
    title, message = getattr(error, "title", type(error).__name__), getattr(error, "message", str(error))
    return f"{title}: {message}"[:TEXT_MAX]
