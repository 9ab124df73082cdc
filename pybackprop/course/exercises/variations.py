"""A right program with one thing changed: a sign, an operator, an axis, an index, a name.

What nobody has written down as a mistake is often one such change, at whatever place.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from inspect import getsource
from textwrap import dedent
from types import FunctionType
from typing import Any

Change = tuple[ast.expr, str, str]
"""What stands in place of an expression, the kind of change, and what to tell."""


@dataclass(frozen=True)
class Variation:
    """A program that differs from a right one in one place.

    Attributes
    ----------
    name : str
        The kind of change, such as "a sign".
    program : callable
    shown : str
        What stands at that place; never what would be right.
    told : str
        What is wrong with it.
    """

    name: str
    program: Callable[..., Any]
    shown: str
    told: str


@cache
def variations(right: Callable[..., Any]) -> tuple[Variation, ...]:
    """Return the variations of a function, the likely ones first; of a closure there are none.

    >>> from pybackprop.course.exercises import EXERCISES
    >>> one = variations(EXERCISES["03-sigmoid_prime"].solution)[1]
    >>> one.name, one.shown, one.told
    ('a sign', '1 + a', 'A sign in it is wrong.')
    """
    tree = source_of(right)
    if tree is None or not isinstance(right, FunctionType):
        return ()
    found = []
    parents = {
        part: (node, field)
        for node in ast.walk(tree)
        for field, value in ast.iter_fields(node)
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, ast.expr)
    }
    used = {node.id for node in parents if isinstance(node, ast.Name)}
    names = sorted(used & set(right.__code__.co_varnames))
    outside = held(tree)
    for node, (parent, field) in parents.items():
        for new, kind, told in () if node in outside else changes(node, names):
            before = getattr(parent, field)
            put(parent, field, node, new)
            scope = dict(right.__globals__)
            exec(compile(tree, "<variation>", "exec"), scope)  # this course's own text
            alone = isinstance(new, ast.Name | ast.Constant) and isinstance(parent, ast.expr)
            shown = ast.unparse(parent if alone and not isinstance(parent, ast.Lambda) else new)
            found.append(Variation(kind, scope["program"], shown, told))
            setattr(parent, field, before)
    return tuple(sorted(found, key=lambda one: KINDS.index(one.name)))


def source_of(right: Callable[..., Any]) -> ast.Module | None:
    """Return a function's source as a module that makes ``program``; None where there is none."""
    if not isinstance(right, FunctionType) or right.__closure__:
        return None
    try:
        if right.__name__ != "<lambda>":
            tree = ast.parse(dedent(getsource(right)))
            made = tree.body[0]
            if not isinstance(made, ast.FunctionDef):
                return None
            made.name = "program"
            return tree
        tree = ast.parse(getsource(sys.modules[right.__module__]))
    except (OSError, SyntaxError, KeyError, TypeError):  # typed in a session
        return None
    code = right.__code__
    arguments = code.co_varnames[: code.co_argcount]
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda)
        and node.lineno == code.co_firstlineno
        and tuple(one.arg for one in node.args.args) == arguments
    ]
    if len(found) != 1:
        return None
    named = ast.Assign([ast.Name("program", ast.Store())], found[0])
    return ast.fix_missing_locations(ast.Module([named], []))


def held(tree: ast.AST) -> set[ast.AST]:
    """Return the nodes that stay: conditions of loops, annotations, what is assigned."""
    fixed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.While):
            fixed |= set(ast.walk(node.test))
        if isinstance(node, ast.arguments):
            fixed |= set(ast.walk(node))
        if isinstance(node, ast.FunctionDef) and node.returns:
            fixed |= set(ast.walk(node.returns))
        if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None), ast.Store):
            fixed |= set(ast.walk(node))
        if isinstance(node, ast.Call):
            fixed |= set(ast.walk(node.func)) - {node.func}
    return fixed


def put(parent: ast.AST, field: str, old: ast.AST, new: ast.AST) -> None:
    """Put an expression in another's place. A list is made anew: the one that was there stays."""
    value = getattr(parent, field)
    if isinstance(value, list):
        setattr(parent, field, [new if part is old else part for part in value])
    else:
        setattr(parent, field, new)
    ast.copy_location(new, old)
    ast.fix_missing_locations(new)


SIGN, FACTOR, TERM = "a sign", "a factor", "a term"
PARENTHESES = "parentheses"
KINDS = (
    SIGN,
    PARENTHESES,
    FACTOR,
    TERM,
    "an operation",
    "a transpose",
    "an axis",
    "a function",
    "a power",
    "a comparison",
    "an order",
    "an index",
    "a name",
)
"""Kinds of changes, the likely ones first."""

OPERATIONS: list[tuple[type[ast.operator], type[ast.operator], str, str]] = [
    (ast.Add, ast.Sub, SIGN, "A sign in it is wrong."),
    (ast.Sub, ast.Add, SIGN, "A sign in it is wrong."),
    (ast.Mult, ast.Div, "an operation", "It divides where it should multiply."),
    (ast.Mult, ast.Add, "an operation", "It adds where it should multiply."),
    (ast.Add, ast.Mult, "an operation", "It multiplies where it should add."),
    (ast.Div, ast.Mult, "an operation", "It multiplies where it should divide."),
    (ast.MatMult, ast.Mult, "an operation", "It multiplies entry by entry where it should not."),
]
"""An operation, what may stand in its place, the kind of change, and what to tell."""


def changes(node: ast.expr, names: list[str]) -> Iterator[Change]:
    """Yield what may stand in place of an expression."""
    if isinstance(node, ast.BinOp):
        yield from changes_of_operation(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand, SIGN, "A sign in it is wrong."
        inner = node.operand
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add | ast.Sub):
            minus = ast.UnaryOp(ast.USub(), inner.left)
            told = "Parentheses are missing after the minus."
            yield ast.BinOp(minus, inner.op, inner.right), PARENTHESES, told
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        turned = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
        if type(node.ops[0]) in turned:
            op = turned[type(node.ops[0])]()
            new = ast.Compare(node.left, [op], node.comparators)
            yield new, "a comparison", "The comparison in it is turned around."
    elif isinstance(node, ast.Call):
        yield from changes_of_call(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value, "a transpose", "A transpose is missing in it."
    elif isinstance(node, ast.Subscript):
        steps: tuple[ast.operator, ...] = (ast.Add(), ast.Sub())
        for step in steps:
            if isinstance(node.slice, ast.Name | ast.BinOp):
                index = ast.BinOp(node.slice, step, ast.Constant(1))
                new_place = ast.Subscript(node.value, index, ast.Load())
                yield new_place, "an index", "One index in it is off by one."
    elif isinstance(node, ast.Name) and node.id in names:
        for other in names:
            if other != node.id:
                told = f"Is {other} the right quantity everywhere in it?"
                yield ast.Name(other, ast.Load()), "a name", told
        flipped = ast.Attribute(node, "T", ast.Load())
        yield flipped, "a transpose", "There is a transpose too many in it."


def changes_of_operation(node: ast.BinOp) -> Iterator[Change]:
    """Yield what may stand in place of a sum, difference, product, quotient or power."""
    left, op, right = node.left, node.op, node.right
    for before, after, kind, told in OPERATIONS:
        if type(op) is before:
            yield ast.BinOp(left, after(), right), kind, told
    tight, loose = ast.Mult | ast.Div | ast.MatMult | ast.Pow, ast.Add | ast.Sub
    missing = "Parentheses are missing in it."
    if isinstance(op, tight) and isinstance(left, ast.BinOp) and isinstance(left.op, loose):
        inside = ast.BinOp(left.right, op, right)
        yield ast.BinOp(left.left, left.op, inside), PARENTHESES, missing
    below = loose | ast.Mult | ast.Div if isinstance(op, ast.Div) else loose
    if isinstance(op, tight) and isinstance(right, ast.BinOp) and isinstance(right.op, below):
        inside = ast.BinOp(left, op, right.left)
        yield ast.BinOp(inside, right.op, right.right), PARENTHESES, missing
    if isinstance(op, ast.Add | ast.Sub):
        gone = left if isinstance(op, ast.Add) else ast.UnaryOp(ast.USub(), right)
        yield left, TERM, "A term is missing in it."
        yield (right if isinstance(op, ast.Add) else gone), TERM, "A term is missing in it."
    if isinstance(op, ast.Mult | ast.Div | ast.MatMult):
        missing = (
            "A division is missing in it."
            if isinstance(op, ast.Div)
            else ("A factor is missing in it.")
        )
        yield left, FACTOR, missing
        if not isinstance(op, ast.Div):
            yield right, FACTOR, missing
    if isinstance(op, ast.Pow):
        yield left, "a power", "A power is missing in it."
    if isinstance(op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
        told = "Two things in it have changed places."
        yield ast.BinOp(right, op, left), "an order", told


OTHERS = {"sum": "mean", "mean": "sum", "max": "min", "min": "max", "exp": "log", "zeros": "ones"}


def changes_of_call(node: ast.Call) -> Iterator[Change]:
    """Yield what may stand in place of a call: another function, none, another axis."""
    func, args, keywords = node.func, node.args, node.keywords
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if name in OTHERS:
        other = (
            ast.Attribute(func.value, OTHERS[name], ast.Load())
            if isinstance(func, ast.Attribute)
            else ast.Name(OTHERS[name], ast.Load())
        )
        yield ast.Call(other, args, keywords), "a function", f"Is {OTHERS[name]} right there?"
    if len(args) == 1 and not keywords and name in ("exp", "log", "sqrt", "abs", "max", "float"):
        yield args[0], "a function", f"The function {name} is missing in it."
    for keyword in keywords:
        rest = [one for one in keywords if one is not keyword]
        yield ast.Call(func, args, rest), "an axis", f"{keyword.arg} is missing in it."
        axis = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg == "axis" and isinstance(axis, int):
            swapped = ast.keyword("axis", ast.Constant(1 - axis))
            yield (
                ast.Call(func, args, [*rest, swapped]),
                "an axis",
                "The axis in it is the other one.",
            )
