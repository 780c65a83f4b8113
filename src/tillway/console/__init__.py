"""The window: pages that people look at. They show what contracts and landscape say, and what was observed."""

from __future__ import annotations

from tillway.console.catalogue import Catalogue

__all__ = ["Catalogue"]
