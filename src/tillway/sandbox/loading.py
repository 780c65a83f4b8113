"""`load`: rows of text become records, new ones under the external id they bring, known ones changed.

All or nothing, and never an error status: bad data answers 200 with `ids: false` and messages, and so does losing a
race for a new external id. Lines without an external id of their own are appended again by a retry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tillway.sandbox import changing, identifiers
from tillway.sandbox.cells import BadCell, cell
from tillway.sandbox.environment import Env
from tillway.sandbox.fields import Field, Model
from tillway.sandbox.methods import Call
from tillway.sandbox.refusals import CONSTRAINT_PREFIX, Refusal, missing_text, server_error, value_error

EXTERNAL: Final = "id"
DATABASE: Final = ".id"
Path = tuple[str, ...]
Cells = list[tuple[Path, str]]


def load(call: Call, fields: Sequence[str], data: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Create or change one record per row (further lines of it may follow in rows of their own)."""
    env, model = call.env, call.env.models[call.model]
    paths = [tuple(name.split("/")) for name in fields]
    for path in paths:
        _check_path(env, model, path)
    mark = env.transaction.mark()
    messages: list[dict[str, Any]] = []
    loaded: list[int] = []
    for number, (first, last, rows) in enumerate(_records(model, paths, data)):
        where = {"rows": {"from": first, "to": last}}
        before = env.transaction.mark()
        try:
            problems: list[BadCell] = []
            loaded.append(_upsert(env, model, rows, problems))
        except Refusal as refusal:
            env.transaction.rollback_to(before)
            messages += [problem.message(where, number) for problem in problems]
            messages.append(where | {"record": number, "type": "error"} | _words(model, refusal))
        else:
            messages += [problem.message(where, number) for problem in problems]
    if messages:
        env.transaction.rollback_to(mark)
        return {"ids": False, "messages": messages, "nextrow": 0}
    return {"ids": loaded, "messages": [], "nextrow": 0}


def _check_path(env: Env, model: Model, path: Path) -> None:
    for name in path:
        if name in {EXTERNAL, DATABASE}:
            return
        if name not in model.fields:
            raise value_error(f"Invalid field name {name!r}")
        model = env.models.get(model.fields[name].relation, model)


def _records(model: Model, paths: list[Path], data: Sequence[Sequence[Any]]) -> list[tuple[int, int, list[Cells]]]:
    """(first row, last row, cells by row) of every record; a row that only fills lines belongs to the one above."""
    own = [place for place, path in enumerate(paths) if not _is_line(model, path)]
    records: list[tuple[int, int, list[Cells]]] = []
    for number, row in enumerate(data):
        if len(row) < len(paths):
            raise server_error("builtins.IndexError", "list index out of range")
        cells = [(path, _text(value)) for path, value in zip(paths, row, strict=False)]
        if records and not any(cells[place][1] for place in own) and any(text for _, text in cells):
            first, _, rows = records[-1]
            records[-1] = (first, number, [*rows, cells])
        else:
            records.append((number, number, [cells]))
    return records


def _is_line(model: Model, path: Path) -> bool:
    each = model.fields.get(path[0])
    return each is not None and each.kind == "one2many"


def _text(value: Any) -> str:
    return "" if value is None or value is False else str(value)


def _upsert(env: Env, model: Model, rows: list[Cells], problems: list[BadCell]) -> int:
    """Create or change one record from its rows; cells that cannot be read are noted and left out."""
    external, database = _keys(rows[0])
    values: dict[str, Any] = {}
    lines: dict[str, list[Cells]] = {}
    for number, row in enumerate(rows):
        for path, text in row:
            each = model.fields.get(path[0])
            if path[0] in {EXTERNAL, DATABASE} or each is None:
                continue
            if each.kind == "one2many":
                below = lines.setdefault(each.name, [])
                if len(below) <= number:
                    below.append([])
                below[number].append((path[1:], text))
            elif number == 0:
                _read_cell(env, each, path[1:], text, values, problems)
    record = _known(env, model, external, database, problems)
    parsed = {name: [_line(env, model.fields[name], row, problems) for row in below] for name, below in lines.items()}
    for name, wanted in parsed.items():
        new = [[0, 0, line] for key, line in wanted if line is not None and not _line_of(env, key)]
        old = [[1, _line_of(env, key), line] for key, line in wanted if line is not None and _line_of(env, key)]
        values[name] = [*old, *new]
    if record:
        before = _lines_now(env, model, record, parsed)
        changing.write(env, model.name, [record], values)
    else:
        before = {name: [] for name in parsed}
        record = changing.create(env, model.name, values)
        if external:
            identifiers.assign(env, external, model.name, record)
    _name_lines(env, model, record, parsed, before)
    return record


def _keys(row: Cells) -> tuple[str, str]:
    cells = {path[0]: text for path, text in row if len(path) == 1}
    return cells.get(EXTERNAL, ""), cells.get(DATABASE, "")


def _known(env: Env, model: Model, external: str, database: str, problems: list[BadCell]) -> int:
    if database:
        if database.isdecimal() and env.exists(model.name, int(database)):
            return int(database)
        problems.append(BadCell(DATABASE, "", f"Unknown database identifier '{database}'"))
    found = identifiers.find(env, external) if external else None
    if found is None:
        return 0
    if found["model"] != model.name:
        raise value_refusal(
            f"For external id {external} when trying to create/update a record of model {model.name} "
            f"found record of different model {found['model']} ({found['id']})"
        )
    return int(found["res_id"])


def value_refusal(message: str) -> Refusal:
    """A refusal whose words go into the messages as they are."""
    return value_error(message)


def _read_cell(  # noqa: PLR0917 - one cell and everything it may change
    env: Env, each: Field, rest: Path, text: str, values: dict[str, Any], problems: list[BadCell], above: str = ""
) -> None:
    try:
        values[each.name] = cell(env, each, rest, text, above=above)
    except BadCell as problem:
        problems.append(problem)


def _line(env: Env, above: Field, row: Cells, problems: list[BadCell]) -> tuple[str, dict[str, Any] | None]:
    """External id and values of one line; no values when the row leaves all of it empty."""
    model = env.models[above.relation]
    external, _ = _keys(row)
    if not any(text for _, text in row):
        return "", None
    values: dict[str, Any] = {}
    noted: list[BadCell] = []
    for path, text in row:
        if path[0] not in {EXTERNAL, DATABASE}:
            _read_cell(env, model.fields[path[0]], path[1:], text, values, noted, above=above.label)
    problems += [problem.below(above) for problem in noted]
    return external, None if noted else values


def _line_of(env: Env, external: str) -> int:
    found = identifiers.find(env, external) if external else None
    return int(found["res_id"]) if found else 0


def _lines_now(env: Env, model: Model, record: int, names: Any) -> dict[str, list[int]]:
    return {name: env.search_by(model.fields[name].relation, model.fields[name].inverse, record) for name in names}


def _name_lines(
    env: Env,
    model: Model,
    record: int,
    parsed: dict[str, list[tuple[str, dict[str, Any] | None]]],
    before: dict[str, list[int]],
) -> None:
    """Give each line that was just made the external id of its row; they were made in the order of the rows."""
    for name, after in _lines_now(env, model, record, parsed).items():
        made = [line for line in after if line not in before[name]]
        fresh = [key for key, line in parsed[name] if line is not None and not _line_of(env, key)]
        for line, external in zip(made, fresh, strict=False):
            if external:
                identifiers.assign(env, external, model.fields[name].relation, line)


def _words(model: Model, refusal: Refusal) -> dict[str, Any]:
    if refusal.missing_field and refusal.missing_model == model.name:
        return {"message": refusal.message.removeprefix(CONSTRAINT_PREFIX), "field": refusal.missing_field}
    if refusal.missing_field:
        # A line's missing field is looked up in the wrong model; observed, and no use to anybody.
        each = model.fields.get(refusal.missing_field)
        label = each.label if each else refusal.missing_field
        return {"message": missing_text(label, refusal.missing_field, "Unknown")}
    return {"message": refusal.message.removeprefix(CONSTRAINT_PREFIX)}
