"""The grammar of `filter=`: conditions joined by commas or `and(…)`, and their meaning in SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_sandbox.klaviyo.errors import bad_parameter
from nevent_sandbox.klaviyo.moments import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nevent_sandbox.klaviyo.operation import Operation

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>[(),\[\]])"""
    r"""|(?P<bare>[^(),\[\]"']+))"""
)
_SQL_OPS = {
    "equals": "=",
    "greater-than": ">",
    "greater-or-equal": ">=",
    "less-than": "<",
    "less-or-equal": "<=",
}
_GLOBS = {"contains": "*{}*", "starts-with": "{}*", "ends-with": "*{}"}
BOOLEANS = (True, False)
MOST_TOKENS = 2_000
AHEAD = ("greater-than", "greater-or-equal")


class Condition(NamedTuple):
    """One `op(field,value)`; `has(field)` has no value."""

    op: str
    field: str
    value: Any = None


class Column(NamedTuple):
    """Where SQL finds a field. A moment is compared in seconds."""

    sql: str
    moment: bool = False
    past: bool = False  # a `greater…` value in the future is refused
    scale: int = 1
    only: tuple[Any, ...] = ()  # the values it takes; none: any


def conditions(text: str, operation: Operation) -> list[Condition]:
    """The conditions of a filter, all of which must hold.

    Raises:
        ApiError: 400 for a broken filter, or a field or operator that the operation lacks.
    """
    found = read(text)
    for each in found:
        if each.op not in operation.filters.get(each.field, "").split():
            raise bad_parameter(
                "filter", f"'{each.op}' is not an allowed filter operator for '{each.field}'."
            )
        many = isinstance(each.value, list)
        if (each.op == "any" and not many) or (many and each.op not in {"any", "equals"}):
            raise bad_parameter("filter", f"'{each.op}' does not take this kind of value.")
    return found


def read(text: str) -> list[Condition]:
    """The conditions of a filter, whatever they are about.

    Raises:
        ApiError: 400, it is broken.
    """
    return _Reader(text).conditions()


def where(
    found: list[Condition], columns: Mapping[str, Column], now: float
) -> tuple[list[str], list[Any]]:
    """SQL conditions and their parameters.

    Raises:
        ApiError: 400 for a value of the wrong kind, or a time in the future where none may be.
    """
    clauses: list[str] = []
    values: list[Any] = []
    for each in found:
        column = columns[each.field]
        if each.op == "has":
            clauses.append(f"{column.sql} IS NOT NULL")
        elif isinstance(each.value, list):
            marks = ",".join("?" * len(each.value))
            clauses.append(f"{column.sql} IN ({marks})")
            values += [_comparable(each._replace(value=value), column, now) for value in each.value]
        elif each.value is None and each.op == "equals":
            clauses.append(f"{column.sql} IS NULL")
        else:
            op = "GLOB" if each.op in _GLOBS else _SQL_OPS[each.op]
            clauses.append(f"{column.sql} {op} ?")
            values.append(_comparable(each, column, now))
    return clauses, values


def _comparable(condition: Condition, column: Column, now: float) -> Any:
    # The type counts: in Python true is 1.
    if column.only and (type(condition.value), condition.value) not in [
        (type(each), each) for each in column.only
    ]:
        raise bad_parameter("filter", f"'{condition.field}' does not take this value.")
    if condition.op in _GLOBS:
        text = re.sub(r"([*?\[])", r"[\1]", str(condition.value))
        return _GLOBS[condition.op].format(text)
    if not column.moment:
        return condition.value
    try:
        value = condition.value
        seconds = float(value) if isinstance(value, int | float) else parsed(str(value))
    except (ValueError, OverflowError):
        raise bad_parameter(
            "filter", f"Invalid datetime for '{condition.field}': use ISO 8601."
        ) from None
    if column.past and condition.op in AHEAD and seconds > now:
        raise bad_parameter("filter", f"'{condition.field}' may not be in the future.")
    return seconds


class _Reader:
    """Recursive descent over the tokens of a filter."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position, text = 0, text.strip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise _broken()
            kind = str(match.lastgroup)
            self._tokens.append((kind, match[kind].strip() if kind == "bare" else match[kind]))
            position = match.end()
        self._next = 0

    def conditions(self) -> list[Condition]:
        if len(self._tokens) > MOST_TOKENS:
            raise _broken()
        found = self._several()
        if self._next < len(self._tokens):
            raise _broken()
        return found

    def _several(self) -> list[Condition]:
        found = self._one()
        while self._peek() == ",":
            self._take()
            found += self._one()
        return found

    def _one(self) -> list[Condition]:
        op = self._take("bare")
        self._mark("(")
        if op == "and":
            found = self._several()
        else:
            field = self._take()
            if field[:1] in {'"', "'"}:
                field = field[1:-1]
            value = None
            if self._peek() == ",":
                self._take()
                value = self._value()
            elif op != "has":
                raise _broken()
            found = [Condition(op, field, value)]
        self._mark(")")
        return found

    def _value(self) -> Any:
        if self._peek() == "[":
            self._take()
            values = [self._value()]
            while self._peek() == ",":
                self._take()
                values.append(self._value())
            self._mark("]")
            if any(isinstance(each, list) for each in values):
                raise _broken()
            return values
        kind, text = self._tokens[self._next] if self._next < len(self._tokens) else ("", "")
        self._next += 1
        if kind == "string":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind != "bare":
            raise _broken()
        return _scalar(text)

    def _peek(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def _take(self, kind: str | None = None) -> str:
        if self._next >= len(self._tokens):
            raise _broken()
        found, text = self._tokens[self._next]
        if kind is not None and found != kind:
            raise _broken()
        self._next += 1
        return text

    def _mark(self, mark: str) -> None:
        if self._take() != mark:
            raise _broken()


def _scalar(text: str) -> Any:
    words = {"true": True, "false": False, "null": None}
    if text in words:
        return words[text]
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        return float(text)
    return text


def _broken() -> Exception:
    return bad_parameter("filter", "Invalid filter provided.")
