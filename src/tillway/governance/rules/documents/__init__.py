"""House rules on OpenAPI documents, one file a subject: structure, addresses, operations, answers, fields."""

from __future__ import annotations
