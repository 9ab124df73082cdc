"""One change that makes a reader's own program right: where it is, and of which kind.

That is the surest diagnosis of all: with just this place changed, the program gives what was asked
on every input. The place is told, never what belongs there.
"""

import ast
import builtins
import copy
import re
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from io import StringIO
from itertools import combinations
from types import FunctionType
from typing import Any

from .variations import name_of, negative, put, source_of

Change = tuple[ast.AST, ast.AST, str, str]
"""A node, what may stand in its place, the kind of change, and what to tell of it."""

Lines = dict[ast.AST, ast.AST]
"""A node that may change -> the statement in which it stands."""

PROGRAMS = 5000
"""At most so many changed programs are tried."""

ROUNDS = 50_000
"""At most so many rounds do all their loops make together, so that the search ends."""

SECONDS = 10.0
"""The search is given up after these; of a plain program it ends long before."""

SAFE = {
    "abs", "bool", "dict", "enumerate", "float", "int", "len", "list", "map", "max", "min", "pow",
    "print", "range", "reversed", "round", "set", "sorted", "sum", "tuple", "zip",
}  # fmt: skip
"""Built-in functions that a program may call and still be run many times."""

REFUSED = (
    ast.Import,
    ast.ImportFrom,
    ast.Global,
    ast.Nonlocal,
    ast.With,
    ast.Try,
    ast.ClassDef,
    ast.AsyncFunctionDef,
    ast.Yield,
    ast.YieldFrom,
)


@dataclass(frozen=True)
class Repair:
    """A place in a reader's program: the kind of change that mends it, and what to tell."""

    name: str
    shown: str
    told: str


class Spent(Exception):
    """All rounds are used up."""


def repair(
    answer: Callable[..., Any], accepts: Callable[[Callable[..., Any]], bool]
) -> Repair | None:
    """Return the change that makes a reader's program right; None if there is none.

    Parameters
    ----------
    answer : callable
        A reader's function. Of one whose text is not there, or that does more than compute, there
        are no repairs.
    accepts : callable
        Whether a program does what was asked.
    """
    tree = source_of(answer)
    if tree is None or not isinstance(answer, FunctionType) or not computes(tree):
        return None
    left, end = ROUNDS, time.monotonic() + SECONDS

    def round_of_a_loop() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Spent

    places = parents_of(tree)
    tries = list(in_order(tree))[:PROGRAMS]
    count_rounds(tree)
    scope = answer.__globals__ | {"round_of_a_loop": round_of_a_loop}
    with redirect_stdout(StringIO()), suppress(Spent):
        for changed in tries:
            if time.monotonic() > end:
                return None
            program = made(tree, places, changed, scope)
            if program and accepts(program):
                return told_of(changed, places)
    return None


def computes(tree: ast.Module) -> bool:
    """Whether a program only computes, so that it may be run many times."""
    nodes = list(ast.walk(tree))
    if any(isinstance(node, REFUSED) for node in nodes):
        return False
    called = {n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    return not any(hasattr(builtins, name) and name not in SAFE for name in called)


def count_rounds(tree: ast.AST) -> None:
    """Make each round of each loop call ``round_of_a_loop``."""
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.For | ast.While):
            call = ast.Call(ast.Name("round_of_a_loop", ast.Load()), [], [])
            node.body.insert(0, ast.Expr(call))
    ast.fix_missing_locations(tree)


def parents_of(tree: ast.AST) -> dict[ast.AST, tuple[ast.AST, str]]:
    """Return for each node its parent, and the field in which it stands."""
    return {
        part: (node, name)
        for node in ast.walk(tree)
        for name, value in ast.iter_fields(node)
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, ast.AST)
    }


def made(
    tree: ast.Module,
    places: dict[ast.AST, tuple[ast.AST, str]],
    changed: list[Change],
    scope: dict[str, Any],
) -> Callable[..., Any] | None:
    """Return the program with some nodes changed; the tree stays as it is."""
    before: list[tuple[ast.AST, str, Any]] = []
    instead: dict[ast.AST, ast.AST] = {}
    try:
        for old, new, *_ in changed:
            parent, name = places[old]
            parent = instead.get(parent, parent)  # where it stands in what is changed as well
            instead[old] = new
            before.append((parent, name, getattr(parent, name)))
            put(parent, name, old, new)
        names = dict(scope)
        exec(compile(tree, "<repair>", "exec"), names)
        program: Callable[..., Any] = names["program"]
        return program
    except Exception:  # noqa: BLE001, not every change makes a program
        return None
    finally:
        for parent, name, value in reversed(before):
            setattr(parent, name, value)


AROUND = (ast.expr, ast.Assign, ast.AugAssign, ast.Return)


def told_of(changed: list[Change], places: dict[ast.AST, tuple[ast.AST, str]]) -> Repair:
    """Return what to tell: the changed part, with what stands around it where it is short."""
    old, _, kind, told = changed[0]
    shown = old
    while len(ast.unparse(shown)) < 12 and isinstance(places[shown][0], AROUND):
        shown = places[shown][0]
    alike = len(changed) > 1 and (kind != ORDERED or told == PLACES)
    times = f" The same at {len(changed)} places." * alike
    return Repair(kind, ast.unparse(shown), told + times)


def in_order(tree: ast.Module) -> Iterator[list[Change]]:
    """Yield the changes to try, the likely ones first, each with the nodes that change together.

    What stands there is changed before anything is put in, and the last lines before the first.
    """
    line_of: Lines = {}
    for line in reversed(list(ast.walk(tree))):
        if isinstance(line, ast.stmt) and not isinstance(line, ast.FunctionDef):
            free = free_in(line)
            line_of |= {node: line for node in nodes_of(line) if node in free}
    names = list(dict.fromkeys(names_made(tree)))
    there = [(node, *new) for node in line_of for new in replacements(node, names)]
    there.sort(key=lambda change: KINDS.index(change[2]))
    missing = [(node, *new) for node in line_of for new in insertions(node, names)]
    missing.sort(key=lambda change: KINDS.index(change[2]))
    yield from ([change] for change in there)
    yield from exchanged_names(line_of, names)
    yield from together(there, line_of)
    yield from ([change] for change in missing)
    yield from together(missing, line_of)


def names_made(tree: ast.AST) -> Iterator[str]:
    """Yield the names of arguments, and those that a program gives a value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "program":
            yield node.id


def nodes_of(line: ast.stmt) -> Iterator[ast.AST]:
    """Yield a statement and what it is made of, the outer nodes first, without other statements."""
    yield line
    waiting = [part for part in ast.iter_child_nodes(line) if not isinstance(part, ast.stmt)]
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def free_in(line: ast.AST) -> set[ast.AST]:
    """Return the nodes of a line that may change."""
    stays: set[ast.AST] = set()
    receivers: set[ast.AST] = set()  # what a method is called of, as a @ b in (a @ b).sum()
    for node in ast.walk(line):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if called_of_a_module(node.func):
                stays |= set(ast.walk(node.func))
            else:
                receivers.add(node.func.value)
        if isinstance(node, ast.Call):
            stays.add(node.func)
        if isinstance(node, ast.Attribute) and node.attr != "T":
            stays.add(node.value)
        if isinstance(node, ast.keyword):
            stays |= set(ast.walk(node.value))
        if isinstance(node, ast.Slice) and node.step:
            stays |= set(ast.walk(node.step))
        if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
            stays.add(node)
            if isinstance(node, ast.Subscript):
                stays |= set(ast.walk(node.value))
    nodes = (node for node in ast.walk(line) if isinstance(node, ast.stmt | ast.expr))
    return {node for node in nodes if node not in stays or node in receivers}


def called_of_a_module(func: ast.Attribute) -> bool:
    """Whether a function is called as np.exp is, or np.add.at."""
    while isinstance(func.value, ast.Attribute):
        func = func.value
    return isinstance(func.value, ast.Name) and func.value.id in ("np", "numpy", "math")


def together(every: list[Change], line_of: Lines) -> Iterator[list[Change]]:
    """Yield equal changes of several nodes: of two, of all in a line, of all in the program."""
    groups: dict[Any, list[Change]] = {}
    for change in every:
        old, new, kind, told = change
        key = (told, ast.dump(old), ast.dump(new))
        if told == MANY and isinstance(old, ast.BinOp) and new is old.left:
            key = (told, type(old.op).__name__, ast.dump(old.right))
        elif kind == OPERATION:
            key = (told, "", "")
        elif kind in (PARENTHESES, ORDERED):
            key = (told, form(old), form(new))
        elif kind == AXIS and isinstance(new, ast.Call) and new.keywords:
            key = (told, "", "".join(map(ast.dump, new.keywords)))
        elif kind in (SIGN, FACTOR, POWER):
            continue
        groups.setdefault((line_of[old], *key), []).append(change)
        groups.setdefault((None, *key), []).append(change)
    for key, group in groups.items():
        if key[0] and 2 < len(group) < 7:
            yield from (list(pair) for pair in combinations(group, 2))
        if len(group) > 1 and (key[0] or len({line_of[one[0]] for one in group}) > 1):
            yield group


def form(node: ast.AST) -> str:
    """Return what an expression looks like, whatever its names are."""
    return re.sub(r"id='\w+'", "", ast.dump(node))


def exchanged_names(line_of: Lines, names: list[str]) -> Iterator[list[Change]]:
    """Yield two names of a line that have changed places."""
    uses: dict[tuple[ast.AST, str], list[ast.Name]] = {}
    for node, line in line_of.items():
        if isinstance(node, ast.Name):
            uses.setdefault((line, node.id), []).append(node)
    for line, one in list(uses):
        for other in names:
            if one < other and (line, other) in uses:
                told = f"{one} and {other} have changed places."
                yield [
                    (node, ast.Name(new, ast.Load()), ORDERED, told)
                    for old, new in ((one, other), (other, one))
                    for node in uses[line, old]
                ]


SIGN, FACTOR, TERM, FUNCTION = "a sign", "a factor", "a term", "a function"
NAME, AXIS, INDEX, TRANSPOSE = "a name", "an axis", "an index", "a transpose"
OPERATION, POWER, ORDERED, PARENTHESES = "an operation", "a power", "an order", "parentheses"
COMPARISON, NUMBER, UPDATE = "a comparison", "a number", "an update"
KINDS = [
    SIGN, FACTOR, TERM, PARENTHESES, OPERATION, COMPARISON, ORDERED, FUNCTION, UPDATE, INDEX,
    TRANSPOSE, AXIS, NAME, POWER, NUMBER,
]  # fmt: skip
"""Kinds of changes, the likely ones first."""

PLACED = "Its parentheses are not where they should be."
PLACES = "Two things in it have changed places."
MANY = "Something in it is too many."


Told = tuple[Any, str, str]


def of_statement(node: ast.stmt) -> Iterator[Told]:
    """Yield what may stand in place of an assignment."""
    if isinstance(node, ast.AugAssign):
        turned = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
        if turned:
            yield ast.AugAssign(node.target, turned(), node.value), SIGN, "A sign in it is wrong."
        yield ast.Assign([node.target], node.value), UPDATE, "It adds up what it should replace."
        if isinstance(node.target, ast.Subscript) and isinstance(node.op, ast.Add):
            whole, part = node.target.value, node.target.slice
            add = ast.Attribute(
                ast.Attribute(ast.Name("np", ast.Load()), "add", ast.Load()), "at", ast.Load()
            )
            args = [copy.deepcopy(whole), copy.deepcopy(part), node.value]
            told = "An index that comes several times should count every time."
            yield ast.Expr(ast.Call(add, args, [])), UPDATE, told
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Subscript | ast.Name):
            told = "It overwrites what it should add to."
            yield ast.AugAssign(target, ast.Add(), node.value), UPDATE, told
            if isinstance(target, ast.Subscript):
                yield from of_statement(ast.AugAssign(target, ast.Add(), node.value))


OPERATIONS: list[tuple[type[ast.operator], type[ast.operator], str, str]] = [
    (ast.Add, ast.Sub, SIGN, "A sign in it is wrong."),
    (ast.Sub, ast.Add, SIGN, "A sign in it is wrong."),
    (ast.Div, ast.Mult, OPERATION, "It divides where it should multiply."),
    (ast.Add, ast.Mult, OPERATION, "It adds where it should multiply."),
    (ast.Mult, ast.Add, OPERATION, "It multiplies where it should add."),
    (ast.Mult, ast.Div, OPERATION, "It multiplies where it should divide."),
    (ast.Mult, ast.MatMult, OPERATION, "It multiplies entry by entry where it should not."),
    (ast.Mult, ast.Pow, OPERATION, "It multiplies where a power is meant."),
]


def replacements(node: ast.AST, names: list[str]) -> Iterator[Told]:
    """Yield what may stand in place of a node: one thing in it is another one, or is gone."""
    if isinstance(node, ast.stmt):
        yield from of_statement(node)
    if isinstance(node, ast.BinOp):
        yield from of_operation(node)
        yield from of_slope(node)
    if isinstance(node, ast.UnaryOp):
        yield from of_sign(node)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in COMPARISONS.get(type(node.ops[0]), ()):
            told = "Is its comparison the right one?"
            yield ast.Compare(node.left, [other()], node.comparators), COMPARISON, told
    if isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body), COMPARISON, TURNED
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        for swapped in exchanged(node.elts):
            yield ast.Tuple(swapped, ast.Load()), ORDERED, PLACES
    if isinstance(node, ast.Call):
        yield from of_call(node)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value, TRANSPOSE, "There is a transpose too many in it."
    if isinstance(node, ast.Attribute) and node.attr == "size":
        length = ast.Call(ast.Name("len", ast.Load()), [node.value], [])
        yield length, INDEX, "Is that the number that is meant?"
    if isinstance(node, ast.Subscript):
        yield from of_subscript(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        c = float(node.value) if isinstance(node.value, float) else int(node.value)
        for number in dict.fromkeys([c + 1, c - 1, 2 * c, c / 2, -c, 0, 1, 2]):
            if number != c:
                yield ast.Constant(number), NUMBER, f"Is {c} the right number in it?"
    if isinstance(node, ast.Name):
        for name in names:
            if name != node.id:
                yield ast.Name(name, ast.Load()), NAME, f"Is {node.id} the right quantity there?"


def exchanged(parts: list[ast.expr]) -> Iterator[list[ast.expr]]:
    """Yield a list with two of its parts exchanged."""
    for one, other in combinations(range(len(parts)), 2):
        new = list(parts)
        new[one], new[other] = parts[other], parts[one]
        yield new


COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
TURNED = "A condition in it is turned round."


def of_sign(node: ast.UnaryOp) -> Iterator[Told]:
    """Yield what may stand in place of minus something, or of not something."""
    if isinstance(node.op, ast.Not):
        yield node.operand, COMPARISON, TURNED
    if isinstance(node.op, ast.USub):
        yield node.operand, SIGN, "Its sign is wrong."
        if isinstance(node.operand, ast.BinOp):
            inner = node.operand
            yield ast.BinOp(negative(inner.left), inner.op, inner.right), PARENTHESES, PLACED


def of_operation(node: ast.BinOp) -> Iterator[Told]:
    """Yield what may stand in place of a sum, product, quotient or power."""
    left, op, right = node.left, node.op, node.right
    for before, after, kind, told in OPERATIONS:
        if type(op) is before:
            yield ast.BinOp(left, after(), right), kind, told
    kind = TERM if isinstance(op, ast.Add | ast.Sub) else FACTOR
    if isinstance(op, ast.Pow):
        kind = POWER
    yield left, kind, MANY
    if isinstance(op, ast.Add | ast.Mult | ast.MatMult):
        yield right, kind, MANY
    if isinstance(op, ast.Sub):
        yield negative(right), kind, MANY
    yield ast.BinOp(right, op, left), ORDERED, PLACES
    yield from of_parentheses(node)
    if isinstance(op, ast.Pow) and isinstance(left, ast.Call):  # sum(x) ** 2, sum(x ** 2)
        for part in left.args[:1] or [left.func]:
            inside = part.value if isinstance(part, ast.Attribute) and not left.args else part
            power = ast.BinOp(inside, op, right)
            func = (
                left.func
                if left.args
                else ast.Attribute(power, getattr(left.func, "attr", ""), ast.Load())
            )
            yield ast.Call(func, [power] * bool(left.args), left.keywords), ORDERED, PLACES
    # a * b @ c may be meant as a @ c * b
    first, spine = left, []
    loose = isinstance(op, ast.Add | ast.Sub)
    kind, told = (PARENTHESES, PLACED) if loose else (ORDERED, PLACES)
    while isinstance(first, ast.BinOp):
        spine.append(first)
        first = first.left
        moved: ast.expr = ast.BinOp(first, op, right)
        for outer in reversed(spine):
            moved = ast.BinOp(moved, outer.op, outer.right)
        yield moved, kind, told


def of_parentheses(node: ast.BinOp) -> Iterator[Told]:
    """Yield an operation with its parentheses put in every other way.

    a * 1 - a may be meant as a * (1 - a), a - b * c as (a - b) * c.
    """
    operands, operators = in_a_row(node)
    if len(operators) <= LONGEST:
        for other in put_in_every_way(operands, operators):
            if not same(other, node):
                yield other, PARENTHESES, PLACED


LONGEST = 5
"""Operations in a row, of which all ways to put parentheses are tried: 42 of five."""


def in_a_row(node: ast.expr) -> tuple[list[ast.expr], list[ast.operator]]:
    """Return the operands and the signs between them, as they stand in a line."""
    if not isinstance(node, ast.BinOp):
        return [node], []
    (left, before), (right, after) = in_a_row(node.left), in_a_row(node.right)
    return left + right, [*before, node.op, *after]


def put_in_every_way(operands: list[ast.expr], operators: list[ast.operator]) -> Iterator[ast.expr]:
    """Yield the operations of a row in every order."""
    if not operators:
        yield operands[0]
    for k, op in enumerate(operators):
        for left in put_in_every_way(operands[: k + 1], operators[:k]):
            for right in put_in_every_way(operands[k + 1 :], operators[k + 1 :]):
                yield ast.BinOp(left, op, right)


def of_slope(node: ast.BinOp) -> Iterator[Told]:
    """Yield the slope of tanh, 1 - a * a, for that of the sigmoid, a * (1 - a), and back."""
    told = "It is the slope of another activation."
    left, right = node.left, node.right
    if not isinstance(right, ast.BinOp):
        return
    before, last = None, left
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult):
        before, last = left.left, left.right
    if isinstance(node.op, ast.Mult) and isinstance(right.op, ast.Sub) and same(last, right.right):
        square = ast.BinOp(last, ast.Pow(), ast.Constant(2))
        slope = ast.BinOp(ast.Constant(1), ast.Sub(), square)
        yield ast.BinOp(before, ast.Mult(), slope) if before else slope, FUNCTION, told
    squared = isinstance(right.op, ast.Pow) or same(right.left, right.right)
    if isinstance(node.op, ast.Sub) and squared:
        rest = ast.BinOp(left, ast.Sub(), right.left)
        yield ast.BinOp(right.left, ast.Mult(), rest), FUNCTION, told


def same(one: ast.AST, other: ast.AST) -> bool:
    """Whether two expressions are the same."""
    return ast.dump(one) == ast.dump(other)


OTHERS = {
    "sum": ("mean", "max"),
    "mean": ("sum",),
    "max": ("min", "sum"),
    "min": ("max",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "exp": ("log", "tanh"),
    "log": ("exp",),
    "log2": ("log",),
    "log10": ("log",),
    "sin": ("tanh",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",),
    "subtract": ("add",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
}


def sigmoid(z: ast.expr) -> ast.expr:
    """Return 1 / (1 + np.exp(-z))."""
    power = ast.Call(
        ast.Attribute(ast.Name("np", ast.Load()), "exp", ast.Load()), [negative(z)], []
    )
    one = ast.Constant(1)
    return ast.BinOp(one, ast.Div(), ast.BinOp(one, ast.Add(), power))


REDUCING = ("sum", "mean", "max", "min", "argmax", "argmin", "std", "var")


def of_call(node: ast.Call) -> Iterator[Told]:
    """Yield what may stand in place of a call."""
    func, args, keywords = node.func, node.args, node.keywords
    name = name_of(node)
    if name == "at" and isinstance(func, ast.Attribute) and isinstance(func.value, ast.Attribute):
        for other in OTHERS.get(func.value.attr, ()):
            ufunc = ast.Attribute(func.value.value, other, ast.Load())
            told = f"Is {func.value.attr} right there?"
            yield ast.Call(ast.Attribute(ufunc, "at", ast.Load()), args, keywords), SIGN, told
    if name in ("maximum", "tanh", "sin", "cos"):
        told = "Is that the activation?"
        yield sigmoid(args[-1]), FUNCTION, told
    for other in OTHERS.get(name, ()):
        new = (
            ast.Attribute(func.value, other, ast.Load())
            if isinstance(func, ast.Attribute)
            else ast.Name(other, ast.Load())
        )
        yield ast.Call(new, args, keywords), FUNCTION, f"Is {name} right there?"
    if len(args) == 1:
        yield args[0], FUNCTION, f"Is {name} right there?"
    if isinstance(func, ast.Attribute) and not args:
        yield func.value, FUNCTION, f"Is {name} right there?"
    for swapped in exchanged(args):
        yield ast.Call(func, swapped, keywords), ORDERED, PLACES
    if name == "range" and len(args) > 1:
        start = ast.Call(func, [ast.Constant(0), *args[1:]], keywords)
        yield start, INDEX, "Look at where it starts."
    if name == "len" and len(args) == 1:
        shape = ast.Attribute(args[0], "shape", ast.Load())
        length = ast.Subscript(shape, ast.Constant(1), ast.Load())
        yield length, INDEX, "Is that the length that is meant?"
    for keyword in keywords:
        rest = [one for one in keywords if one is not keyword]
        yield ast.Call(func, args, rest), AXIS, f"Is {keyword.arg} right in it?"
        axis = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if keyword.arg == "axis" and type(axis) is int:
            for number in sorted({0, 1, -1} - {axis}):
                turned = ast.keyword("axis", ast.Constant(number))
                told = f"Is axis={axis} right in it?"
                yield ast.Call(func, args, [*rest, turned]), AXIS, told
                keep = ast.keyword("keepdims", ast.Constant(True))
                yield ast.Call(func, args, [turned, keep]), AXIS, told
    if name == "mean" and isinstance(func, ast.Attribute) and not args:
        size = ast.Call(ast.Name("len", ast.Load()), [func.value], [])
        told = "Is mean right there? What it divides by may be, and that it adds up may not."
        yield ast.BinOp(func.value, ast.Div(), size), AXIS, told
    if name in REDUCING and not any(one.arg == "axis" for one in keywords):
        for axis in (0, 1):
            added = ast.keyword("axis", ast.Constant(axis))
            told = "It takes everything together: an axis is missing."
            yield ast.Call(func, args, [*keywords, added]), AXIS, told
            keep = ast.keyword("keepdims", ast.Constant(True))
            yield ast.Call(func, args, [*keywords, added, keep]), AXIS, told
    if name in REDUCING and not any(one.arg == "keepdims" for one in keywords):
        keep = ast.keyword("keepdims", ast.Constant(True))
        yield (
            ast.Call(func, args, [*keywords, keep]),
            AXIS,
            "The axis that it takes away is needed.",
        )


def of_subscript(node: ast.Subscript) -> Iterator[Told]:
    """Yield what may stand in place of an entry or a slice."""
    told = "One index in it is off by one."
    steps: tuple[ast.operator, ...] = (ast.Add(), ast.Sub())
    if isinstance(node.slice, ast.Name | ast.BinOp):
        for step in steps:
            index = ast.BinOp(node.slice, step, ast.Constant(1))
            yield ast.Subscript(node.value, index, ast.Load()), INDEX, told
    if isinstance(node.slice, ast.Slice):
        lower, upper, stride = node.slice.lower, node.slice.upper, node.slice.step
        for low, high in [(None, upper), (lower, None), (None, None)]:
            if (low, high) != (lower, upper):
                part = ast.Slice(low, high, stride)
                text = "Does the slice begin and end where it should?"
                yield ast.Subscript(node.value, part, ast.Load()), INDEX, text
        minus = negative(ast.Constant(1))
        for part in (ast.Slice(None, minus), ast.Slice(ast.Constant(1), None)):
            text = "Does the slice begin and end where it should?"
            yield ast.Subscript(node.value, part, ast.Load()), INDEX, text
        if isinstance(stride, ast.UnaryOp):
            yield node.value, ORDERED, "It is turned round, and should not be."
    yield node.value, INDEX, "It picks a part where the whole is needed."


def insertions(node: ast.AST, names: list[str]) -> Iterator[Told]:
    """Yield an expression with something put around it: what may be missing there."""
    if not isinstance(node, ast.Name | ast.BinOp | ast.Call | ast.Subscript):
        return
    one, two = ast.Constant(1), ast.Constant(2)
    yield negative(node), SIGN, "Its sign is wrong."
    yield ast.Attribute(node, "T", ast.Load()), TRANSPOSE, "A transpose is missing there."
    yield ast.BinOp(one, ast.Sub(), node), TERM, "What is missing there is 1 minus something."
    for half in (ast.BinOp(node, ast.Mult(), two), ast.BinOp(node, ast.Div(), two)):
        yield half, NUMBER, "It is off by a factor that is a plain number."
    yield ast.BinOp(node, ast.Pow(), two), POWER, "A power is missing there."
    yield ast.BinOp(one, ast.Div(), node), OPERATION, "It is upside down."
    steps: tuple[ast.operator, ...] = (ast.Add(), ast.Sub())
    for step in steps:
        yield ast.BinOp(node, step, one), INDEX, "It is off by one."
    for function in ("sqrt", "exp", "log", "tanh", "abs"):
        call = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), function, ast.Load()), [node], [])
        yield call, FUNCTION, "A function is missing there."
    for axis in (0, 1, None):
        keywords = [] if axis is None else [ast.keyword("axis", ast.Constant(axis))]
        for function in ("sum", "mean"):
            call = ast.Call(ast.Attribute(node, function, ast.Load()), [], keywords)
            yield call, AXIS, f"A {function} is missing there."
    missing, division = "A factor is missing there.", "A division is missing there."
    for name in names:
        x = ast.Name(name, ast.Load())
        if same(node, x):
            continue
        yield ast.BinOp(node, ast.Mult(), x), FACTOR, missing
        yield ast.BinOp(node, ast.Mult(), ast.BinOp(one, ast.Sub(), x)), FACTOR, missing
        yield ast.BinOp(node, ast.MatMult(), x), FACTOR, missing
        yield ast.BinOp(node, ast.Div(), x), FACTOR, division
        size = ast.Call(ast.Name("len", ast.Load()), [x], [])
        yield ast.BinOp(node, ast.Div(), size), FACTOR, division
        for step in steps:
            yield ast.BinOp(node, step, x), TERM, "A term is missing there."
        yield ast.BinOp(x, ast.Sub(), node), TERM, "A term is missing there."
