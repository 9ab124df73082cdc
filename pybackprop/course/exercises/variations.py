"""A right program with one thing changed: a sign, an operator, an axis, an index, a name.

What nobody has written down as a mistake is often one such change, at one place or at all places
alike; or it is a number on the way, given for the last one.
"""

import ast
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from inspect import getsource
from itertools import permutations
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
    >>> one = variations(EXERCISES["03-sigmoid_prime"].solution)[2]
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
    free = [node for node in parents if node not in held(tree)]
    tries = [[(node, change)] for node in free for change in changes(node, names, parents[node][0])]
    tries += everywhere(free, names)
    for places in tries:
        before = []
        for node, (new, _, _) in places:
            parent, field = parents[node]
            before.append((parent, field, getattr(parent, field)))
            put(parent, field, node, new)
        node, (new, kind, told) = places[0]
        parent = parents[node][0]
        alone = isinstance(new, ast.Name | ast.Constant) and isinstance(parent, ast.expr)
        shown = ast.unparse(parent if alone and not isinstance(parent, ast.Lambda) else new)
        with suppress(SyntaxError):  # of a star where none may stand
            found.append(Variation(kind, compiled(tree, right), shown, told))
        for parent, field, value in reversed(before):
            setattr(parent, field, value)
    found += on_the_way(tree, right)
    return tuple(sorted(found, key=lambda one: KINDS.index(one.name)))


def compiled(tree: ast.Module, right: FunctionType) -> Callable[..., Any]:
    """Return the program that a tree makes, in the names of the right one."""
    scope = dict(right.__globals__)
    with warnings.catch_warnings(action="ignore"):  # of [a][b], which no right program has
        exec(compile(tree, "<variation>", "exec"), scope)  # this course's own text
    program: Callable[..., Any] = scope["program"]
    return program


def everywhere(free: list[ast.expr], names: list[str]) -> Iterator[list[tuple[ast.expr, Change]]]:
    """Yield changes that are made at several places alike.

    A quantity is taken for another, two are exchanged, one is 1 minus itself, twice or half; the
    exponents have the wrong sign.
    """
    uses = {
        name: [node for node in free if isinstance(node, ast.Name) and node.id == name]
        for name in names
    }
    for name, other in permutations(names, 2):
        if len(uses[name]) > 1:
            told = f"Is {other} the right quantity there, each time?"
            yield [(node, (ast.Name(other, ast.Load()), NAME, told)) for node in uses[name]]
        if name < other and uses[name] and uses[other]:
            told = f"{name} and {other} have changed places."
            yield [
                (node, (ast.Name(new, ast.Load()), ORDERED, told))
                for old, new in ((name, other), (other, name))
                for node in uses[old]
            ]
    one, two = ast.Constant(1), ast.Constant(2)
    for name, nodes in uses.items():
        x = ast.Name(name, ast.Load())
        for new, told in [
            (ast.BinOp(one, ast.Sub(), x), f"It has 1 minus {name} in the place of {name}."),
            (ast.BinOp(two, ast.Mult(), x), f"It has {name} twice as large."),
            (ast.BinOp(x, ast.Div(), two), f"It has half of {name}."),
        ]:
            if nodes:
                yield [(node, (new, FACTOR, told)) for node in nodes]
    powers = [node for node in free if isinstance(node, ast.Call) and name_of(node) == "exp"]
    if len(powers) > 1:
        told = "The sign of each exponent is wrong."
        yield [
            (node, (ast.Call(node.func, [negative(node.args[0])], []), SIGN, told))
            for node in powers
        ]


def on_the_way(tree: ast.Module, right: FunctionType) -> Iterator[Variation]:
    """Yield the programs that return a number on the way of a formula, or one step too far."""
    made = tree.body[0]
    if not isinstance(made, ast.Assign) or not isinstance(made.value, ast.Lambda):
        return
    formula, whole = made.value, made.value.body
    for part in list(ast.walk(whole))[1:]:
        if isinstance(part, ast.BinOp | ast.Call):
            formula.body = part
            told = "It is a number on the way, not yet the last one."
            yield Variation(STEP, compiled(tree, right), ast.unparse(part), told)
    for name in right.__code__.co_varnames:
        x = ast.Name(name, ast.Load())
        for op, told in [(ast.Mult(), "multiplied"), (ast.Div(), "divided")]:
            formula.body = ast.fix_missing_locations(
                ast.copy_location(ast.BinOp(whole, op, x), whole)
            )
            told = f"It is {told} by {name} once too often."
            yield Variation(FACTOR, compiled(tree, right), ast.unparse(formula.body), told)
    formula.body = whole


def name_of(call: ast.Call) -> str:
    """Return the name of the function that is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def negative(node: ast.expr) -> ast.expr:
    """Return minus an expression."""
    return ast.UnaryOp(ast.USub(), node)


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


SIGN, FACTOR, TERM, POWER = "a sign", "a factor", "a term", "a power"
NAME, ORDERED, STEP, PARENTHESES = "a name", "an order", "a step on the way", "parentheses"
KINDS = (
    SIGN,
    PARENTHESES,
    FACTOR,
    TERM,
    "an operation",
    "a transpose",
    "an axis",
    "a function",
    POWER,
    "a comparison",
    ORDERED,
    "an index",
    NAME,
    STEP,
)
"""Kinds of changes, the likely ones first."""

OPERATIONS: list[tuple[type[ast.operator], type[ast.operator], str, str]] = [
    (ast.Add, ast.Sub, SIGN, "A sign in it is wrong."),
    (ast.Sub, ast.Add, SIGN, "A sign in it is wrong."),
    (ast.Mult, ast.Div, "an operation", "It divides where it should multiply."),
    (ast.Mult, ast.Add, "an operation", "It adds where it should multiply."),
    (ast.Pow, ast.Mult, "an operation", "It multiplies where a power is meant."),
    (ast.Add, ast.Mult, "an operation", "It multiplies where it should add."),
    (ast.Div, ast.Mult, "an operation", "It multiplies where it should divide."),
    (ast.MatMult, ast.Mult, "an operation", "It multiplies entry by entry where it should not."),
]
"""An operation, what may stand in its place, the kind of change, and what to tell."""


def changes(node: ast.expr, names: list[str], parent: ast.AST) -> Iterator[Change]:
    """Yield what may stand in place of an expression."""
    if isinstance(parent, ast.BinOp | ast.Call) and isinstance(node, ast.Name | ast.BinOp):
        yield from changes_inside(node, parent)
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


def changes_inside(node: ast.expr, parent: ast.BinOp | ast.Call) -> Iterator[Change]:
    """Yield what a part of an operation, or an argument of a function, may be changed to."""
    one, two = ast.Constant(1), ast.Constant(2)
    tight = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div)
    if isinstance(node, ast.Name) and (tight or isinstance(parent, ast.Call)):
        yield negative(node), SIGN, "A sign in it is wrong."
        yield ast.BinOp(node, ast.Pow(), two), POWER, "A power in it is too many."
    if not tight:
        for new in (ast.BinOp(two, ast.Mult(), node), ast.BinOp(node, ast.Div(), two)):
            yield new, FACTOR, "A factor in it is wrong: a plain number."
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and node is parent.right:
        for step in (ast.Add(), ast.Sub()):
            yield ast.BinOp(node, step, one), "an index", "The power is off by one."


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
        yield ast.BinOp(right, op, left), ORDERED, told


OTHERS = {"sum": "mean", "mean": "sum", "max": "min", "min": "max", "exp": "log", "zeros": "ones"}


def changes_of_call(node: ast.Call) -> Iterator[Change]:
    """Yield what may stand in place of a call: another function, none, another axis."""
    func, args, keywords = node.func, node.args, node.keywords
    name = name_of(node)
    if name in OTHERS:
        other = (
            ast.Attribute(func.value, OTHERS[name], ast.Load())
            if isinstance(func, ast.Attribute)
            else ast.Name(OTHERS[name], ast.Load())
        )
        yield ast.Call(other, args, keywords), "a function", f"Is {OTHERS[name]} right there?"
    if len(args) == 1 and not keywords and name not in ("len", "range", "zip", "list", "reversed"):
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
