"""House rules on operations: names, scopes, criticality, repeating, and what the gateway reads of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tillway.governance.rules.contract import Contract, Operation
from tillway.governance.rules.rule import Found, Path, Subject, contract_rule, rule
from tillway.landscape import meant

# Every verb that an operationId begins with; a word that is missing here is added on review.
VERBS: Final = frozenset(
    re.findall(
        r"[a-z]+",
        """accept act activate add adjust amend apply approve assign attach authorise authorize begin block book build
    calculate cancel capture change check clear close collect compare complete confirm convert copy count
    create credit decline deactivate delete deliver describe detach disable discard dispatch download earn enable enrol
    enroll erase estimate evaluate exchange execute expire explain export fetch find finish follow get grant
    handle hold import initiate install invite invoice invoke issue link list load lock log look lookup mark match merge
    modify move notice notify offboard onboard open pack patch pause pay pick place post preview print process
    promise propose publish put quote read readmit receive recalculate reconcile record redeem refresh refund
    register reject release reload remove rename renew replace replay reply report request require reserve
    reset resolve resubmit resume retry return reveal reverse review revoke rollback rotate run save schedule
    score search select send set settle ship show sign simulate skip split start stop store submit subscribe
    suggest suspend sync synchronise test trace transfer trigger unblock unlink unlock unsubscribe update
    upload use validate verify void vote withdraw write""",
    )
)
EXTENSIONS: Final = frozenset(
    f"x-tillway-{name}"
    for name in (
        "body-limit",
        "criticality",
        "disclosed",
        "fact",
        "idempotency",
        "public",
        "scope",
        "step-up",
    )
)
_CAMEL: Final = re.compile(r"[a-z]+([A-Z][a-z0-9]+)+\Z")
_SCOPE: Final = re.compile(r"(?P<api>[a-z][a-z0-9-]*):(?P<verb>read|write)\Z")
_CRITICALITIES: Final = ("critical", "high", "normal", "low")


@contract_rule(
    "operation-id",
    "error",
    sentence="An operationId is a verb and a noun in camelCase, e.g. placeOrder.",
    why="Handlers, policies, audit and generated clients all call the operation by it.",
    remedy="begin with a verb: getAccount, redeemPoints",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {operationId: accounts_list}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {operationId: listAccounts}}}}}",
)
def operation_id(contract: Contract, _: Subject) -> Iterator[Found]:
    """Operations have speaking names."""
    for operation in contract.operations:
        name = operation.node.get("operationId", "")
        here = (*operation.path, "operationId")
        if not _CAMEL.match(name):
            yield Found(here, f"{name!r} is not a verb and a noun in camelCase" if name else "it has none")
        elif re.split(r"[A-Z]", name)[0] not in VERBS:
            yield Found(here, f"{name!r} does not begin with a verb")


@rule(
    "operation-id-taken",
    "error",
    sentence="No two operations have the same operationId, over all interfaces of one version.",
    why="Policies and tests name an operation by its id alone: with two of them one is decided by the other's rules.",
    remedy="rename the newer one",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {post: {operationId: placeOrder}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {post: {operationId: createAccount}}}}}",
)
def operation_id_taken(subject: Subject) -> Iterator[Found]:
    """Ids are unique; a later major may use those of the one before."""
    own = {(each.api, each.version) for each in subject.contracts}
    seen: dict[str, Operation] = {}
    ordered = sorted(subject.promised.items(), key=lambda each: each[0] in own)
    for key, contract in ordered:
        for operation in contract.operations:
            name = operation.node.get("operationId")
            first = seen.setdefault(name, operation) if name else operation
            other = first.contract.api != contract.api or first.contract.version == contract.version
            if first is not operation and other and key in own:
                text = f"{name!r} is an operation of {first.contract.api}/v{first.contract.version}"
                yield Found((*contract.path, *operation.path, "operationId"), text)


@contract_rule(
    "scope-stated",
    "error",
    sentence="Every operation states the scope it asks for, <api>:read or <api>:write, and is secured by it.",
    why="Without a scope everybody with a token may call it; with another in `security` clients ask for the wrong one.",
    remedy="add x-tillway-scope and `security` with the same scope; read for what changes nothing",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {security: []}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {security: [{oauth2: ['miles:read']}]}}}}}",
)
def scope_stated(contract: Contract, _: Subject) -> Iterator[Found]:
    """Scopes fit interface, method and security."""
    schemes = contract.content.get("components", {}).get("securitySchemes", {})
    for operation in contract.operations:
        found = _SCOPE.match(operation.scope)
        here: Path = (*operation.path, "x-tillway-scope")
        if found is None or found["api"] != contract.api:
            yield Found(here, f"{operation.scope!r} is not {contract.api}:read or {contract.api}:write")
        elif operation.method in {"get", "head"} and found["verb"] == "write":
            yield Found(here, f"{operation.method.upper()} changes nothing, so it asks for {contract.api}:read")
        elif operation.method in {"put", "patch", "delete"} and found["verb"] == "read":
            yield Found(here, f"{operation.method.upper()} changes something, so it asks for {contract.api}:write")
        elif not operation.public:
            yield from _secured(operation, contract, schemes)


def _secured(operation: Operation, contract: Contract, schemes: Mapping[str, Any]) -> Iterator[Found]:
    given = operation.node.get("security", contract.content.get("security", ()))
    named = {name for each in given for name in each}
    for name in sorted(named - schemes.keys()):
        yield Found((*operation.path, "security"), f"the security scheme {name!r} is not declared")
    if not any(operation.scope in scopes for each in given for scopes in each.values()):
        yield Found(operation.path, f"{operation.id} is not secured by {operation.scope}")


@contract_rule(
    "criticality-stated",
    "error",
    sentence="Every operation states its criticality.",
    why="It decides what is shed first when the door is full.",
    remedy="add x-tillway-criticality: critical, high, normal or low",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {x-tillway-criticality: urgent}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {x-tillway-criticality: normal}}}}}",
)
def criticality_stated(contract: Contract, _: Subject) -> Iterator[Found]:
    """Criticality is one of four."""
    for operation in contract.operations:
        given = operation.node.get("x-tillway-criticality")
        if given not in _CRITICALITIES:
            yield Found((*operation.path, "x-tillway-criticality"), f"{given!r} is none")


@rule(
    "criticality-above-api",
    "error",
    sentence="An interface is at least as critical as its operations.",
    why="Owner, on-call, service level and approval go by the interface: a critical operation would have none of them.",
    remedy="raise the criticality of the interface, or lower that of the operation",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {x-tillway-criticality: critical}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {x-tillway-criticality: normal}}}}}",
)
def criticality_above_api(subject: Subject) -> Iterator[Found]:
    """Landscape and documents agree."""
    for (name, version), contract in subject.promised.items():
        api = subject.landscape.apis.get(name)
        if api is None:
            continue
        above = _CRITICALITIES[: _CRITICALITIES.index(api.criticality)]
        found = [each for each in contract.operations if each.node.get("x-tillway-criticality") in above]
        if found:
            given = found[0].node["x-tillway-criticality"]
            text = f"it is {api.criticality}, and {found[0].id} of v{version} is {given}"
            yield Found(("apis", name, "criticality"), text)


@contract_rule(
    "idempotency-missing",
    "error",
    sentence="Every operation that may change something twice takes an Idempotency-Key.",
    why="Clients repeat what was not answered; without a key the repeat is a second order.",
    remedy="take the header Idempotency-Key, or make it a PUT on the asker's id",
    breaks="contracts: {miles.v1.yaml: {components: {parameters: {IdempotencyKey: {name: X-Request}}}}}",
    keeps="contracts: {miles.v1.yaml: {components: {parameters: {IdempotencyKey: {name: Idempotency-Key}}}}}",
)
def idempotency_missing(contract: Contract, _: Subject) -> Iterator[Found]:
    """POST and PATCH can be repeated; PUT and DELETE can by their meaning, facts by their id."""
    for operation in contract.operations:
        if operation.method not in {"post", "patch"} or operation.reads or operation.node.get("x-tillway-fact"):
            continue
        if "idempotency-key" not in {str(each.value.get("name")).lower() for each in operation.parameters}:
            yield Found(operation.path, f"{operation.id} done twice has its effect twice")


@contract_rule(
    "extension-unknown",
    "error",
    sentence="Words that begin with x-tillway- are ones that Tillway reads.",
    why="A misspelled one is silently without effect: the operation looks protected and is not.",
    remedy="correct the word",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {x-tillway-stepup: true}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {x-tillway-step-up: true}}}}}",
)
def extension_unknown(contract: Contract, _: Subject) -> Iterator[Found]:
    """Extensions are read by somebody."""
    waiting: list[tuple[Path, Any]] = [((), contract.content)]
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, list):
            waiting += [((*path, index), inside) for index, inside in enumerate(node)]
        elif isinstance(node, Mapping):
            for key, inside in node.items():
                if str(key).startswith("x-tillway-") and key not in EXTENSIONS:
                    yield Found((*path, key), f"nothing reads {key}", meant(key, EXTENSIONS))
                waiting.append(((*path, key), inside))


@contract_rule(
    "read-with-body",
    "error",
    sentence="GET and HEAD take no body.",
    why="Proxies drop it and caches ignore it, so the same request is answered differently on different ways.",
    remedy="use query parameters, or a POST that reads",
    breaks="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {requestBody: {content: {text/plain: {}}}}}}}}",
    keeps="contracts: {miles.v1.yaml: {paths: {/accounts: {get: {requestBody: null}}}}}",
)
def read_with_body(contract: Contract, _: Subject) -> Iterator[Found]:
    """Reading needs no body."""
    for operation in contract.operations:
        if operation.method in {"get", "head"} and operation.body is not None:
            yield Found((*operation.path, "requestBody"), f"{operation.id} takes a body")


RULES: Final = (
    operation_id,
    operation_id_taken,
    scope_stated,
    criticality_stated,
    criticality_above_api,
    idempotency_missing,
    extension_unknown,
    read_with_body,
)
