"""What the OpenSLO v1 specification asks of a document of the kind SLO, as a JSON Schema of ours.

Stricter than the specification where it leaves a choice that we do not use: one rolling window, occurrences, an
indicator written out. A member that the specification does not know is refused.
"""

from __future__ import annotations

from typing import Any

NAME = {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"}
LABEL = {"type": "string", "pattern": "^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"}
DURATION = {"type": "string", "pattern": "^[1-9][0-9]*[mhdwMQY]$"}
TEXT = {"type": "string", "minLength": 1}


def exactly(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with these members and no other."""
    members = {**required, **optional}
    return {"type": "object", "required": list(required), "properties": members, "additionalProperties": False}


LABELS = {"type": "object", "additionalProperties": LABEL}
ANNOTATIONS = {"type": "object", "propertyNames": {"pattern": "^([a-z0-9.-]{1,253}/)?[A-Za-z0-9._-]{1,63}$"}}
METADATA = exactly({"name": NAME}, displayName=TEXT, labels=LABELS, annotations=ANNOTATIONS)
SOURCE = exactly({"metricSource": exactly({"type": TEXT, "spec": {"type": "object", "minProperties": 1}})})
RATIO = exactly({"counter": {"type": "boolean"}, "good": SOURCE, "total": SOURCE})
INDICATOR = exactly({"metadata": METADATA, "spec": exactly({"ratioMetric": RATIO})})
TARGET = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
SLO: dict[str, Any] = exactly(
    {
        "apiVersion": {"const": "openslo/v1"},
        "kind": {"const": "SLO"},
        "metadata": METADATA,
        "spec": exactly(
            {
                "service": NAME,
                "indicator": INDICATOR,
                "timeWindow": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 1,
                    "items": exactly({"duration": DURATION, "isRolling": {"const": True}}),
                },
                "budgetingMethod": {"const": "Occurrences"},
                "objectives": {"type": "array", "minItems": 1, "items": exactly({"target": TARGET}, displayName=TEXT)},
            },
            description={"type": "string", "minLength": 1, "maxLength": 1050},
        ),
    }
)
