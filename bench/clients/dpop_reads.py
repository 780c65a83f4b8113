"""Reads the same things with a token bound to a key: each request has a proof of its own, signed beforehand."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from typing import Any

import aiohttp
from joserfc import jws
from joserfc.jwk import ECKey

from bench.client import serve
from bench.clients.counting import counted
from bench.clients.http_line import HttpLine

# Signed before the clock runs; a proof is good for a minute.
PROOFS_MAX = 20_000


class Holder:
    """One key and the nonce to use."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256", private=True)
        self.nonce: str | None = None

    def proof(self, method: str, url: str, token: str | None = None) -> str:
        """A proof for one call."""
        ath = token and base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        said = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": url, "iat": int(time.time())}
        said |= {name: value for name, value in (("nonce", self.nonce), ("ath", ath)) if value}
        header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self._key.as_dict(private=False)}
        return str(jws.serialize_compact(header, json.dumps(said).encode(), self._key, algorithms=["ES256"]))


async def main(
    *, base_url: str, token_url: str, client: str, secret: str, paths: list[str], connections: int, seconds: float
) -> dict[str, Any]:
    """Answers a second; the figures are of the requests until the proofs ran out, should they."""
    holder = Holder()
    token = await _token(holder, token_url, client, secret)
    ready = [
        (paths[number % len(paths)], holder.proof("GET", base_url + paths[number % len(paths)], token))
        for number in range(PROOFS_MAX)
    ]
    lines = [await HttpLine.open(base_url) for _ in range(connections)]

    def reading(line: HttpLine) -> Any:
        async def read() -> None:
            if not ready:
                raise RuntimeError(f"more than {PROOFS_MAX} reads: sign more proofs beforehand")
            path, proof = ready.pop()
            status, answer = await line.get(path, f"Authorization: DPoP {token}\r\nDPoP: {proof}\r\n")
            if status != 200:
                raise RuntimeError(f"{status}: {answer.decode()}")

        return read

    found = await counted([reading(line) for line in lines], seconds)
    for line in lines:
        line.close()
    return found


async def _token(holder: Holder, url: str, client: str, secret: str) -> str:
    async with aiohttp.ClientSession(headers={"Authorization": aiohttp.encode_basic_auth(client, secret)}) as session:
        while True:
            form, headers = {"grant_type": "client_credentials"}, {"DPoP": holder.proof("POST", url)}
            async with session.post(url, data=form, headers=headers) as reply:
                said = await reply.json()
                if reply.status == 200:
                    return str(said["access_token"])
                if said["error"] != "use_dpop_nonce":
                    raise RuntimeError(said)
                holder.nonce = reply.headers["DPoP-Nonce"]


if __name__ == "__main__":
    serve(main)
