"""The `debug` of an error body: the kind of traceback that the real server gives away, for tests to look for."""

from __future__ import annotations

from typing import Final

from tillway.sandbox.refusals import Refusal

LEAKED_PATH: Final = "/opt/odoo-sandbox/src/odoo"
"""A directory that appears in every `debug` and nowhere else: whoever shows it has leaked a server's insides."""

_FRAMES: Final = (
    ("http.py", 2273, "_serve_db", "return service_model.retrying(serve_func, env=self.env)"),
    ("service/model.py", 184, "retrying", "result = func()"),
    ("http.py", 2328, "_serve_ir_http", "response = self.dispatcher.dispatch(rule.endpoint, args)"),
    ("addons/rpc/controllers/json2.py", 86, "web_json_2_rpc", "result = func(records, **kwargs)"),
)


def debug_text(refusal: Refusal) -> str:
    """A traceback that ends in this refusal."""
    frames = "".join(
        f'  File "{LEAKED_PATH}/{path}", line {line}, in {function}\n    {code}\n'
        for path, line, function, code in _FRAMES
    )
    name = refusal.name.removeprefix("builtins.")
    return f"Traceback (most recent call last):\n{frames}{name}: {refusal.message}\n"
