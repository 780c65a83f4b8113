"""How people sign in: by the retailer's own identity provider, and what its groups are allowed to do here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from tillway.landscape.base import Model, SecretRef
from tillway.landscape.declared import Declared, refers
from tillway.landscape.machines import IssuerUrl
from tillway.landscape.problem import Path, Problem
from tillway.landscape.values import Id, Scope, Text

# A claim holds all groups of a person; those that mean something here are a handful.
ROLES_MAX = 64
# What people do to the hub is an operation; the business is done by the machines and tills that answer for it.
ACTING_API = "operations"

Claim = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_:./-]{0,127}$")]


class SignIn(Model):
    """The OpenID Connect provider that people sign in with."""

    issuer: IssuerUrl
    """Its issuer URL, exactly as its tokens name it; everything else is found by discovery below it."""
    client_id: Text
    """What the hub is called there."""
    client_secret: SecretRef | None = None
    """The hub's secret there: {env: NAME} or {file: path}; absent: a public client, which PKCE protects."""
    claim: Claim = "groups"
    """The claim of the ID token that says what a person belongs to: a text or a list of texts."""
    roles: Annotated[Mapping[Text, Id], Field(min_length=1, max_length=ROLES_MAX)]
    """Which value of the claim gives which role; whoever has none of them is not let in."""


Roles = Mapping[Id, tuple[Scope, ...]]


def people(sign_in: SignIn | None, roles: Roles, declared: Declared) -> Iterator[Problem]:
    """What is wrong with how people sign in and what their roles let them do."""
    for role, scopes in roles.items():
        for index, scope in enumerate(scopes):
            path: Path = ("roles", role, index)
            api, _, verb = scope.partition(":")
            yield from refers(path, "interface", api, declared.of("apis"))
            if verb == "write" and api != ACTING_API:
                text = f"people act by {ACTING_API}:write only"
                yield Problem(path=path, text=text, remedy="take it out; machines and tills do the business")
    if sign_in is not None:
        for value, role in sign_in.roles.items():
            yield from refers(("sign_in", "roles", value), "role", role, declared.of("roles"))
