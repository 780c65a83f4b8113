"""Requests made up from the documents themselves, good and bad, against the running hub (Schemathesis)."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from tests.contract.serving import served
from tests.contract.small_hub import SCOPES
from tests.pure.gateway.front_door import token

from tillway.contracts import load

# The back office of this hub is away: who needs its word for an answer says so, with 503.
AWAY = {"getGiftCardBalance", "redeemGiftCard", "validateCoupon", "useCoupon"}


def no_server_error(ctx, response, case):
    """No 5xx, but for a word of the back office that is needed and not to be had."""
    if response.status_code == 503 and case.operation.definition.raw["operationId"] in AWAY:
        return None
    return not_a_server_error(ctx, response, case)


# Good data may still be refused for what it means (an unknown SKU), so that a schema accepts it is not checked.
CHECKS = [
    no_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

SCHEMAS = {api: schemathesis.openapi.from_dict(dict(document.content)) for (api, _), document in load().apis.items()}
OPERATIONS = [
    pytest.param(api, found.ok(), id=found.ok().definition.raw["operationId"])
    for api, schema in SCHEMAS.items()
    for found in schema.get_all_operations()
]

# Examples of each kind for each operation; `make fuzz` asks for more.
EXAMPLES = 5


@pytest.fixture(scope="module")
def base_url(filled):
    with served(filled) as url:
        yield url


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("api", "operation"), OPERATIONS)
def test_whatever_is_asked_the_answer_keeps_the_contract(base_url, api, operation, mode):
    bearer = {"Authorization": f"Bearer {token('integrator', scopes=SCOPES)}"}

    @settings(
        max_examples=max(EXAMPLES, settings().max_examples // 100),
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        case.headers = {**(case.headers or {}), "X-Deadline-Ms": "1000"}
        case.call_and_validate(base_url=f"{base_url}/{api}/v1", headers=bearer, checks=CHECKS)

    ask()
