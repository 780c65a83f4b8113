"""The one way anything leaves for logs, parked work, errors and exports: documents masked by class, text scrubbed.

`mask` works on documents whose fields have classes, and hides what it does not know. `scrub` works on free text and
removes what can be recognised: credentials, registered secrets, card numbers, e-mail addresses. All of it is pure but
for the registry of secrets, which only ever grows towards hiding more.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from itertools import accumulate, pairwise
from typing import Any, Literal, get_args
from urllib.parse import quote

DataClassName = Literal["public", "internal", "confidential", "personal", "payment", "secret"]

DATA_CLASSES: tuple[DataClassName, ...] = get_args(DataClassName)
"""From open to closed."""

SECRETS_MAX = 10_000
"""Known secret values kept for scrubbing; more than a hub of 5,000 shops has, and a bound on memory (about 10 MB)."""

SECRET_CHARACTERS_MIN = 6
"""Shorter values would blot out innocent text."""

DEPTH_MAX = 64
"""Documents nested deeper are masked from there on; no contract comes near it."""

PAN_DIGITS_MIN, PAN_DIGITS_MAX = 13, 19
"""Length of a card number, ISO/IEC 7812-1."""

PAN_FIRST, PAN_LAST = 6, 4
"""Digits of a card number that may be shown, PCI DSS 3.4.1."""

# Most sensitive: what counts for a field nobody gave a class.
_UNKNOWN = "secret"
_WILDCARD = "*"
_MARKS: Mapping[str | None, str] = {name: f"[masked:{name}]" for name in DATA_CLASSES}

_URL_USER = re.compile(r"(?<=://)[^\s/@]+@")
_HEADER = re.compile(
    r"""(?i)\b((?:proxy-)?authorization|x-api-key)(["']?\s*[:=]\s*["']?)((?:(?:bearer|basic|digest|dpop|token)\s+)?)[^\s"',]+"""
)
_BEARER = re.compile(r"(?i)\b(bearer)\s+[A-Za-z0-9._~+/=-]{16,}")
_BASIC = re.compile(r"(?i)\b(basic)\s+([A-Za-z0-9+/_-]{4,}={0,2})")
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*){0,3}", re.ASCII)
_WEBHOOK_SECRET = re.compile(r"\bwhsec_[\w+/=-]+", re.ASCII)
_NAMES = r"(?:password|passwd|secret|api_?key|access_token|refresh_token)"
_ASSIGNED = re.compile(rf"""(?i)({_NAMES}=)[^\s"'&,;]+""")
_QUOTED = re.compile(rf"""(?i)({_NAMES}["']\s*:\s*(["']))(?:\\.|(?!\2)[^\\])+""")
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]+@[\w-]+(?:\.[\w-]+)+")
# UUIDs and long hexadecimal runs (hashes, trace ids) hold digits by chance and are passed over as a whole.
_DIGITS = re.compile(
    r"(?P<id>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[0-9]*[a-f])[0-9a-f]{32,}\b)"
    r"|[0-9](?:[ \u00a0-]{0,2}[0-9]){12,}",
    re.IGNORECASE,
)
_GROUP = re.compile(r"[0-9]+")


def mask(document: Any, classes: Mapping[str, str], clear: Collection[str]) -> Any:
    """The document with every value replaced by a mark of its class, unless its class is among `clear`.

    `classes` gives a class to field names or dotted paths (list positions left out; a last step `*` means any field
    there); a path wins over a name. A field without a class counts as secret. A value shows only if its own class and
    those of all fields around it are clear. Shape, field names and nulls stay; numbers and booleans are masked too;
    credentials inside a shown text are scrubbed.
    """
    return _Masker(classes, frozenset(clear)).masked(document, (), None, 0)


class _Masker:
    def __init__(self, classes: Mapping[str, str], clear: frozenset[str]) -> None:
        self._classes = classes
        self._clear = clear

    def masked(self, value: Any, path: tuple[str, ...], hides: str | None, depth: int) -> Any:
        """The value of the field at `path`; `hides` is the class of a field around it that is not clear."""
        if depth > DEPTH_MAX:
            return _MARKS[_UNKNOWN]
        if isinstance(value, Mapping):
            masked: dict[str, Any] = {}
            for key, inside in value.items():
                here = (*path, str(key))
                masked[self._key(str(key), masked)] = self.masked(inside, here, hides or self._hides(here), depth + 1)
            return masked
        if isinstance(value, list | tuple | set | frozenset):
            return [self.masked(inside, path, hides, depth + 1) for inside in value]
        if value is None:
            return None
        if not path:
            hides = None if _UNKNOWN in self._clear else _UNKNOWN
        if hides is not None:
            return _MARKS[hides]
        return _without_credentials(value) if isinstance(value, str) else value

    def _hides(self, path: tuple[str, ...]) -> str | None:
        """The field's class if that is not clear."""
        name, around = path[-1], path[:-1]
        found: str | None = None
        # A name with a dot in it would pass for a path.
        if "." not in name:
            paths = (".".join(path), ".".join((*around, _WILDCARD)), name)
            found = next((self._classes[one] for one in paths if one in self._classes), None)
        own = found if found in _MARKS else _UNKNOWN
        return None if own in self._clear else own

    def _key(self, key: str, taken: Mapping[str, Any]) -> str:
        """The field's name; one that is not declared may be data, as in a map from addresses, and is scrubbed."""
        shown = key if key in self._classes else scrub(key)
        number = 1
        unique = shown
        while unique in taken:
            number += 1
            unique = f"{shown} ({number})"
        return unique


def scrub(text: str) -> str:
    """Free text without credentials, registered secrets, whole card numbers and e-mail addresses."""
    return _EMAIL.sub(_MARKS["personal"], truncate_pan(_without_credentials(text)))


def _without_credentials(text: str) -> str:
    secret = _MARKS["secret"]
    text = _registry.scrub(text)
    text = _URL_USER.sub(f"{secret}@", text)
    text = _HEADER.sub(rf"\1\2\3{secret}", text)
    text = _BASIC.sub(_basic, text)
    text = _BEARER.sub(rf"\1 {secret}", text)
    text = _JWT.sub(secret, text)
    text = _WEBHOOK_SECRET.sub(secret, text)
    text = _QUOTED.sub(rf"\1{secret}", text)
    return _ASSIGNED.sub(rf"\1{secret}", text)


def _basic(match: re.Match[str]) -> str:
    # "basic" is a word of every language; only a pair of name and secret behind it makes it a credential.
    encoded = match[2].rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    # One that was cut off somewhere still tells: whole groups of four always decode.
    pair = base64.b64decode(encoded[: len(encoded) // 4 * 4])
    return f"{match[1]} {_MARKS['secret']}" if b":" in pair else match[0]


def truncate_pan(text: str) -> str:
    """The text with card numbers cut to their first 6 and last 4 digits, as facts may be stored.

    A card number is 13 to 19 digits, also in groups parted by spaces or dashes, whose Luhn check holds. One in ten
    article numbers of 13 digits passes that check too: give it texts, not article numbers.
    """
    return _DIGITS.sub(lambda match: match[0] if match["id"] else _truncated(match[0]), text)


def _truncated(run: str) -> str:
    """A run of digit groups, with each card number in it cut; numbers that may overlap are hidden whole."""
    windows = list(_card_numbers(run))
    if not windows:
        return run
    overlapping = any(first[1] > second[0] for first, second in pairwise(windows))
    if overlapping:
        start, end = windows[0][0], max(end for _, end in windows)
        return run[:start] + "*" * sum(map(str.isdigit, run[start:end])) + run[end:]
    for start, end in reversed(windows):
        digits = "".join(_GROUP.findall(run[start:end]))
        hidden = "*" * (len(digits) - PAN_FIRST - PAN_LAST)
        run = run[:start] + digits[:PAN_FIRST] + hidden + digits[-PAN_LAST:] + run[end:]
    return run


def _card_numbers(run: str) -> Iterator[tuple[int, int]]:
    """Where whole groups of digits make up a card number, in order. Linear in the run, which may be foreign input."""
    groups = [match.span() for match in _GROUP.finditer(run)]
    ends = list(accumulate(end - start for start, end in groups))
    sums = _luhn_sums("".join(_GROUP.findall(run)))
    for index, (start, end) in enumerate(groups):
        before = ends[index] - (end - start)
        for other in range(index, min(index + PAN_DIGITS_MAX, len(groups))):
            after = ends[other]
            total = sums[after % 2][after] - sums[after % 2][before]
            # A row of zeros checks, and is no card.
            if PAN_DIGITS_MIN <= after - before <= PAN_DIGITS_MAX and total > 0 and total % 10 == 0:
                yield start, groups[other][1]


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """Running sums with every other digit doubled: for numbers that end at an even place, and at an odd one."""
    plain = [int(digit) for digit in digits]
    doubled = [value * 2 - 9 * (value > 4) for value in plain]  # noqa: PLR2004 - two digits from 5 on
    even = accumulate((plain[at] if at % 2 else doubled[at] for at in range(len(digits))), initial=0)
    odd = accumulate((doubled[at] if at % 2 else plain[at] for at in range(len(digits))), initial=0)
    return list(even), list(odd)


class SecretRegistry:
    """Secret values known to this process, found in any text in time linear in the text. Bounded; oldest give way."""

    def __init__(self, *, size: int = SECRETS_MAX) -> None:
        self._size = size
        self._values: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._by_head: dict[str, tuple[str, ...]] = {}

    def remember(self, value: str) -> None:
        """Find this value from now on, also as it looks in a URL or inside JSON. Too short ones are left out."""
        if len(value) < SECRET_CHARACTERS_MIN:
            return
        if value in self._values:
            self._values.move_to_end(value)
            return
        spellings = tuple(dict.fromkeys((value, quote(value, safe=""), json.dumps(value)[1:-1])))
        self._values[value] = spellings
        for spelling in spellings:
            head = spelling[:SECRET_CHARACTERS_MIN]
            # Longest first, so that a secret that begins like another is removed whole.
            self._by_head[head] = tuple(sorted({*self._by_head.get(head, ()), spelling}, key=len, reverse=True))
        if len(self._values) > self._size:
            self._forget(self._values.popitem(last=False)[1])

    def _forget(self, spellings: tuple[str, ...]) -> None:
        kept = {spelling for others in self._values.values() for spelling in others} & set(spellings)
        for spelling in set(spellings) - kept:
            head = spelling[:SECRET_CHARACTERS_MIN]
            rest = tuple(other for other in self._by_head.pop(head) if other != spelling)
            if rest:
                self._by_head[head] = rest

    def scrub(self, text: str) -> str:
        """The text with every known value replaced by the mark of secrets."""
        heads = self._by_head
        pieces: list[str] = []
        done = at = 0
        while heads and at <= len(text) - SECRET_CHARACTERS_MIN:
            for spelling in heads.get(text[at : at + SECRET_CHARACTERS_MIN], ()):
                if text.startswith(spelling, at):
                    pieces += (text[done:at], _MARKS["secret"])
                    done = at = at + len(spelling)
                    break
            else:
                at += 1
        return "".join((*pieces, text[done:])) if pieces else text


_registry = SecretRegistry()


def remember_secret(value: str) -> None:
    """Have this value scrubbed from every text of this process from now on."""
    _registry.remember(value)


# What every record has; anything else was passed as `extra`.
_RECORD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class ScrubbingFilter(logging.Filter):
    """Scrubs each record: message with its arguments, traceback, stack and extra fields. Never drops one.

    Attach it to handlers: a logger's filters do not see the records of the loggers below it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; arguments are merged into the message, a traceback becomes text."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a line that cannot be written must not stop the work it tells of
            message = f"{_text(record.msg)} [arguments do not fit the message]"
        record.msg, record.args = scrub(message), None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        if record.exc_text:
            record.exc_text = scrub(record.exc_text)
        if record.stack_info:
            record.stack_info = scrub(record.stack_info)
        for name in vars(record).keys() - _RECORD_FIELDS:
            setattr(record, name, _scrubbed(getattr(record, name)))
        return True


def _scrubbed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {scrub(str(key)): _scrubbed(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(inside) for inside in value]
    if value is None or isinstance(value, bool | float):
        return value
    text = _text(value)
    shown = scrub(text)
    return value if isinstance(value, int) and shown == text else shown


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - foreign code runs here, in the middle of logging
        return f"[a {type(value).__name__} without text]"
