"""What ships, the retailer's files over it, one environment's over those; and secrets, which stand in none of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from tests.pure.landscape.sample import YAML, problems, spoiled

from tillway import contracts
from tillway.app.vault import Vault
from tillway.errors import Misconfigured
from tillway.landscape import InvalidLandscape, SecretRef, build, build_marked, environments, read, reveal
from tillway.processes import every

SMALL = "organisation: {name: Nordwind, currency: EUR, timezone: Europe/Berlin}\n"
TEST = "environments/test/all.yaml"


def test_what_tillway_offers_is_there_without_a_word() -> None:
    found = build({"a.yaml": SMALL})
    assert found.apis.keys() == {api for api, _ in contracts.load().apis}
    assert found.api("orders").owner == "Nordwind"
    assert found.domains.keys() == {
        "inventory", "orders", "payments", "catalogue", "prices", "customers", "loyalty", "reporting",
    }  # fmt: skip
    assert found.domains["inventory"].flows["promises"].mode == "synchronous"
    assert found.domains["inventory"].flows["reconciliation"].mode == "batch"


def test_every_event_and_process_that_is_built_in_is_declared() -> None:
    found = build({"a.yaml": SMALL})
    # What boards decide and whose rights are taken away is the hub's own business.
    inside = {"access.changed", "change.decided", "release.activated"}
    ours = {name for name, _ in contracts.load().events if "." in name} - inside
    assert ours - found.events.keys() == set()
    nowhere = cast("Any", None)
    assert {each.name for each in every(nowhere, nowhere)} - found.processes.keys() == set()


def test_defaults_name_who_answers_and_an_entry_says_it_better() -> None:
    text = SMALL + "defaults: {owner: platform, deputy: duty}\napis: {orders: {owner: sales, deputy: ~}}\n"
    found = build({"a.yaml": text})
    assert (found.api("prices").owner, found.api("prices").deputy) == ("platform", "duty")
    assert (found.api("orders").owner, found.api("orders").deputy) == ("sales", None)
    assert found.event("sale.booked").owner == "platform"


def test_an_entry_of_ones_own_still_says_all_there_is_to_say() -> None:
    with pytest.raises(InvalidLandscape) as caught:
        build({"a.yaml": SMALL + "apis: {wishes: {layer: system}}\n"})
    assert [str(each).split(" (")[0] for each in caught.value.problems] == [
        "a.yaml:2: apis.wishes.criticality: is missing",
        "a.yaml:2: apis.wishes.data_class: is missing",
        "a.yaml:2: apis.wishes.owner: is missing",
    ]


def test_a_place_is_that_of_the_file_which_says_it_last() -> None:
    _, marks = build_marked({"a.yaml": YAML, TEST: "\nconnections: {erp: {database: test}}\n"})
    assert [str(marks.at(("connections", "erp", field))) for field in ("database", "kind")] == [
        "Mark(file='environments/test/all.yaml', line=2)",
        "Mark(file='a.yaml', line=3)",
    ]
    assert marks.at(("apis", "prices", "layer")).file == "tillway/base.yaml"  # type: ignore[union-attr]


def test_an_environment_lies_over_all_and_may_take_away() -> None:
    overlay = "connections: {erp: {database: test}}\nsubscriptions: {webshop-orders: ~}\n"
    found = build({"a.yaml": YAML, TEST: overlay})
    assert (found.connection("erp").database, found.connection("erp").url) == ("test", "https://erp.example.com")
    assert found.subscriptions == {}
    with pytest.raises(InvalidLandscape, match=r"environments/test/all.yaml:1: connections.erp.databse: unknown field"):
        build({"a.yaml": YAML, TEST: "connections: {erp: {databse: test}}"})


def test_a_consumer_of_another_environment_is_not_there() -> None:
    text = spoiled(("    kind: machine\n", "    kind: machine\n    environment: test\n"))
    assert "webshop" in build({"a.yaml": text}).consumers
    assert "webshop" in build({"a.yaml": text, TEST: "# nothing differs\n"}).consumers
    elsewhere = build({"a.yaml": text, "environments/production/a.yaml": "# nothing differs\n"})
    assert (elsewhere.consumers.keys(), elsewhere.subscriptions) == ({"till"}, {})
    assert [path for path, _ in elsewhere.secret_refs() if "webshop" in path] == []
    assert elsewhere.hash != build({"a.yaml": text}).hash


def test_a_directory_is_read_in_one_of_its_environments(tmp_path: Path) -> None:
    (tmp_path / "environments" / "test").mkdir(parents=True)
    (tmp_path / "environments" / "empty").mkdir()
    (tmp_path / "a.yaml").write_text(YAML)
    (tmp_path / TEST).write_text("connections: {erp: {database: test}}")
    assert environments(tmp_path) == ("empty", "test")
    assert read(tmp_path).connection("erp").database == "nordwind"
    assert read(tmp_path, "test").connection("erp").database == "test"
    with pytest.raises(Misconfigured, match="no environment 'tset'"):
        read(tmp_path, "tset")
    with pytest.raises(Misconfigured, match=r"no \*.yaml file in environments/empty"):
        read(tmp_path, "empty")


INLINE = [
    ("{env: WEBSHOP_SECRET}", "hunter2", "consumers.webshop.secret: a secret never stands here"),
    ("kind: machine", "password: hunter2\n    kind: machine", "consumers.webshop.password: a secret never stands here"),
    ("sells online", "see https://joe:hunter2@wiki.example", "this looks like a secret"),
    ("sells online", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmVk", "this looks like a secret"),
    ("sells online", "-----BEGIN RSA PRIVATE KEY-----", "this looks like a secret"),
    ("shops:\n", "# whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nshops:\n", "this looks like a secret"),
]


@pytest.mark.parametrize(("old", "new", "says"), INLINE, ids=[new[:20] for _, new, _ in INLINE])
def test_a_secret_written_inline_is_refused_with_its_line_and_not_repeated(old: str, new: str, says: str) -> None:
    text = spoiled((old, new))
    (told,) = problems(text)
    line = text[: text.index(new)].count("\n") + 1
    assert told.startswith(f"a.yaml:{line}: ")
    assert says in told
    assert "{vault: path}" in told
    assert "hunter2" not in told


def test_files_lead_to_secrets_only_where_secrets_may_lie(tmp_path: Path) -> None:
    landscape = tmp_path / "landscape"
    for folder in (landscape, tmp_path / "secrets", tmp_path / "private"):
        folder.mkdir()
        (folder / "key").write_text("abc")
    (tmp_path / "secrets" / "link").symlink_to(tmp_path / "private" / "key")
    (tmp_path / "secrets" / "loop").symlink_to("loop")
    for good in ("key", "../secrets/key"):
        assert reveal(SecretRef(file=good), landscape) == "abc"
    for bad in (
        "../private/key",
        str(tmp_path / "private" / "key"),
        "../secrets/link",
        "../secrets/loop",
        "/etc/passwd",
    ):
        with pytest.raises(Misconfigured, match="secrets"):
            reveal(SecretRef(file=bad), landscape)
    with pytest.raises(ValueError, match="no secret of the landscape"):
        SecretRef(env="TILLWAY_DATABASE_URL")


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return path


def test_a_vault_is_asked_by_reference_once(tmp_path: Path) -> None:
    vault = Vault(
        executable(tmp_path / "vault", f'read -r ref; echo "$ref" >> {tmp_path}/asked; echo "secret-of-$ref"')
    )
    ref = SecretRef(vault="retail/odoo#key")
    assert [reveal(ref, tmp_path, vault) for _ in range(2)] == ["secret-of-retail/odoo#key"] * 2
    assert (tmp_path / "asked").read_text() == "retail/odoo#key\n"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo hunter2 >&2; exit 3", "ended with 3"),
        ("exit 0", "missing or empty"),
        ("head -c 70000 /dev/zero", "wrote over"),
        (r"printf '\377'", "is no text"),
    ],
)
def test_a_vault_without_an_answer_is_told_by_its_reference(tmp_path: Path, script: str, says: str) -> None:
    vault = Vault(executable(tmp_path / "vault", script))
    with pytest.raises(Misconfigured, match=says) as caught:
        reveal(SecretRef(vault="a/b"), tmp_path, vault)
    assert "a/b" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_without_a_vault_nothing_is_found_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="there is none"):
        reveal(SecretRef(vault="a/b"), tmp_path)
    with pytest.raises(Misconfigured, match="cannot be run"):
        reveal(SecretRef(vault="a/b"), tmp_path, Vault(tmp_path / "absent"))
