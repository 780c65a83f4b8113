"""`python -m tillway`."""

from __future__ import annotations

from tillway.cli import main

main()
