"""Bulk import jobs as resources: started, listed, read, with their errors and profiles."""

from __future__ import annotations

import array
from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.documents import collection, reference, resource, single, sparse
from nevent_sandbox.klaviyo.errors import not_found
from nevent_sandbox.klaviyo.imports import KEPT, queue
from nevent_sandbox.klaviyo.lists import lists_by_id
from nevent_sandbox.klaviyo.paging import Page, Selection, page
from nevent_sandbox.klaviyo.profiles import COLUMNS as OF_PROFILE
from nevent_sandbox.klaviyo.profiles import profile
from nevent_sandbox.klaviyo.query import Cursor

if TYPE_CHECKING:
    from nevent_sandbox.klaviyo.calls import Answer, Call
    from nevent_sandbox.klaviyo.errors import Document

KIND = "profile-bulk-import-job"
COLUMNS = "id, created, due, finished, seconds, total, failed, lists"
RELATIONSHIPS = ("lists", "profiles", "import-errors")
WORKING = 0.25  # the share of its time that a job is queued before it works


def status(created: float, due: float | None, finished: float | None, now: float) -> str:
    """Where a job is: queued, processing or complete. One that sticks is processing."""
    if finished is not None:
        return "complete"
    if due is None or now - created >= (due - created) * WORKING:
        return "processing"
    return "queued"


def attributes(columns: tuple[Any, ...], now: float, *, fresh: bool = False) -> Document:
    """A job's attributes of a row of `COLUMNS`.

    `fresh` is as the answer that starts a job tells it: queued, whatever has happened since.
    """
    _, created, due, finished, seconds, total, failed, _ = columns
    ended = None if fresh else finished
    where = "queued" if fresh else status(created, due, finished, now)
    started = None if where == "queued" else created + seconds * WORKING
    return {
        "status": where,
        "created_at": moments.told(created),
        "total_count": total,
        "completed_count": total - failed if ended is not None else 0,
        "failed_count": failed if ended is not None else 0,
        "completed_at": moments.told(ended),
        "expires_at": moments.told(created + KEPT),
        "started_at": moments.told(started),
    }


def start_job(call: Call) -> Answer:
    """Accept profiles for import."""
    number = queue(call)
    sql = f"SELECT {COLUMNS} FROM jobs WHERE n = ?"  # noqa: S608  # our own names
    row = call.account.store.reading().execute(sql, (number,)).fetchone()
    return single(call, _job(call, row, fresh=True), status=202)


def list_jobs(call: Call) -> Answer:
    """One page of jobs, the newest first unless sorted."""
    now = call.account.clock.time()
    wanted = {"queued", "processing", "complete"}
    for each in call.query.conditions:
        wanted &= set(each.value if isinstance(each.value, list) else [each.value])
    working = f"(due IS NULL OR ? - created >= (due - created) * {WORKING})"
    state = f"CASE WHEN finished IS NOT NULL THEN 'complete' WHEN {working} THEN 'processing' ELSE 'queued' END"  # noqa: E501  # one expression of SQL
    marks = ",".join("?" * len(wanted))
    selection = Selection(
        COLUMNS,
        "jobs",
        ["created > ?", f"{state} IN ({marks})"],
        [now - KEPT, now, *wanted],
        "created",
        "n",
        descending=(call.query.sort or "-").startswith("-"),
    )
    found = page(call.account.store.reading(), selection, call.query)
    return collection(call, [_job(call, row[2:]) for row in found.rows], found)


def get_job(call: Call) -> Answer:
    """One job by its id, until it expires."""
    row = _row(call, call.ids["job_id"], COLUMNS)
    included: list[Document] = []
    if "lists" in call.query.include:
        included = lists_by_id(call, call.account.store.reading(), msgspec.json.decode(row[7]))
    return single(call, _job(call, row), included)


def job_lists(call: Call) -> Answer:
    """The lists that a job adds its profiles to."""
    (asked,) = _row(call, call.ids["id"], "lists")
    lists = lists_by_id(call, call.account.store.reading(), msgspec.json.decode(asked))
    return collection(call, lists, Page([]))


def job_list_ids(call: Call) -> Answer:
    """The ids of those lists."""
    (asked,) = _row(call, call.ids["id"], "lists")
    references = [reference("list", each) for each in msgspec.json.decode(asked)]
    return collection(call, references, Page([]))


def job_errors(call: Call) -> Answer:
    """One page of the rows that a job failed to import."""
    (number,) = _row(call, call.ids["id"], "n")
    selection = Selection("id, error", "import_errors", ["job = ?"], [number], "n", "n")
    found = page(call.account.store.reading(), selection, call.query)
    return collection(call, [_error(call, *row[2:]) for row in found.rows], found)


def job_profiles(call: Call) -> Answer:
    """One page of the profiles that a job imported."""
    made, found = _imported(call, OF_PROFILE)
    return collection(call, [profile(call, row) for row in made], found)


def job_profile_ids(call: Call) -> Answer:
    """One page of their ids."""
    made, found = _imported(call, "p.id")
    return collection(call, [reference("profile", row[0]) for row in made], found)


def _job(call: Call, columns: tuple[Any, ...], *, fresh: bool = False) -> Document:
    told = attributes(columns, call.account.clock.time(), fresh=fresh)
    related = {"lists": [reference("list", each) for each in msgspec.json.decode(columns[7])]}
    return resource(call, KIND, columns[0], told, RELATIONSHIPS, related)


def _error(call: Call, identifier: str, error: bytes) -> Document:
    told = msgspec.json.decode(error)
    wanted = call.query.fields.get("import-error")
    shown = told if wanted is None else sparse(told, wanted)
    return {"type": "import-error", "id": identifier, "attributes": shown}


def _imported(call: Call, columns: str) -> tuple[list[tuple[Any, ...]], Page]:
    """Rows of a page of a job's profiles: those merged away since are missing."""
    (packed,) = _row(call, call.ids["id"], "profiles")
    numbers = array.array("q", packed or b"")
    first = call.query.cursor.n if call.query.cursor else 0
    if call.query.cursor and call.query.cursor.backwards:
        first = max(0, first - call.query.size)
    last = first + call.query.size
    db = call.account.store.reading()
    sql = f"SELECT {columns} FROM profiles p WHERE p.n = ?"  # noqa: S608  # our own names
    found = [db.execute(sql, (number,)).fetchone() for number in numbers[first:last]]
    following = Cursor(backwards=False, value=None, n=last) if last < len(numbers) else None
    preceding = Cursor(backwards=True, value=None, n=first) if first else None
    return [row for row in found if row], Page([], following, preceding)


def _row(call: Call, identifier: str, columns: str) -> tuple[Any, ...]:
    oldest = call.account.clock.time() - KEPT
    sql = f"SELECT {columns} FROM jobs WHERE id = ? AND created > ?"  # noqa: S608  # our own names
    row = call.account.store.reading().execute(sql, (identifier, oldest)).fetchone()
    if row is None:
        raise not_found(KIND, identifier)
    return tuple(row)


_JOBS = "/api/profile-bulk-import-jobs"
HANDLERS = {
    f"POST {_JOBS}": start_job,
    f"GET {_JOBS}": list_jobs,
    f"GET {_JOBS}/{{job_id}}": get_job,
    f"GET {_JOBS}/{{id}}/lists": job_lists,
    f"GET {_JOBS}/{{id}}/relationships/lists": job_list_ids,
    f"GET {_JOBS}/{{id}}/import-errors": job_errors,
    f"GET {_JOBS}/{{id}}/profiles": job_profiles,
    f"GET {_JOBS}/{{id}}/relationships/profiles": job_profile_ids,
}
