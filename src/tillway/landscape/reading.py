"""The one file of this room that touches the disk: reads a landscape's directory and the secrets it refers to."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tillway.errors import Misconfigured
from tillway.landscape.base import SecretRef
from tillway.landscape.building import build
from tillway.landscape.landscape import Landscape
from tillway.landscape.layers import ENVIRONMENTS, MAPPINGS
from tillway.landscape.machines import PublicKeyRef
from tillway.landscape.own_documents import EVENTS
from tillway.landscape.own_documents import FOLDER as CONTRACTS
from tillway.landscape.policies import CEDAR, FOLDER, TESTS
from tillway.landscape.policy_cases import Case, cases
from tillway.landscape.problem import meant
from tillway.masking import remember_secret

# A file of 10,000 shops has about 4 MB; more is no landscape.
FILE_BYTES_MAX = 16 * 1024 * 1024
# Keys and certificates fit; a larger file is not a secret.
SECRET_BYTES_MAX = 64 * 1024

# Where secrets and keys may lie but in the landscape itself: beside it, and where container platforms mount them.
NEIGHBOURS = ("secrets", "keys")
MOUNTED = Path("/run/secrets")

Vault = Callable[[str], str]
"""Finds a secret by what the vault knows it by. Misconfigured if it cannot."""

# What lies in folders of its own, beside the `*.yaml` of the landscape itself.
_FOLDERS = (
    (FOLDER, CEDAR),
    (CONTRACTS, ".yaml"),
    (f"{CONTRACTS}/{EVENTS}", ".json"),
    (MAPPINGS, ".jsonata"),
)


def read(directory: Path, environment: str | None = None) -> Landscape:
    """The landscape in a directory, in one of its environments (None: in none). Misconfigured with every finding."""
    return build(sources(directory, environment))


def sources(directory: Path, environment: str | None = None) -> dict[str, str]:
    """The texts that a directory's landscape is built from, by file name. Misconfigured if there are none."""
    files = {path.relative_to(directory).as_posix(): _text(path, directory) for path in _files(directory, environment)}
    if not any("/" not in file for file in files):
        raise Misconfigured(
            f"no landscape in {directory}: there is no *.yaml file", remedy="write one, or name another"
        )
    return files


def environments(directory: Path) -> tuple[str, ...]:
    """The environments that a landscape knows: the folders in `environments/`."""
    found = (path.name for path in (directory / ENVIRONMENTS).glob("*") if path.is_dir())
    return tuple(sorted(name for name in found if not name.startswith(".")))


def texts(directory: Path, environment: str | None = None) -> dict[str, str]:
    """The texts of a directory's landscape together with the tests of its policies: what a release is made of."""
    return sources(directory, environment) | _tests(directory)


def belongs(name: str) -> bool:
    """Whether `sources` reads a file of this name, relative to the directory: for whoever holds the files elsewhere.

    Files of environments do not belong: which of them is meant is not said.
    """
    folder, _, file = name.rpartition("/")
    ending = {"": ".yaml", **dict(_FOLDERS)}.get(folder)
    return ending is not None and file.endswith(ending) and not file.startswith(".")


def read_cases(directory: Path, landscape: Landscape) -> tuple[Case, ...]:
    """The tests of policies in `policies/tests/*.yaml`, none if there are none. Raises Misconfigured."""
    return cases(_tests(directory), landscape)


def reveal(ref: SecretRef, directory: Path, vault: Vault | None = None) -> str:
    """The secret behind a reference, from now on scrubbed from logs and errors. Misconfigured if there is none."""
    if ref.env is not None:
        secret = os.environ.get(ref.env, "")
    elif ref.vault is not None:
        secret = _asked(ref.vault, vault)
    else:
        secret = _secret_file(str(ref.file), directory, ref.place)
    if not secret:
        raise Misconfigured(
            f"the secret in {ref.place} is missing or empty", remedy="provide it, or correct the reference"
        )
    remember_secret(secret)
    return secret


def _asked(reference: str, vault: Vault | None) -> str:
    if vault is None:
        raise Misconfigured(f"{reference} is to be found in a vault, and there is none", remedy="set TILLWAY_VAULT")
    return vault(reference)


def public_keys(ref: PublicKeyRef, directory: Path) -> Any:
    """The JWK or JWK set behind a reference, not yet judged. Misconfigured if there is none or it is not JSON."""
    if ref.jwk is not None:
        return ref.jwk
    where = f"file {ref.file}"
    try:
        return json.loads(_secret_file(str(ref.file), directory, where, "public key"))
    except ValueError as error:
        raise Misconfigured(f"the public key in {where} is not JSON", remedy="give a JWK or a JWK set") from error


def reveal_all(landscape: Landscape, directory: Path, vault: Vault | None = None) -> Mapping[str, str]:
    """Every secret a landscape refers to, by the path of its reference, e.g. `consumers.webshop.secret`.

    Raises Misconfigured naming all that are missing.
    """
    secrets: dict[str, str] = {}
    missing: list[str] = []
    for path, ref in landscape.secret_refs():
        try:
            secrets[path] = reveal(ref, directory, vault)
        except Misconfigured as error:
            missing.append(f"{path}: {error.detail}")
    if missing:
        raise Misconfigured("\n".join(missing), remedy="provide what is missing, or correct the references")
    return secrets


def fingerprint(directory: Path, landscape: Landscape | None = None, environment: str | None = None) -> str:
    """Changes when a file of the landscape, or a secret or key file it refers to, changed: times and sizes only."""
    paths = list(_files(directory, environment))
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


def _tests(directory: Path) -> dict[str, str]:
    paths = sorted((directory / FOLDER / TESTS).glob("*.yaml"))
    return {f"{FOLDER}/{TESTS}/{path.name}": _text(path, directory) for path in paths}


def _files(directory: Path, environment: str | None) -> Iterator[Path]:
    """Every file that a landscape is read from, in the order of their names."""
    yield from _of_kind(directory, ".yaml")
    for folder, suffix in _FOLDERS:
        if (directory / folder).is_dir():
            yield from _of_kind(directory / folder, suffix)
    if environment is not None:
        known = environments(directory)
        if environment not in known:
            told = f"the landscape has no environment {environment!r}"
            remedy = meant(environment, known) or f"create {ENVIRONMENTS}/{environment}/ in it"
            raise Misconfigured(told, remedy=remedy)
        overlay = tuple(_of_kind(directory / ENVIRONMENTS / environment, ".yaml"))
        if not overlay:
            told = f"there is no *.yaml file in {ENVIRONMENTS}/{environment}/"
            raise Misconfigured(told, remedy="write one; a comment is enough where nothing differs")
        yield from overlay


def _of_kind(folder: Path, suffix: str) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise Misconfigured(
            f"the landscape's directory {folder} cannot be read", remedy="create it, or set TILLWAY_LANDSCAPE"
        ) from error
    for path in entries:
        if suffix == ".yaml" and path.suffix == ".yml":
            # Passed over in silence it would be a rule that nobody enforces.
            raise Misconfigured(f"{path.name} would not be read", remedy="rename it to end in .yaml")
        if path.suffix == suffix and not path.name.startswith("."):
            yield path


def _text(path: Path, directory: Path) -> str:
    shown = path.relative_to(directory).as_posix()
    try:
        if not path.resolve().is_relative_to(directory.resolve()):
            raise Misconfigured(
                f"{shown} is a link that leads out of the landscape", remedy="put the file itself there"
            )
        if not path.is_file():
            raise Misconfigured(f"{shown} is not a file", remedy="call it otherwise")
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        if len(content) > FILE_BYTES_MAX:
            raise Misconfigured(f"{shown} is larger than {FILE_BYTES_MAX} bytes", remedy="split it")
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{shown} cannot be read as UTF-8 text", remedy="check the file") from error


def _secret_file(name: str, directory: Path, where: str, what: str = "secret") -> str:
    path = directory / name
    if not _may_hold_secrets(path, directory):
        raise Misconfigured(
            f"the {what} in {where} lies where no secrets are taken from",
            remedy=f"put it into {' or '.join(NEIGHBOURS)} beside the landscape, or mount it under {MOUNTED}",
        )
    try:
        with path.open("rb") as file:
            content = file.read(SECRET_BYTES_MAX + 1)
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


def _may_hold_secrets(path: Path, directory: Path) -> bool:
    """Whoever may change a landscape may not have the hub read any file of its machine, and send it somewhere."""
    try:
        found, home = path.resolve(), directory.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        return False
    places = (home, *(home.parent / name for name in NEIGHBOURS), MOUNTED.resolve())
    return any(found.is_relative_to(place) for place in places)
