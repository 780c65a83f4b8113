"""The rules that nodes enforce: typed, frozen, checked; read from the YAML that people review."""

from __future__ import annotations

from tillway.landscape.active import Active, Listener
from tillway.landscape.base import SecretRef
from tillway.landscape.building import build
from tillway.landscape.landscape import Landscape
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
from tillway.landscape.people import SignIn
from tillway.landscape.policies import BASE_PREFIX, Policy
from tillway.landscape.policy_cases import Case, Somebody, cases
from tillway.landscape.policy_checks import ELSEWHERE
from tillway.landscape.problem import InvalidLandscape, Mark, Problem
from tillway.landscape.quotas import Quota
from tillway.landscape.reading import fingerprint, public_keys, read, read_cases, reveal, reveal_all
from tillway.landscape.schema import json_schema
from tillway.landscape.values import loopback

__all__ = [
    "BASE_PREFIX",
    "ELSEWHERE",
    "Active",
    "Api",
    "Case",
    "Connection",
    "Consumer",
    "CustomerEntry",
    "EventEntry",
    "InvalidLandscape",
    "Issuer",
    "Landscape",
    "Listener",
    "Mark",
    "Organisation",
    "Outbound",
    "Policy",
    "PriceListEntry",
    "Problem",
    "Proof",
    "PublicKeyRef",
    "Quota",
    "SecretRef",
    "Shop",
    "SignIn",
    "Somebody",
    "SubscriptionEntry",
    "Till",
    "Transport",
    "Webhook",
    "build",
    "cases",
    "fingerprint",
    "json_schema",
    "loopback",
    "public_keys",
    "read",
    "read_cases",
    "reveal",
    "reveal_all",
]
