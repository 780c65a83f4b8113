"""What a new token is bound to, by what its client is to prove: nothing, a DPoP key, or its TLS certificate. Pure."""

from __future__ import annotations

from tillway.identity import certificate, proof
from tillway.identity.desk import Client, Desk
from tillway.identity.once import Once
from tillway.identity.proof import BadProof, Call
from tillway.identity.requesting import Refusal, TokenRequest
from tillway.tokens import Confirmation


def bound(request: TokenRequest, client: Client, desk: Desk) -> tuple[Confirmation | None, tuple[Once, ...]]:
    """The token's confirmation, and what to use up before it counts. Refusal when the proof is missing or bad.

    A client that need not prove anything may: a proof makes its token a bound one. A device always proves the key that
    it was enrolled with: its tokens are of no use in other hands.
    """
    if client.consumer.proof == "mtls":
        return _to_certificate(request, client, desk), ()
    if request.proof is None:
        if client.consumer.proof == "dpop" or client.thumbprint is not None:
            description = "the tokens of this client are bound to a key: send a DPoP proof"
            raise Refusal("invalid_dpop_proof", description, consumer=client.consumer.id)
        return None, ()
    try:
        proven = proof.check(request.proof, Call(method="POST", url=desk.token_url), desk.ring, desk.now)
    except BadProof as error:
        description = f"the DPoP proof is not accepted: {error}"
        raise Refusal(error.error, description, consumer=client.consumer.id) from error
    if client.thumbprint is not None and proven.jkt != client.thumbprint:
        description = "the DPoP proof is not accepted: a device proves the key it was enrolled with"
        raise Refusal("invalid_dpop_proof", description, consumer=client.consumer.id)
    return Confirmation(jkt=proven.jkt), (proven.once,)


def _to_certificate(request: TokenRequest, client: Client, desk: Desk) -> Confirmation:
    def refusal(description: str) -> Refusal:
        return Refusal("invalid_request", description, consumer=client.consumer.id)

    if request.proof is not None:
        raise refusal("the tokens of this client are bound to its certificate, not to a DPoP key")
    if request.certificate is None or not certificate.in_force(request.certificate, desk.now):
        raise refusal("the tokens of this client are bound to its certificate: come with one that is in force")
    registered = client.consumer.certificate
    if registered is not None and not certificate.is_one(request.certificate, registered):
        raise refusal("this is not the certificate of this client")
    return Confirmation(x5t=certificate.thumbprint(request.certificate))
