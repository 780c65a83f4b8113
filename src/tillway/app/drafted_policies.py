"""The policies of the demo's landscape, and their tests: an example to change. No drafted consumer has the role."""

from __future__ import annotations

from typing import Final

POLICIES: Final = """\
// Whoever has the role `support` (`roles: [support]` at a consumer) looks and changes nothing.

@id("support-only-looks")
@reason("support may look, and change nothing")
forbid (
  principal,
  action in [Action::"orders:write", Action::"pos:write", Action::"subscriptions:write", Action::"operations:write"],
  resource
)
when { principal.roles.contains("support") };

@id("support-reads-nothing-personal")
@reason("support sees neither people nor payments")
forbid (principal, action == Action::"read", resource)
when { principal.roles.contains("support") && resource.rank > 2 };
"""

TESTS: Final = """\
# Run by `tillway check`. A principal is a consumer's id, or somebody described by what policies know of them.
tests:
  - name: support may look at an order
    principal: {kind: machine, roles: [support], scopes: ["orders:read", "orders:write"]}
    action: getOrder
    expect: allow
  - name: support may not place one, whatever its scopes
    principal: {kind: machine, roles: [support], scopes: ["orders:read", "orders:write"]}
    action: placeOrder
    expect: deny
    by: [support-only-looks]
  - name: support reads nothing personal, whatever its entry lists
    principal: {kind: machine, roles: [support], data_classes: [personal]}
    action: read
    resource: personal
    expect: deny
    by: [support-reads-nothing-personal]
  - name: the web shop places orders
    principal: web-shop
    action: placeOrder
    expect: allow
    by: [tillway.scope]
  - name: the web shop knows its customers
    principal: web-shop
    action: read
    resource: personal
    expect: allow
  - name: the price desk is told of prices
    principal: price-desk
    action: receive
    resource: price.changed
    expect: allow
    by: [tillway.listed-events]
"""
