"""`make test`: the suites by cost, each against its budget. Exit code 1 when one fails, skips or runs nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent

# Two processes whatever the machine has: the budgets are measured on two cores.
WORKERS = "2"


@dataclass(frozen=True)
class Suite:
    """A directory of tests and the seconds it may take on two cores."""

    name: str
    seconds: int
    workers: str = WORKERS


SUITES = (
    Suite("pure", 120),
    Suite("rooms", 240),
    Suite("contract", 240),
    Suite("paths", 180),
    Suite("crash", 300, workers="1"),
    Suite("browser", 60, workers="1"),
)


def run(suite: Suite, extra: list[str]) -> tuple[bool, str]:
    """Run one suite; whether it is well, and the line that says so."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", str(TESTS / suite.name), *extra]
    if suite.workers != "1":
        command += ["-n", suite.workers, "--dist", "loadfile"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)
    )
    closing = ""
    for line in process.stdout or ():
        sys.stdout.write(line)
        if re.search(r"\d+ (passed|failed|error|skipped)", line):
            closing = line.strip().strip("= ")
    code = process.wait()
    seconds = time.monotonic() - began
    over = " OVER BUDGET" if seconds > suite.seconds else ""
    well = code == 0 and "skipped" not in closing and "passed" in closing
    return well, f"{suite.name:<9} {seconds:6.1f} s of {suite.seconds} s{over}  {closing}"


def main() -> int:
    """All suites that exist; arguments go to pytest."""
    results = [run(suite, sys.argv[1:]) for suite in SUITES if (TESTS / suite.name).is_dir()]
    sys.stdout.write("\n" + "\n".join(line for _, line in results) + "\n")
    return 0 if all(well for well, _ in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
