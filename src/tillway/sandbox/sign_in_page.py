"""The people of the sample retailer, and the page that asks which of them somebody plays. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works for the sample retailer."""

    name: str
    does: str
    group: str

    def claims(self, subject: str) -> dict[str, str | list[str]]:
        """What an ID token says of them."""
        email = f"{subject}@demo-retail.example"
        return {"sub": subject, "name": self.name, "email": email, "groups": [self.group]}


PEOPLE: Final[Mapping[str, Person]] = {
    "ada": Person("Ada", "enterprise architecture", "enterprise-architecture"),
    "ben": Person("Ben", "retail operations", "retail-operations"),
    "cleo": Person("Cleo", "security", "security"),
    "otto": Person("Otto", "operator, on the night shift", "night-shift"),
    "vera": Person("Vera", "auditor, reads only", "audit"),
}

# Nothing of elsewhere, no frame around it. `form-action` is left out: the way back leads to the hub, then to a program.
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sandbox sign-in</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 3rem auto; padding: 0 1rem; }}
button {{ font: inherit; display: block; width: 100%; margin: .5rem 0; padding: .6rem 1rem; text-align: left; }}
</style>
</head>
<body>
<main>
<h1>Sandbox sign-in</h1>
{body}
</main>
</body>
</html>
"""
_NOTICE: Final = (
    "<p>A play retailer on this machine (loopback). Nobody here is real and there are no passwords: "
    "say whom you play.</p>"
)


def asking() -> str:
    """One button a person. The form goes where the page came from, so the request stays in the address alone."""
    buttons = "\n".join(
        f'<button name="sub" value="{escape(subject)}">{escape(each.name)}: {escape(each.does)}</button>'
        for subject, each in PEOPLE.items()
    )
    return _PAGE.format(body=f'{_NOTICE}\n<form method="post">\n{buttons}\n</form>')


def refusing(why: str) -> str:
    """What is wrong with a request that nobody can be sent back from."""
    return _PAGE.format(body=f"<p>This request cannot be answered: {escape(why)}.</p>")
