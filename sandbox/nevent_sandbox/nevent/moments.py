"""The moment at which something happens to a store."""

from nevent_sandbox.nevent.store import Store


class Moment:
    """One store at one moment: now, or a time that `at` was set to."""

    def __init__(self, store: Store, at: int | None = None) -> None:
        self.store = store
        self.at = store.now() if at is None else at
