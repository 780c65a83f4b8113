"""What boards decide: house rules as code. Knows the landscape and the contracts, and no request."""

from __future__ import annotations
