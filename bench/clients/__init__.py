"""The measuring processes: `python -m bench.clients.NAME JSON`."""
