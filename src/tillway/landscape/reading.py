"""The one file of this room that touches the disk: reads a landscape's directory and the secrets it refers to."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tillway.errors import Misconfigured
from tillway.landscape.base import SecretRef
from tillway.landscape.building import build
from tillway.landscape.landscape import Landscape
from tillway.landscape.machines import PublicKeyRef
from tillway.landscape.policies import CEDAR, FOLDER, TESTS
from tillway.landscape.policy_cases import Case, cases
from tillway.masking import remember_secret

# A file of 10,000 shops has about 4 MB; more is no landscape.
FILE_BYTES_MAX = 16 * 1024 * 1024
# Keys and certificates fit; a larger file is not a secret.
SECRET_BYTES_MAX = 64 * 1024


def read(directory: Path) -> Landscape:
    """The landscape in a directory's `*.yaml` and `policies/*.cedar`. Raises Misconfigured with every finding."""
    return build(sources(directory))


def sources(directory: Path) -> dict[str, str]:
    """The texts that a directory's landscape is built from, by file name. Misconfigured if there are none."""
    files = {path.name: _text(path) for path in _yaml_files(directory)}
    policies = {f"{FOLDER}/{path.name}": _text(path) for path in _cedar_files(directory)}
    if not files:
        raise Misconfigured(
            f"no landscape in {directory}: there is no *.yaml file", remedy="write one, or name another"
        )
    return files | policies


def texts(directory: Path) -> dict[str, str]:
    """The texts of a directory's landscape together with the tests of its policies: what a release is made of."""
    tests = sorted((directory / FOLDER / TESTS).glob("*.yaml"))
    return sources(directory) | {f"{FOLDER}/{TESTS}/{path.name}": _text(path) for path in tests}


def belongs(name: str) -> bool:
    """Whether `sources` reads a file of this name, relative to the directory: for whoever holds the files elsewhere."""
    folder, _, file = name.rpartition("/")
    ending = {"": ".yaml", FOLDER: CEDAR}.get(folder)
    return ending is not None and file.endswith(ending) and not file.startswith(".")


def read_cases(directory: Path, landscape: Landscape) -> tuple[Case, ...]:
    """The tests of policies in `policies/tests/*.yaml`, none if there are none. Raises Misconfigured."""
    paths = sorted((directory / FOLDER / TESTS).glob("*.yaml"))
    return cases({f"{FOLDER}/{TESTS}/{path.name}": _text(path) for path in paths}, landscape)


def reveal(ref: SecretRef, directory: Path) -> str:
    """The secret behind a reference, from now on scrubbed from logs and errors. Misconfigured if there is none."""
    where = f"environment variable {ref.env}" if ref.env else f"file {ref.file}"
    secret = os.environ.get(ref.env, "") if ref.env else _secret_file(directory / str(ref.file), where)
    if not secret:
        raise Misconfigured(f"the secret in {where} is missing or empty", remedy="provide it, or correct the reference")
    remember_secret(secret)
    return secret


def public_keys(ref: PublicKeyRef, directory: Path) -> Any:
    """The JWK or JWK set behind a reference, not yet judged. Misconfigured if there is none or it is not JSON."""
    if ref.jwk is not None:
        return ref.jwk
    where = f"file {ref.file}"
    try:
        return json.loads(_secret_file(directory / str(ref.file), where, "public key"))
    except ValueError as error:
        raise Misconfigured(f"the public key in {where} is not JSON", remedy="give a JWK or a JWK set") from error


def reveal_all(landscape: Landscape, directory: Path) -> Mapping[str, str]:
    """Every secret a landscape refers to, by the path of its reference, e.g. `consumers.webshop.secret`.

    Raises Misconfigured naming all that are missing.
    """
    secrets: dict[str, str] = {}
    missing: list[str] = []
    for path, ref in landscape.secret_refs():
        try:
            secrets[path] = reveal(ref, directory)
        except Misconfigured as error:
            missing.append(f"{path}: {error.detail}")
    if missing:
        raise Misconfigured("\n".join(missing), remedy="provide what is missing, or correct the references")
    return secrets


def fingerprint(directory: Path, landscape: Landscape | None = None) -> str:
    """Changes when a file of the landscape, or a secret or key file it refers to, changed: times and sizes only."""
    paths = [*_yaml_files(directory), *_cedar_files(directory)]
    if landscape is not None:
        files = {ref.file for _, ref in landscape.secret_refs()} | {ref.file for _, ref in landscape.key_refs()}
        paths += sorted(directory / file for file in files if file)
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path}\x1f{_stamp(path)}\x1e".encode())
    return digest.hexdigest()


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "absent"
    return f"{found.st_mtime_ns}:{found.st_size}:{found.st_ino}"


def _yaml_files(directory: Path) -> Iterator[Path]:
    try:
        entries = sorted(directory.iterdir())
    except OSError as error:
        raise Misconfigured(
            f"the landscape's directory {directory} cannot be read", remedy="create it, or set TILLWAY_LANDSCAPE"
        ) from error
    for path in entries:
        if path.suffix == ".yml":
            # Passed over in silence it would be a rule that nobody enforces.
            raise Misconfigured(f"{path.name} would not be read", remedy="rename it to end in .yaml")
        if path.suffix == ".yaml" and not path.name.startswith("."):
            yield path


def _cedar_files(directory: Path) -> list[Path]:
    return sorted(path for path in (directory / FOLDER).glob(f"*{CEDAR}") if not path.name.startswith("."))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise Misconfigured(f"{path.name} is larger than {FILE_BYTES_MAX} bytes", remedy="split it")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path.name} cannot be read as UTF-8 text", remedy="check the file") from error


def _secret_file(path: Path, where: str, what: str = "secret") -> str:
    try:
        content = path.read_bytes()
        if len(content) > SECRET_BYTES_MAX:
            raise Misconfigured(
                f"the {what} in {where} is larger than {SECRET_BYTES_MAX} bytes", remedy="check the file"
            )
        # Editors end a file with a line break; no secret ends with one.
        return content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"the {what} in {where} cannot be read", remedy="provide the file, or let us read it"
        ) from error
