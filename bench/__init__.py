"""Benchmarks: one module a question. `python -m bench NAME...` runs some, `python -m bench` all.

Each prints JSON lines `{"bench", "ours", "yardstick", "ratio", "unit", "note"}`. Ours and the yardstick are measured in
the same run, alternating, as medians of at least three rounds, on one durable cluster, by clients in processes of
their own. Nothing here asserts a time.
"""
