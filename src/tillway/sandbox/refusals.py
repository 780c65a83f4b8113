"""What the server says no with: each refusal carries the status and the exception path that Odoo 19 answers.

The names are part of the promise: a client tells a permanent refusal from a passing one by `name`, because the status
alone is ambiguous (404 is an unknown model, an unknown database or a missing record; 500 is often the caller's fault).
"""

from __future__ import annotations

from collections.abc import Iterable

USER_ERROR = "odoo.exceptions.UserError"
VALIDATION_ERROR = "odoo.exceptions.ValidationError"
CONSTRAINT_PREFIX = "The operation cannot be completed: "
CONCURRENT_UPDATE = "could not serialize access due to concurrent update\n"
"""Postgres' own words when two transactions wrote the same row; Odoo passes them on."""


class Refusal(Exception):
    """A call that was not done. `name` is the exception path that the client sees, `status` the HTTP status."""

    missing_field: str = ""
    """The field whose required value is missing, where that is the reason."""
    missing_model: str = ""

    def __init__(self, name: str, status: int, message: str, *, arguments: tuple[object, ...] | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.status = status
        self.message = message
        self.arguments = (message,) if arguments is None else arguments


class SerializationFailure(Refusal):
    """Another transaction committed a change of the same record first; the server tries again by itself."""

    def __init__(self) -> None:
        super().__init__("psycopg2.errors.SerializationFailure", 500, CONCURRENT_UPDATE)


def user_error(message: str) -> Refusal:
    """The state of the records does not allow it."""
    return Refusal(USER_ERROR, 422, message)


def validation_error(message: str) -> Refusal:
    """A value or a constraint does not allow it."""
    return Refusal(VALIDATION_ERROR, 422, message)


def constraint(message: str) -> Refusal:
    """A constraint of the database does not allow it."""
    return validation_error(CONSTRAINT_PREFIX + message)


def missing_text(field_label: str, field_name: str, model: str) -> str:
    """The words for a required field that is empty; `model` as `'Label' (name)`."""
    return (
        f"Missing required value for the field '{field_label}' ({field_name}).\n"
        f"Model: {model}\n"
        "- create/update: a mandatory field is not set\n"
        "- delete: another model requires the record being deleted, you can archive it instead\n"
    )


def missing_value(field_label: str, field_name: str, model_label: str, model_name: str) -> Refusal:
    """A required field is empty."""
    refusal = constraint(missing_text(field_label, field_name, f"'{model_label}' ({model_name})"))
    refusal.missing_field, refusal.missing_model = field_name, model_name
    return refusal


def foreign_key(model_label: str, model_name: str, field_label: str, field_name: str) -> Refusal:
    """A reference to no record. The words speak of deleting even when a record was created: that is what Odoo says."""
    return constraint(
        "Another model is using the record you are trying to delete.\n\n"
        f"The troublemaker is: '{model_label}' ({model_name})\n"
        f"Thanks to the following constraint: '{field_label}' ({field_name})\n"
        "How about archiving the record instead?"
    )


def missing_record(model: str, ids: Iterable[int], user: int) -> Refusal:
    """The record was deleted or never was."""
    records = ", ".join(str(each) for each in ids)
    return Refusal(
        "odoo.exceptions.MissingError",
        404,
        f"Record does not exist or has been deleted.\n(Record: {model}({records},), User: {user})",
    )


def access_error(message: str) -> Refusal:
    """The user may not."""
    return Refusal("odoo.exceptions.AccessError", 403, message)


def server_error(kind: str, message: str) -> Refusal:
    """A Python exception nobody caught: often the caller's fault, always status 500."""
    return Refusal(kind, 500, message)


def value_error(message: str) -> Refusal:
    """Unknown field, operator or value."""
    return server_error("builtins.ValueError", message)


def bad_id_text(value: str, statement: str) -> str:
    """The database's words for text where an id belongs."""
    line = f"LINE 1: ...{statement}"
    return f'invalid input syntax for type integer: "{value}"\n{line}\n{" " * len(line)}^\n'


def key_error(key: str) -> Refusal:
    """A key that the code counted on is missing; the message is the bare key."""
    return server_error("builtins.KeyError", key)


def http_error(kind: str, status: int, message: str) -> Refusal:
    """A refusal of the HTTP layer; its second argument is the status."""
    return Refusal(f"werkzeug.exceptions.{kind}", status, message, arguments=(message, status))


def not_found(message: str) -> Refusal:
    """No such model, method or page."""
    return http_error("NotFound", 404, message)


def unprocessable(message: str) -> Refusal:
    """The arguments do not fit the method."""
    return http_error("UnprocessableEntity", 422, message)


def unauthorized(message: str) -> Refusal:
    """No key, or one that opens nothing."""
    return http_error("Unauthorized", 401, message)


def bad_request(message: str) -> Refusal:
    """The body is not JSON."""
    return http_error("BadRequest", 400, message)
