"""Stream maps as one function each, for what the SDK's evaluator does node by node and row by row.

Expressions of columns, constants, comparisons, `and`, `or`, `not`, `if`, `+` and the usual methods
of text become Python once; any other one is still given to the SDK (0.54). Whatever goes wrong in
the function is done again by the SDK, whose error counts.
"""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

from singer_sdk.mapper import CustomStreamMap, SameRecordTransform

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.mapper import StreamMap

Record = dict[str, Any]

# Names that the SDK puts over those of columns.
_TAKEN = {"_", "record", "config", "self", "fake", "__stream_name__", "__original_stream_name__"}
_METHODS = {"startswith", "endswith", "lower", "upper", "strip", "title"}
_NODES = (
    *(ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.IfExp, ast.Load, ast.List),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
    *(ast.In, ast.NotIn, ast.Is, ast.IsNot),
)
_CONSTANTS = (str, int, float, bool, type(None))
_REMOVED = (None, "__NULL__")


class _NotPlainError(Exception):
    """An expression holds something that only the SDK's evaluator knows."""


class _Compiler(ast.NodeTransformer):
    """Makes `record['name']` of each name, and lets nothing else through than what it knows.

    A name that is no column is missing in the record: then the SDK says what it is.
    """

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, (ast.Name, ast.Constant, ast.BinOp, ast.Call, ast.Compare)):
            return super().visit(node)
        if not isinstance(node, _NODES):
            raise _NotPlainError
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.expr:  # as ast calls it
        if node.id in _TAKEN:
            raise _NotPlainError
        return ast.Subscript(ast.Name("record", ast.Load()), ast.Constant(node.id), ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, _CONSTANTS):
            raise _NotPlainError
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        told = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
        identity = any(isinstance(each, (ast.Is, ast.IsNot)) for each in node.ops)
        if identity and told - {None, True, False}:  # whether two texts are one object may differ
            raise _NotPlainError
        self.generic_visit(node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        if not isinstance(node.op, ast.Add):
            raise _NotPlainError
        parts = [self.visit(node.left), self.visit(node.right)]
        return ast.Call(ast.Name("add", ast.Load()), parts, [])

    def visit_Call(self, node: ast.Call) -> ast.expr:
        method = node.func
        if not isinstance(method, ast.Attribute) or method.attr not in _METHODS or node.keywords:
            raise _NotPlainError
        of = ast.Attribute(self.visit(method.value), method.attr, ast.Load())
        return ast.Call(of, [self.visit(each) for each in node.args], [])


def transform_of(stream_map: StreamMap) -> Callable[[Record], Record | None]:
    """What `stream_map.transform` does, in a function that leaves the record it is given as it is.

    Raises (the function):
        Exception: what the SDK's own transform raises for the record.
    """
    if isinstance(stream_map, SameRecordTransform) and not stream_map.flattening_enabled:
        return dict
    slow = stream_map.transform
    fast = _compiled(stream_map)
    if fast is None:
        return lambda record: slow(record.copy())

    def transform(record: Record) -> Record | None:
        try:
            return fast(record) or None
        except Exception:  # noqa: BLE001  # whatever it is, the SDK says it in its own words
            return slow(record.copy())

    return transform


def _compiled(stream_map: StreamMap) -> Callable[[Record], Record] | None:
    """The function for a map; None where the SDK is not as it was, or a row is flattened."""
    if not isinstance(stream_map, CustomStreamMap) or stream_map.flattening_enabled:
        return None
    try:  # what the SDK parsed is in no other place; a test looks whether it still is there
        parsed = inspect.getclosurevars(stream_map._transform_fn).nonlocals  # noqa: SLF001  # see above
        steps, everything = parsed["stream_map_parsed"], parsed["include_by_default"]
        condition = inspect.getclosurevars(stream_map._filter_fn).nonlocals  # noqa: SLF001  # see above
        add = stream_map.expr_evaluator.operators[ast.Add]
        evaluate = stream_map._eval  # noqa: SLF001  # see above
    except (AttributeError, KeyError, TypeError):
        return None
    if not all(tree is None or isinstance(tree, ast.Expr) for *_, tree in steps):
        return None  # `a = b` or so, which the SDK refuses
    scope: dict[str, Any] = {"add": add, "evaluate": evaluate, "trees": []}

    def source(text: str, tree: ast.stmt, name: str | None) -> str:
        try:
            plain = ast.parse(ast.unparse(tree), mode="eval").body  # a copy: the SDK keeps its own
            return ast.unparse(_Compiler().visit(plain))
        except (_NotPlainError, SyntaxError, RecursionError):
            scope["trees"].append(tree)
            return f"evaluate({text!r}, trees[{len(scope['trees']) - 1}], record, {name!r})"

    lines = ["def transform(record):"]
    if condition:
        kept = source(condition["filter_rule"], condition["filter_rule_parsed"], None)
        lines.append(f"if not ({kept}): return None")
    if everything:
        lines.append("result = record.copy()")
    else:
        lines.append("result = {}")
        lines += [
            f"if {key!r} in record: result[{key!r}] = record[{key!r}]"
            for key in stream_map.transformed_key_properties or []
        ]
    for name, definition, tree in steps:
        if definition in _REMOVED:
            lines.append(f"result.pop({name!r}, None)")
        else:
            lines.append(f"result[{name!r}] = {source(definition, tree, name)}")
    lines.append("return result")
    if scope["trees"]:
        lines.insert(1, "record = record.copy()")  # an expression may change what it is given
    exec("\n    ".join(lines), scope)  # noqa: S102  # of names and nodes that were let through
    made: Callable[[Record], Record] = scope["transform"]
    return made
