"""The texts that a landscape is built from, as they are kept, compared and hashed. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tillway.landscape import Case, Landscape, Marks, build_marked, cases

Texts = Mapping[str, str]
"""File name, relative to the landscape's directory, to text."""

Read = Callable[[], Texts]
"""The texts that a process enforces while nothing was ever released."""

# Tests of policies travel with the landscape and are no part of it.
TESTS: Final = "policies/tests/"

_decode = msgspec.json.Decoder(dict[str, str]).decode


def packed(texts: Texts) -> bytes:
    """The one form in which these texts are kept."""
    return msgspec.json.encode(dict(sorted(texts.items())))


def unpacked(kept: bytes) -> dict[str, str]:
    """The texts of what was kept."""
    return _decode(kept)


def digest(kept: bytes) -> str:
    """SHA-256 of packed texts, in hexadecimal."""
    return hashlib.sha256(kept).hexdigest()


def landscape_of(texts: Texts) -> Landscape:
    """The landscape that texts declare. Raises InvalidLandscape with every finding."""
    return marked(texts)[0]


def marked(texts: Texts) -> tuple[Landscape, Marks]:
    """The landscape that texts declare, and where in them everything stands. Raises InvalidLandscape."""
    return build_marked({name: text for name, text in texts.items() if not name.startswith(TESTS)})


def tests_of(texts: Texts, landscape: Landscape) -> tuple[Case, ...]:
    """The tests of policies among the texts. Raises InvalidLandscape with every finding."""
    return cases({name: text for name, text in texts.items() if name.startswith(TESTS)}, landscape)
