"""The comparison operators of queries and segments."""

import operator
from collections.abc import Callable
from typing import Any

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "in": lambda found, wanted: found in wanted,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def compare(name: str, found: Any, wanted: Any) -> bool:
    """Whether a value satisfies an operator; null satisfies none but an equal null.

    Raises:
        ValueError: the operator is not known, or the two cannot be compared.
    """
    test = OPERATORS.get(name)
    if test is None:
        raise ValueError(f"Unknown operator: {name}")
    if found is None:
        return name == "eq" and wanted is None
    try:
        return test(found, wanted)
    except TypeError as error:
        raise ValueError(f"Value does not fit operator {name}") from error
