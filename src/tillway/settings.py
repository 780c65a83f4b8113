"""Every setting of a hub process: one frozen object, read once from the environment by the composition root.

Each field's metadata is its documentation; `docs/settings.md` is checked against it by test.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tillway.errors import Misconfigured

PREFIX = "TILLWAY_"


def _setting(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What an operator may set. Names in the environment are `TILLWAY_` + the field's name in capitals."""

    state: Path = _setting(Path(".state"), "Directory for the embedded Postgres, the landscape, secrets and tokens.")
    database_url: str = _setting(
        "", "Postgres 15+ to use, as a DSN. Empty: run the embedded one under the state directory."
    )
    landscape: Path | None = _setting(
        None, "Directory of the landscape's YAML. Empty: `landscape/` in the state directory."
    )
    environment: str = _setting(
        "",
        "Environment of the landscape that this hub is: its files in `environments/<name>/` lie over the others, and"
        " consumers of other environments are not there. Empty: none.",
    )
    vault: Path | None = _setting(
        None,
        "Executable that finds secrets given as `{vault: ...}`: it reads the reference on its standard input and writes"
        " the secret to its standard output. Empty: there is no vault.",
    )
    host: str = _setting("127.0.0.1", "Address the front door listens on.")
    port: int = _setting(8080, "Port the front door listens on; 0 takes any free one.")
    public_url: str = _setting(
        "", "Address clients know the hub by, the issuer of its tokens; the same on all nodes. Empty: this node's own."
    )
    tls_certificate: Path | None = _setting(
        None,
        "PEM file of the doors' certificate, its chain after it. Empty: plain HTTP, for loopback or behind a proxy.",
    )
    tls_key: Path | None = _setting(None, "PEM file of the certificate's private key, not encrypted.")
    doors: int = _setting(0, "Door processes. 0: one less than the cores, at least one.")
    poll_seconds: float = _setting(
        60.0, "Seconds between two polls of an ERP for changes, unless its connection says otherwise."
    )
    sweep_seconds: float = _setting(
        21_600.0,
        "Seconds between two sweeps of an ERP, which read everything again for changes that leave no mark. What is not"
        " found otherwise is late by this and the time of one sweep at most.",
    )
    lease_seconds: float = _setting(
        6.0, "Seconds of silence after which what a node had in hand is taken over by another."
    )
    sealing_key_file: Path | None = _setting(
        None,
        "File of the key that personal data and secrets are sealed with. Empty: `sealing.key` in the state directory.",
    )
    log_level: str = _setting("INFO", "DEBUG, INFO, WARNING or ERROR.")

    @property
    def landscape_directory(self) -> Path:
        """Where the landscape is read from."""
        return self.landscape or self.state / "landscape"

    @property
    def sealing_key_path(self) -> Path:
        """Where the sealing key is."""
        return self.sealing_key_file or self.state / "sealing.key"

    @property
    def base_url(self) -> str:
        """Where clients reach the hub."""
        return self.public_url.rstrip("/") or self.node_url

    @property
    def node_url(self) -> str:
        """Where this very node answers."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.tls_certificate is None else 'https'}://{host}:{self.port}"

    @property
    def door_count(self) -> int:
        """Door processes on this machine (DESIGN: cores - 1, at least 1)."""
        return self.doors or max(1, (os.cpu_count() or 2) - 1)


_READERS: dict[str, Any] = {
    "Path": Path,
    "Path | None": lambda text: Path(text) if text else None,
    "str": str,
    "int": int,
    "float": float,
}


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from an environment. An unknown `TILLWAY_` name or a value of the wrong kind is Misconfigured."""
    known = {PREFIX + item.name.upper(): item for item in fields(Settings)}
    given: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX) or name.startswith(PREFIX + "TEST_"):
            continue
        if name not in known:
            raise Misconfigured(f"{name} is not a setting", remedy=f"known are: {', '.join(sorted(known))}")
        item = known[name]
        try:
            given[item.name] = _READERS[str(item.type)](text)
        except ValueError as error:
            raise Misconfigured(f"{name} must be of kind {item.type}", remedy=str(item.metadata["doc"])) from error
    return Settings(**given)
