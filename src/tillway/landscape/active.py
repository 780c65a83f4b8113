"""The landscape in force: swapped whole, never changed in parts."""

from __future__ import annotations

from collections.abc import Callable

from tillway.landscape.landscape import Landscape

Listener = Callable[[Landscape], None]


class Active:
    """Holds the landscape in force of one process. For one asyncio loop: no locks, swaps are whole.

    A request takes `current` once and keeps it to its end.
    """

    def __init__(self, landscape: Landscape) -> None:
        self._current = landscape
        self._listeners: list[Listener] = []

    @property
    def current(self) -> Landscape:
        """The landscape in force now."""
        return self._current

    def swap(self, new: Landscape) -> bool:
        """Put another landscape in force, then tell every listener; False and silence if the content is the same.

        The swap stands even if listeners fail; their errors are raised together afterwards.
        """
        if new.hash == self._current.hash:
            return False
        self._current = new
        failures: list[Exception] = []
        for listener in tuple(self._listeners):
            try:
                listener(new)
            except Exception as error:  # noqa: BLE001 - one listener's failure must not keep the news from the others
                failures.append(error)
        if failures:
            raise ExceptionGroup("listeners failed after the landscape was swapped", failures)
        return True

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the new landscape after each swap; the answer ends the subscription."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe
