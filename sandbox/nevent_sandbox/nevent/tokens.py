"""Who may call: the demo credentials, and the tokens that refreshing them issued."""

from starlette.requests import Request

from nevent_sandbox.credentials import NEVENT_REFRESH_TOKEN, NEVENT_TOKEN
from nevent_sandbox.nevent.answers import UnauthorizedError

_REFRESHING = {NEVENT_REFRESH_TOKEN}


class Tokens:
    """Valid access tokens; they expire only on demand."""

    def __init__(self) -> None:
        self._valid = {NEVENT_TOKEN}
        self._issued = 0

    def check(self, request: Request) -> None:
        """Let a bearer of a valid token pass.

        Raises:
            UnauthorizedError: no token, or one that is unknown or expired.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self._valid:
            raise UnauthorizedError("Token expired")

    def refresh(self, token: str | None) -> dict[str, str]:
        """A new pair for the refresh token; the refresh token stays the same.

        Raises:
            UnauthorizedError: it is not the refresh token.
        """
        if token not in _REFRESHING:
            raise UnauthorizedError("Invalid refresh token")
        self._issued += 1
        fresh = f"{NEVENT_TOKEN}-{self._issued}"
        self._valid.add(fresh)
        return {"access_token": fresh, "refresh_token": NEVENT_REFRESH_TOKEN}

    def expire(self) -> None:
        """Make every token issued so far answer 401 until refreshed."""
        self._valid.clear()

    def reset(self) -> None:
        """Back to the demo token."""
        self._valid = {NEVENT_TOKEN}
