"""What all words of the landscape are made of: frozen models, entries under a key, references to secrets."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

# Variables with this beginning configure the hub, its database among them: nothing of it is handed out as a secret.
_SETTINGS = "TILLWAY_"
_OF_TESTS = "TILLWAY_TEST_"


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
    vault: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./:@-]{0,199}(#[A-Za-z0-9_.-]{1,100})?$")]
        | None
    ) = None
    """What the vault knows the secret by, e.g. retail/odoo#key; the vault is the hub's setting `TILLWAY_VAULT`."""

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretRef:
        if sum(each is not None for each in (self.env, self.file, self.vault)) != 1:
            raise ValueError("a secret is either {env: NAME}, {file: path} or {vault: path}")
        if self.env is not None and self.env.startswith(_SETTINGS) and not self.env.startswith(_OF_TESTS):
            raise ValueError("a setting of the hub is no secret of the landscape")
        return self

    @property
    def place(self) -> str:
        """Where the secret is, in words."""
        if self.env is not None:
            return f"environment variable {self.env}"
        return f"file {self.file}" if self.file is not None else f"vault under {self.vault}"
