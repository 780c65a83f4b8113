"""What all words of the landscape are made of: frozen models, entries under a key, references to secrets."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator


class Model(BaseModel):
    """Frozen, strict about unknown fields, documented by the text under each field."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Entry(Model):
    """An entry of a section; `id` is its key in YAML and is never written inside."""

    id: str


class SecretRef(Model):
    """Where a secret is found; the secret itself never stands in a landscape."""

    env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Name of the environment variable that holds the secret."""
    file: Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00]+$")] | None = None
    """Path of the file that holds the secret, relative to the landscape's directory."""

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretRef:
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret is either {env: NAME} or {file: path}")
        return self
