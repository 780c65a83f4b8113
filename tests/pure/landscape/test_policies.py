"""Policies as part of a landscape: read, checked with their place, hashed and swapped with it."""

from __future__ import annotations

import pytest
from tests.pure.landscape.sample import YAML

from tillway.landscape import InvalidLandscape, build, read
from tillway.landscape.policies import BASE_PREFIX, compiled

NIGHT = """// Nobody orders at night.
@id("no-orders-at-night")
forbid (principal, action in Action::"orders:write", resource)
when { context.hour < 6 };
"""


def problems(policies: str, yaml: str = YAML) -> list[str]:
    with pytest.raises(InvalidLandscape) as caught:
        build({"all.yaml": yaml, "policies/own.cedar": policies})
    return [str(problem) for problem in caught.value.problems]


def test_a_landscape_without_policies_has_the_base_policies() -> None:
    policies = build({"all.yaml": YAML}).policy_set.policies
    assert policies
    assert all(each.id.startswith(BASE_PREFIX) and each.reason for each in policies)
    assert [each.id for each in policies if each.effect == "forbid"] == ["tillway.callers"]


def test_own_policies_stand_beside_the_base_policies_with_their_place() -> None:
    own = build({"all.yaml": YAML, "policies/own.cedar": NIGHT}).policy_set.policies[-1]
    assert (own.id, own.effect, own.reason, own.mark.file, own.mark.line) == (
        "no-orders-at-night",
        "forbid",
        "",
        "policies/own.cedar",
        2,
    )


def test_the_hash_counts_policies() -> None:
    plain, own = (build({"all.yaml": YAML, **more}).hash for more in ({}, {"policies/own.cedar": NIGHT}))
    assert plain != own
    assert own == build({"all.yaml": YAML, "policies/own.cedar": NIGHT}).hash


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        ('\n\n@id("x") permit (principal, action, resource) when { 1 + };', "own.cedar:3: not a Cedar policy"),
        ('@id("a") permit (principal, action, resource);\n\nnonsense', "own.cedar:3: not a Cedar policy"),
        ("permit (principal, action, resource);", "own.cedar:1: the policy has no usable @id"),
        ('@id("tillway.mine") permit (principal, action, resource);', "those of the base policies"),
        (NIGHT + NIGHT, "own.cedar:6: the id 'no-orders-at-night' is taken (first in policies/own.cedar:2"),
        ('@id("x") permit (principal == ?principal, action, resource);', "templates with ?slots are not linked"),
        (
            '@id("x") forbid (principal, action == Action::"getOder", resource);',
            'unrecognized action `Action::"getOder"`',
        ),
        ('@id("x") forbid (principal, action, resource) when { context.our < 6 };', "attribute `our`"),
        ('@id("x") forbid (principal, action, resource == Shop::"berln");', 'Shop::"berln" (did you mean berlin?)'),
        ('@id("x") forbid (principal == Device::"webshop", action, resource);', 'there is no Device::"webshop"'),
        (
            '@id("x") forbid (principal, action, resource == EventType::"order.acepted");',
            "did you mean order.accepted?",
        ),
        ('@id("x") forbid (principal, action, resource == DataClass::"private");', 'DataClass::"private"'),
    ],
)
def test_a_policy_that_means_nothing_is_told_with_its_place(policies: str, told: str) -> None:
    found = problems(policies)
    assert any(told in each for each in found), found
    assert all(each.startswith("policies/own.cedar:") and each.endswith(")") for each in found)


def test_semicolons_and_quotes_in_comments_and_texts_do_not_part_policies() -> None:
    text = '// a; b "c\n@id("x")\n@reason("d; e \\" // f")\nforbid (principal, action, resource)\nwhen { context.hour < 1 /* */ };\n'
    found = compiled({"policies/x.cedar": text.replace(" /* */", ' // ; "\n')})
    assert found.problems == ()
    assert found.policies is not None
    assert found.policies.policies[-1].reason == 'd; e " // f'


@pytest.mark.parametrize(
    ("condition", "looked_at"),
    [
        ('context.hour < 6 && context.network == "office"', {"hour", "network"}),
        ('principal.roles.contains("support")', set()),
        ("context has step_up", {"step_up"}),
        ("[context].contains(context)", {"hour", "weekday", "network", "step_up"}),
    ],
)
def test_it_is_known_which_circumstances_policies_look_at(condition: str, looked_at: set[str]) -> None:
    head = 'forbid (principal, action == Action::"touch", resource)'
    policies = compiled({"policies/x.cedar": f'@id("x") {head} when {{ {condition} }};'}).policies
    assert policies is not None
    assert policies.circumstances == looked_at


def test_policies_in_yaml_are_told_where_they_belong() -> None:
    with pytest.raises(InvalidLandscape, match=r"policies/<name>.cedar beside this one"):
        build({"all.yaml": YAML + "policies: {x: y}\n"})


def test_policies_are_read_from_their_directory(tmp_path) -> None:
    (tmp_path / "all.yaml").write_text(YAML)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "own.cedar").write_text(NIGHT)
    (tmp_path / "policies" / ".own.cedar.swp.cedar").write_text("nonsense")
    assert read(tmp_path).policies == {"policies/own.cedar": NIGHT}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("networks: {elsewhere: [10.0.0.0/8]}\n", "kept for addresses of no declared network"),
        ("networks: {stores: [10.0.0.0/8], office: [10.0.0.0/8]}\n", "10.0.0.0/8 stands under 'stores' too"),
    ],
)
def test_a_network_has_one_label_of_its_own(more: str, told: str) -> None:
    with pytest.raises(InvalidLandscape, match=told):
        build({"all.yaml": YAML + more})


@pytest.mark.parametrize(
    ("box", "told"),
    [
        ("valid_until: 2027-06-30 18:00:00", "a moment needs its zone"),
        ("valid_from: tomorrow", "valid_from"),
        ("valid_from: 2027-06-30, valid_until: 2027-06-01", "lies before valid_from"),
        ("data_classes: [secret]", "data_classes"),
    ],
)
def test_a_time_box_or_class_that_cannot_be_kept_is_told(box: str, told: str) -> None:
    fields = "".join(f"    {line}\n" for line in box.split(", "))
    with pytest.raises(InvalidLandscape, match=told):
        build({"all.yaml": YAML.replace("    purpose: sells online\n", "    purpose: sells online\n" + fields)})


def test_a_time_box_is_a_day_or_a_moment() -> None:
    fields = "    valid_from: 2027-06-30\n    valid_until: 2027-06-30T18:00:00+02:00\n"
    one = build({"all.yaml": YAML.replace("    purpose: sells online\n", "    purpose: sells online\n" + fields)})
    consumer = one.consumer("webshop")
    assert consumer.valid_from is not None
    assert consumer.valid_until is not None
    assert (consumer.valid_from.isoformat(), consumer.valid_until.isoformat()) == (
        "2027-06-30",
        "2027-06-30T18:00:00+02:00",
    )
