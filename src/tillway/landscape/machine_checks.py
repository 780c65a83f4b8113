"""Can every machine prove who it is, and does who vouches or acts for whom fit together? Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tillway.landscape.declared import Declared, refers
from tillway.landscape.landscape import Landscape
from tillway.landscape.model import Consumer
from tillway.landscape.problem import Path, Problem


def identified(consumer: Consumer, landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    """What is wrong with how a consumer proves who it is, and with whom it acts for."""
    here: Path = ("consumers", consumer.id)
    vouched_for = any(consumer.id in issuer.subjects.values() for issuer in landscape.issuers.values())
    own = consumer.secret is not None or consumer.keys or consumer.certificate is not None
    # People sign in elsewhere, and devices are enrolled, each with a key of its own.
    if not own and not vouched_for and consumer.kind == "machine" and "issuers" not in _broken(landscape, declared):
        yield Problem(
            path=here, text="it cannot prove who it is", remedy="add keys, a certificate, or a secret for development"
        )
    if not landscape.transport.trusted_proxies:
        for field, asked in (("certificate", consumer.certificate), ("proof", consumer.proof == "mtls" or None)):
            if asked is not None:
                text = "client certificates are believed from trusted proxies only, and none is named"
                yield Problem(path=(*here, field), text=text, remedy="add transport.trusted_proxies")
    for index, subject in enumerate(consumer.acts_for):
        path = (*here, "acts_for", index)
        yield from refers(path, "consumer", subject, declared.of("consumers"))
        if subject == consumer.id:
            yield Problem(path=path, text="it needs no leave to act for itself", remedy="take it out")
        other = landscape.consumers.get(subject)
        if other is not None and other.kind == "person":
            text = f"{subject!r} is a person; a machine acts for machines and devices only"
            yield Problem(path=path, text=text, remedy="take it out")


def vouched(landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    """What is wrong with those who vouch for consumers."""
    seen: dict[str, str] = {}
    for issuer in landscape.issuers.values():
        here: Path = ("issuers", issuer.id)
        if issuer.url in seen:
            text = f"the issuer {seen[issuer.url]!r} has the same URL"
            yield Problem(path=(*here, "url"), text=text, remedy="put all subjects under one of them")
        seen.setdefault(issuer.url, issuer.id)
        for subject, consumer in issuer.subjects.items():
            path = (*here, "subjects", subject)
            yield from refers(path, "consumer", consumer, declared.of("consumers"))
            found = landscape.consumers.get(consumer)
            if found is not None and found.kind == "person":
                yield Problem(path=path, text=f"{consumer!r} is a person", remedy="name a machine or a device")


def _broken(landscape: Landscape, declared: Declared) -> tuple[str, ...]:
    """`issuers` when one of them did not hold: who it vouches for is then not known, and it was told already."""
    return ("issuers",) if declared.of("issuers") - landscape.issuers.keys() else ()
