"""What tests turn on the Nevent side, and the limits of its forms."""

from msgspec import Struct

from nevent_sandbox.clock import Clock
from nevent_sandbox.klaviyo.limits import Window, window_scale
from nevent_sandbox.nevent.answers import TooManyError

HOUR, DAY = 3600.0, 86_400.0
PER_HOUR, PER_DAY = 100, 500


class Knobs(Struct, forbid_unknown_fields=True):
    """`double_opt_in` leaves who signs up PENDING; the limits are a newsletter's, 0 for none."""

    double_opt_in: bool = False
    subscribes_per_hour: int = 0
    subscribes_per_day: int = 0

    @classmethod
    def by(cls, limits: str) -> "Knobs":
        """The knobs as served: limits only where asked for."""
        on = window_scale(limits) > 0
        return cls(
            subscribes_per_hour=PER_HOUR if on else 0, subscribes_per_day=PER_DAY if on else 0
        )


class Forms:
    """Counts what each newsletter's form was sent."""

    def __init__(self, clock: Clock, limits: str) -> None:
        self._clock = clock
        self._scale = window_scale(limits) or 1.0
        self._windows: dict[tuple[int, float, int], Window] = {}

    def admit(self, newsletter: int, knobs: Knobs) -> None:
        """Count one sign-up.

        Raises:
            TooManyError: so many came within the hour, or the day.
        """
        now = self._clock.time()
        windows = [
            self._window(newsletter, most, seconds)
            for most, seconds in (
                (knobs.subscribes_per_hour, HOUR),
                (knobs.subscribes_per_day, DAY),
            )
            if most
        ]
        full = [window for window in windows if window.left(now) <= 0]
        if full:
            wait = max(window.reset(now) for window in full)
            raise TooManyError("Too many sign-ups to this newsletter", int(wait) + 1)
        for window in windows:
            window.count(now)

    def _window(self, newsletter: int, most: int, seconds: float) -> Window:
        key = (newsletter, seconds, most)
        if key not in self._windows:
            self._windows[key] = Window(most, seconds / self._scale)
        return self._windows[key]
