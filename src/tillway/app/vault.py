"""The vault: an executable of the operator's that finds secrets which the landscape refers to as `{vault: ...}`.

It is given the reference on its standard input, and writes the secret to its standard output. What it found is kept
for a while: a delivery or a token must not wait for somebody else's vault, nor fail when that is away for a minute.
"""

from __future__ import annotations

import logging
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tillway import clock
from tillway.errors import Misconfigured

log = logging.getLogger(__name__)

# A vault that takes longer is down for our purposes.
ANSWER_SECONDS: Final = 10.0

# A secret that was exchanged in the vault counts within this time.
KEPT_SECONDS: Final = 300.0

# Keys and certificates fit; more is not a secret.
ANSWER_BYTES_MAX: Final = 64 * 1024


@dataclass(slots=True)
class _Found:
    secret: str
    at: float
    looked_for: bool = False


class Vault:
    """Asks the executable once a reference, and again, beside whoever asks, when the answer has become old."""

    def __init__(self, executable: Path) -> None:
        self._executable = executable
        self._found: dict[str, _Found] = {}

    def __call__(self, reference: str) -> str:
        """The secret. Misconfigured when there is none. The first time it waits for the executable."""
        found = self._found.get(reference)
        if found is None:
            found = self._found[reference] = _Found(self._ask(reference), clock.monotonic())
        elif clock.monotonic() - found.at > KEPT_SECONDS and not found.looked_for:
            found.looked_for = True
            threading.Thread(target=self._again, args=(reference, found), daemon=True).start()
        return found.secret

    def _again(self, reference: str, found: _Found) -> None:
        try:
            found.secret = self._ask(reference)
        except Misconfigured as error:
            log.warning("the secret found before is kept: %s", error.detail)
        found.at, found.looked_for = clock.monotonic(), False

    def _ask(self, reference: str) -> str:
        where = f"the vault {self._executable.name} has no answer for {reference}"
        try:
            ended = subprocess.run(  # noqa: S603 - the operator's own executable, without a shell or arguments
                [self._executable],
                input=f"{reference}\n".encode(),
                capture_output=True,
                timeout=ANSWER_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Misconfigured(f"{where}: it took over {ANSWER_SECONDS:g} s", remedy="see why it hangs") from None
        except OSError as error:
            raise Misconfigured(
                f"the vault {self._executable} cannot be run", remedy="correct TILLWAY_VAULT, or let us run it"
            ) from error
        if ended.returncode:
            # What it says may hold secrets, so it stays with the vault.
            raise Misconfigured(f"{where}: it ended with {ended.returncode}", remedy="run it by hand to see why")
        if len(ended.stdout) > ANSWER_BYTES_MAX:
            raise Misconfigured(f"{where}: it wrote over {ANSWER_BYTES_MAX} bytes", remedy="it writes the secret alone")
        try:
            return ended.stdout.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise Misconfigured(f"{where}: what it wrote is no text", remedy="it writes the secret alone") from None


def vault_of(executable: Path | None) -> Vault | None:
    """The vault that is set, if one is."""
    return None if executable is None else Vault(executable)
