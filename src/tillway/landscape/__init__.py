"""The rules that nodes enforce: typed, frozen, checked; read from the YAML that people review."""

from __future__ import annotations

from tillway.landscape.active import Active, Listener
from tillway.landscape.base import SecretRef
from tillway.landscape.building import build, build_marked
from tillway.landscape.comparing import LandscapeChange, LandscapeComparison, compare_landscapes
from tillway.landscape.extending import InOdoo, OwnFieldEntry
from tillway.landscape.governing import (
    ApprovalRule,
    Board,
    ChangeKind,
    Defaults,
    Emergency,
    Freeze,
    Governance,
    Region,
    Reviews,
    Team,
    Verdict,
    Waiver,
)
from tillway.landscape.landscape import Landscape
from tillway.landscape.lifecycle import ApiVersion, Brownout, FieldDeprecation, Lifecycle
from tillway.landscape.machines import Issuer, Proof, PublicKeyRef, Transport
from tillway.landscape.model import (
    Api,
    Connection,
    Consumer,
    CustomerEntry,
    EventEntry,
    Organisation,
    Outbound,
    PriceListEntry,
    Shop,
    SubscriptionEntry,
    Till,
    Webhook,
)
from tillway.landscape.openslo import openslo
from tillway.landscape.own_documents import HEADERS_OF_OURS
from tillway.landscape.people import SignIn
from tillway.landscape.policies import BASE_PREFIX, Policy
from tillway.landscape.policy_cases import Case, Somebody, cases
from tillway.landscape.policy_checks import ELSEWHERE
from tillway.landscape.problem import InvalidLandscape, Mark, Marks, Problem, dotted, meant
from tillway.landscape.promising import Domain, Flow, MappingEntry, Mode, ProcessEntry, ServiceLevel, Upstream
from tillway.landscape.quotas import Quota
from tillway.landscape.reading import (
    Vault,
    belongs,
    environments,
    fingerprint,
    public_keys,
    read,
    read_cases,
    reveal,
    reveal_all,
    sources,
    texts,
)
from tillway.landscape.schema import json_schema
from tillway.landscape.shipped import base_landscape
from tillway.landscape.values import UnknownFields, loopback

__all__ = [
    "BASE_PREFIX",
    "ELSEWHERE",
    "HEADERS_OF_OURS",
    "Active",
    "Api",
    "ApiVersion",
    "ApprovalRule",
    "Board",
    "Brownout",
    "Case",
    "ChangeKind",
    "Connection",
    "Consumer",
    "CustomerEntry",
    "Defaults",
    "Domain",
    "Emergency",
    "EventEntry",
    "FieldDeprecation",
    "Flow",
    "Freeze",
    "Governance",
    "InOdoo",
    "InvalidLandscape",
    "Issuer",
    "Landscape",
    "LandscapeChange",
    "LandscapeComparison",
    "Lifecycle",
    "Listener",
    "MappingEntry",
    "Mark",
    "Marks",
    "Mode",
    "Organisation",
    "Outbound",
    "OwnFieldEntry",
    "Policy",
    "PriceListEntry",
    "Problem",
    "ProcessEntry",
    "Proof",
    "PublicKeyRef",
    "Quota",
    "Region",
    "Reviews",
    "SecretRef",
    "ServiceLevel",
    "Shop",
    "SignIn",
    "Somebody",
    "SubscriptionEntry",
    "Team",
    "Till",
    "Transport",
    "UnknownFields",
    "Upstream",
    "Vault",
    "Verdict",
    "Waiver",
    "Webhook",
    "base_landscape",
    "belongs",
    "build",
    "build_marked",
    "cases",
    "compare_landscapes",
    "dotted",
    "environments",
    "fingerprint",
    "json_schema",
    "loopback",
    "meant",
    "openslo",
    "public_keys",
    "read",
    "read_cases",
    "reveal",
    "reveal_all",
    "sources",
    "texts",
]
