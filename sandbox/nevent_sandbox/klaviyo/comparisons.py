"""What a condition may compare with: the filters inside definitions of segments and flows."""

from __future__ import annotations

from nevent_sandbox.klaviyo.schema_parts import (
    FLAG,
    INTEGER,
    MOMENT,
    NUMBER,
    TEXT,
    TEXT_OR_NULL,
    Schema,
    either,
    several,
    whole,
    words,
)

NUMERIC_OPERATORS = (
    "equals greater-than greater-than-or-equal less-than less-than-or-equal not-equals"
)
UNITS = "day hour week"


def compared(kind: str, operators: str, **values: Schema) -> Schema:
    """A filter of one kind of value."""
    return whole(type=words(kind), operator=words(operators), **values)


STRING = compared(
    "string",
    "contains ends-with equals not-contains not-ends-with not-equals not-starts-with nregex regex "
    "starts-with",
    value=TEXT_OR_NULL,
)
STRING_EQUALS = compared("string", "equals", value=TEXT_OR_NULL)
STRING_IN = compared("string", "in", value=several(TEXT))
STRINGS = compared("string", "in not-in", value=several(TEXT))
PHONE_COUNTRIES = compared(
    "string", "phone-country-code-in phone-country-code-not-in", value=several(TEXT)
)
NUMERIC = compared("numeric", NUMERIC_OPERATORS, value=NUMBER)
WHOLE_NUMERIC = compared("numeric", NUMERIC_OPERATORS, value=INTEGER)
NUMERIC_RANGE = compared("numeric", "between", start=NUMBER, end=NUMBER)
BOOLEAN = compared("boolean", "equals", value=FLAG)
EXISTENCE = compared("existence", "is-set not-set")
IS_SET = compared("existence", "is-set")
LIST_CONTAINS = compared(
    "list", "contains not-contains", value={"type": ["integer", "string", "null"]}
)
LIST_SET = compared(
    "list",
    "contains-all contains-any not-contains-all not-contains-any",
    value=several(TEXT),
)
LIST_LENGTH = compared(
    "list",
    "length-equals length-greater-than length-greater-than-or-equal length-less-than "
    "length-less-than-or-equal",
    value=INTEGER,
)
LIST_SUBSTRING = compared("list", "contains-substring not-contains-substring", value=TEXT_OR_NULL)

STATIC_DATE = compared("date", "after before", date=MOMENT)
STATIC_DATES = compared("date", "between-static", start=MOMENT, end=MOMENT)
RELATIVE_DATE = compared(
    "date", "at-least in-the-last in-the-next", unit=words(UNITS), quantity=INTEGER
)
RELATIVE_DATES = compared("date", "between", start=INTEGER, end=INTEGER, unit=words(UNITS))
RELATIVE_ANNIVERSARY = compared(
    "date", "anniversary-last anniversary-next", unit=words(UNITS), quantity=INTEGER
)
IN_THE_LAST = compared("date", "in-the-last", unit=words(UNITS), quantity=INTEGER)
CALENDAR_MONTH = compared("date", "calendar-month", value=INTEGER)
ANNIVERSARY = compared("date", "anniversary anniversary-month")
ALL_TIME = compared("date", "alltime")
SINCE_FLOW_START = compared("date", "flow-start")

SPANS = (STATIC_DATE, STATIC_DATES, RELATIVE_DATE, RELATIVE_DATES)
DATES = (*SPANS, RELATIVE_ANNIVERSARY, CALENDAR_MONTH, ANNIVERSARY)
DATE = either(*DATES)
PROPERTY = either(
    STRING,
    STRINGS,
    PHONE_COUNTRIES,
    NUMERIC,
    BOOLEAN,
    *DATES,
    LIST_CONTAINS,
    LIST_LENGTH,
    EXISTENCE,
)
EVENT_PROPERTY = either(
    STRING, STRINGS, EXISTENCE, LIST_SET, LIST_LENGTH, LIST_SUBSTRING, BOOLEAN, NUMERIC
)
TRIGGER_PROPERTY = either(
    STRING,
    STRINGS,
    NUMERIC,
    NUMERIC_RANGE,
    BOOLEAN,
    *DATES,
    LIST_CONTAINS,
    LIST_LENGTH,
    EXISTENCE,
)
OBJECT_PROPERTY = either(
    STRING,
    STRINGS,
    NUMERIC,
    NUMERIC_RANGE,
    BOOLEAN,
    *SPANS,
    RELATIVE_ANNIVERSARY,
    LIST_CONTAINS,
    LIST_LENGTH,
    EXISTENCE,
)
