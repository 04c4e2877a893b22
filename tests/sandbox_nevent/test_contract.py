"""Who may call, what `published` leaves out, and how large an audience may be."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from nevent_sandbox.handle import tls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ASSUMED = [
    "/purchases",
    "/attendance",
    "/events",
    "/newsletters",
    "/newsletters/5dce4f020000000000000000/subscribers",
    "/users/deletions",
]
MILLION = """
import os, socket, sys, uvicorn
from nevent_sandbox.clock import Clock
from nevent_sandbox.nevent import build_nevent
sock = socket.socket()
sock.bind(("127.0.0.1", 0))
sock.listen()
app = build_nevent(clock=Clock(), fans=1_000_000)
print(sock.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning", date_header=False)).run([sock])
"""


@pytest.fixture(scope="module")
def published(serve: Callable[..., Any]) -> Iterator[Any]:
    """A tenant that has only what is published."""
    with serve(fans=60, contract="published") as nevent:
        yield nevent


def test_without_a_valid_token_nothing_is_told(audience: Any) -> None:
    """401 with the vendor's body; line-ups and capabilities are public."""
    for token in ("", "Bearer wrong", "Basic nevent-sandbox-token"):
        answer = audience.api.get("/users", headers={"Authorization": token})
        assert answer.status_code == 401
        assert answer.json() == {"message": "Token expired", "code": "UNAUTHORIZED", "status": 401}


def test_every_answer_carries_the_sandboxs_time(serve: Callable[..., Any]) -> None:
    """The Date header follows the clock that `advance` moves."""
    with serve(fans=5) as nevent:
        before = parsedate_to_datetime(nevent.api.get("/auth/me").headers["date"])
        nevent.advance(days=30, changes=0)
        after = parsedate_to_datetime(nevent.api.get("/nowhere").headers["date"])
    assert (after - before).days == 30


@pytest.mark.parametrize("path", ASSUMED)
def test_published_has_no_assumed_paths(published: Any, path: str) -> None:
    """404 with the vendor's body."""
    answer = published.api.get(path)
    assert answer.status_code == 404
    assert "message" in answer.json()


def test_published_ignores_assumed_parameters_and_leaves_assumed_fields_out(published: Any) -> None:
    """Fans have neither tags nor consent; `updatedFrom` changes nothing."""
    users = published.rows("/users", updatedFrom="2999-01-01", ids="none")
    assert len(users) == 60
    for user in users:
        assert not {"tags", "taxId", "thirdPartySharing"} & set(user)
        assert len(user["communicationPreferences"]) == 4
    purchases = [p for u in users for p in published.rows(f"/users/{u['id']}/purchases")]
    assert purchases
    assert not any({"updatedAt", "refundedAmount", "user", "event"} & set(p) for p in purchases)
    assert {len(t) for p in purchases for t in p["tickets"]} == {4}


def test_published_analytics_know_the_published_columns_only(published: Any) -> None:
    """Sums by state work; a column that was never shown gives 400."""
    total = {"field": "total_price", "operation": "sum", "alias": "total"}
    by_state = [{"field": "state"}]
    assert published.query(collection="purchases", dimensions=by_state, metrics=[total])
    body = {"collection": "purchases", "dimensions": [{"field": "user_id"}]}
    assert published.api.post("/analytics/query", json=body).status_code == 400


def test_an_empty_tenant_is_served(serve: Callable[..., Any]) -> None:
    """No fans: every list is empty, and time may pass."""
    with serve(fans=0) as nevent:
        for path in ("/users", "/purchases", "/attendance", "/users/deletions"):
            assert nevent.get(path)["totalElements"] == 0
        nevent.advance(days=1, changes=0)
        assert nevent.query(collection="purchases", metrics=[{"operation": "count"}]) == [
            {"count": 0}
        ]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_a_million_fans_are_served_at_once_in_little_memory() -> None:
    """Pages from the start, the middle and the end take less than two seconds of CPU each."""
    server = subprocess.Popen([sys.executable, "-c", MILLION], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        headers = {"Authorization": "Bearer nevent-sandbox-token"}
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(
            base_url=url, headers=headers, trust_env=False, timeout=30, verify=tls()
        ) as api:
            for path in ("/users", "/purchases", "/attendance"):
                moments: list[str] = []
                for page in (0, 400, 999):
                    query: dict[str, str | int] = {
                        "sort": "updatedAt,asc",
                        "size": 1000,
                        "page": page,
                    }
                    with server_cpu(server.pid, most=2):
                        answer = api.get(path, params=query)
                    assert answer.json()["totalElements"] >= 1_000_000
                    moments += [row["updatedAt"] for row in answer.json()["content"]]
                assert moments == sorted(moments)
            _is_found_by_email(api, server.pid)
        with Path(f"/proc/{server.pid}/status").open(encoding="ascii") as status:
            rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        assert rss < 200_000  # kB
    finally:
        server.terminate()
        server.wait(30)
        if server.stdout:
            server.stdout.close()


@contextmanager
def server_cpu(pid: int, *, most: float) -> Iterator[None]:
    """What a server may need until the block ends: CPU seconds, which no other process changes."""

    def spent() -> float:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    before = spent()
    yield
    assert spent() - before < most


def _is_found_by_email(api: httpx.Client, server: int) -> None:
    """Whoever is of the audience, or has just come, without a walk through it."""
    fans = api.get("/users", params={"page": 400, "size": 1000}).json()["content"]
    plain = [fan for fan in fans if (fan["email"] or "").islower() and "@@" not in fan["email"]]
    with server_cpu(server, most=1):
        for fan in plain[:20]:
            answer = api.get(f"/users/email/{fan['email']}")
            assert answer.json()["email"].lower() == fan["email"]
    with server_cpu(server, most=0.5):
        made = api.post("/users", json={"email": "nueva@nevent-demo.es"})
        assert api.get("/users/email/nueva@nevent-demo.es").json() == made.json()
        api.get("/users/email/nadie@nevent-demo.es")
