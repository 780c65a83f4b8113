from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.pure.landscape.sample import YAML, sample

from tillway.errors import Misconfigured
from tillway.landscape import SecretRef, fingerprint, read, reveal, reveal_all
from tillway.masking import scrub


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "odoo").write_text("key-of-odoo\n")
    (tmp_path / "secrets" / "hook").write_text("whsec_hook")
    landscape = tmp_path / "landscape"
    landscape.mkdir()
    head, tail = YAML.split("apis:\n")
    (landscape / "shops.yaml").write_text(head)
    (landscape / "rules.yaml").write_text(f"apis:\n{tail}")
    (landscape / "README.md").write_text("not read")
    return landscape


def test_a_directory_is_read_as_one_landscape(directory: Path) -> None:
    assert read(directory).hash == sample().hash


def test_a_directory_without_a_landscape_is_misconfigured(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"there is no \*\.yaml file"):
        read(tmp_path)
    with pytest.raises(Misconfigured, match="cannot be read"):
        read(tmp_path / "absent")


def test_a_file_that_would_be_passed_over_is_told(directory: Path) -> None:
    (directory / "more.yml").write_text("events: {}")
    with pytest.raises(Misconfigured, match=r"more\.yml would not be read"):
        read(directory)


def test_a_file_that_is_not_text_is_told(directory: Path) -> None:
    (directory / "more.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match=r"more\.yaml cannot be read as UTF-8 text"):
        read(directory)


def test_a_secret_comes_from_a_file_without_its_line_break_and_is_scrubbed_from_then_on(directory: Path) -> None:
    assert reveal(SecretRef(file="../secrets/odoo"), directory) == "key-of-odoo"
    assert scrub("asked with key-of-odoo") == "asked with [masked:secret]"


def test_a_secret_comes_from_the_environment(directory: Path) -> None:
    os.environ["TILLWAY_TEST_SECRET"] = "from-outside"
    try:
        assert reveal(SecretRef(env="TILLWAY_TEST_SECRET"), directory) == "from-outside"
    finally:
        del os.environ["TILLWAY_TEST_SECRET"]


@pytest.mark.parametrize("ref", [SecretRef(file="../secrets/absent"), SecretRef(env="TILLWAY_TEST_ABSENT")])
def test_a_missing_secret_is_misconfigured_with_its_reference(directory: Path, ref: SecretRef) -> None:
    with pytest.raises(Misconfigured) as caught:
        reveal(ref, directory)
    assert str(ref.env or ref.file) in str(caught.value)


def test_an_empty_or_huge_secret_file_is_misconfigured(directory: Path) -> None:
    (directory / "empty").write_text("\n")
    (directory / "huge").write_text("x" * 100_000)
    with pytest.raises(Misconfigured, match="missing or empty"):
        reveal(SecretRef(file="empty"), directory)
    with pytest.raises(Misconfigured, match="larger than"):
        reveal(SecretRef(file="huge"), directory)


def test_all_missing_secrets_are_told_at_once(directory: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        reveal_all(sample(), directory)
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "connections.other.key",
        "consumers.webshop.secret",
        "consumers.till.secret",
    ]


def test_the_fingerprint_changes_with_files_and_secrets_and_with_nothing_else(directory: Path) -> None:
    landscape = read(directory)
    first = fingerprint(directory, landscape)
    assert fingerprint(directory, landscape) == first
    (directory / "README.md").write_text("still not read")
    assert fingerprint(directory, landscape) == first
    (directory.parent / "secrets" / "odoo").write_text("another key")
    second = fingerprint(directory, landscape)
    (directory.parent / "secrets" / "hook").unlink()
    third = fingerprint(directory, landscape)
    (directory / "more.yaml").write_text("events: {}")
    fourth = fingerprint(directory, landscape)
    assert len({first, second, third, fourth}) == 4
