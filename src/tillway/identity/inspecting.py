"""Asking about tokens and revoking them: who asks is proven as at the token endpoint, by the same code."""

from __future__ import annotations

from collections.abc import Mapping

from tillway.identity.access import Act, restrict
from tillway.identity.client_authentication import client
from tillway.identity.desk import Client, Desk
from tillway.identity.endpoint import Rules, TokenEndpoint
from tillway.identity.issuing import may_ask
from tillway.identity.once import use
from tillway.identity.requesting import Refusal, TokenAnswer, TokenRequest, fields_of, refused
from tillway.identity.token_state import introspection, revocation
from tillway.postgres import Database
from tillway.tokens import LEEWAY


class TokenStates:
    """Introspection (RFC 7662) and revocation (RFC 7009) of one process."""

    def __init__(self, database: Database, tokens: TokenEndpoint) -> None:
        self._database = database
        self._tokens = tokens

    async def introspect(self, request: TokenRequest, rules: Rules) -> TokenAnswer:
        """What a token says, to who may know. Unavailable when it depends on Postgres, and that does not answer."""
        desk = await self._tokens.desk(request, rules)
        try:
            form = fields_of(request.form)
            return introspection(form, await self._client(request, form, desk), desk)
        except Refusal as refusal:
            return refused(refusal)

    async def revoke(self, request: TokenRequest, rules: Rules, correlation: str) -> TokenAnswer:
        """Make a client's own token worthless on every node. Unavailable as `introspect`."""
        desk = await self._tokens.desk(request, rules)
        try:
            form = fields_of(request.form)
            who = await self._client(request, form, desk)
            decided = revocation(form, who, desk)
        except Refusal as refusal:
            return refused(refusal)
        claims = decided.claims
        if claims is not None:
            act = Act(by=who.id, reason="revoked by its client", at=desk.now, correlation=correlation)
            # Until then it would count; how much longer a node's clock may be late stands in LEEWAY.
            until = claims.expires_at + LEEWAY
            async with self._database.transaction() as tx:
                await restrict(tx, "token", claims.token_id, act, until=until, subject=claims.client_id)
        return decided.answer

    async def _client(self, request: TokenRequest, form: Mapping[str, str], desk: Desk) -> Client:
        who, uses = client(request, form, desk)
        may_ask(who, desk)
        for each in uses:
            if not await use(self._database, each):
                raise Refusal("invalid_client", "the client assertion is not accepted: it was used before")
        return who
