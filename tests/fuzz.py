"""`make fuzz`: the random tests with many examples and a fresh seed (printed), and every crash point many times."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def main() -> int:
    """Give SEED=... to repeat a run."""
    seed = os.environ.get("SEED") or str(secrets.randbelow(2**32))
    sys.stdout.write(f"seed {seed} (repeat with SEED={seed} make fuzz)\n")
    sys.stdout.flush()
    environment = dict(os.environ) | {"TILLWAY_TEST_FUZZ": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--hypothesis-profile",
        "fuzz",
        "--hypothesis-seed",
        seed,
    ]
    suites = [str(TESTS / name) for name in ("pure", "rooms", "contract", "crash") if (TESTS / name).is_dir()]
    return subprocess.run([*command, *suites], env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
