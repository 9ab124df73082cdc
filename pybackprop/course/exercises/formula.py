"""A formula as a reader types it: one line, read with patience, and its errors told in words."""

import ast
import builtins
import re
import unicodedata
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

import numpy as np

from .model import Code
from .variations import source_of

SIGNS = {
    **dict.fromkeys("−–", "-"),
    **dict.fromkeys("×·⋅∗⊙∘", "*"),
    **dict.fromkeys(["ᵀ", "⊤", "^T"], ".T"),
    "÷": "/",
    "²": "**2",
    "³": "**3",
    "δ": "delta",
    "θ": "theta",
    "β": "beta",
    "ε": "eps",
    "φ": "phi",
}
"""Signs as they stand on paper and in this book -> how Python writes them."""

WORDS = {"if", "else", "for", "in", "not", "and", "or", "is", "lambda"}
OPERAND = r"[\w.]*[\w)\]]"
NO_OPERATOR = re.compile(rf"({OPERAND})\s+([\w(]\w*)|(?<![\w.])(\d+)([A-Za-z_(]\w*)|(\))(\w+)")
"""Two operands with nothing between them: ``W z``, ``2W``, ``(1 - a)y``."""


def written(text: str) -> str:
    """Return a formula in Python's signs, without a "return" or "name =" before it.

    >>> written("δ₁ = δ₂ @ W2 · dphi(z1)")
    'delta2 @ W2 * dphi(z1)'
    """
    for sign, plain in SIGNS.items():
        text = text.replace(sign, plain)
    text = unicodedata.normalize("NFKC", text).strip().rstrip(";")
    return re.sub(r"^(return\b|\w+\s*=(?!=))", "", text).strip()


def program(exercise: Code, text: str) -> str:
    """Return the function that gives a formula's value."""
    return exercise.head.removesuffix("...") + written(text)


def misread(exercise: Code, text: str) -> str:
    """Say what keeps a text from being a formula of an exercise; "" if nothing does.

    >>> from pybackprop.course.exercises import EXERCISES
    >>> item = EXERCISES["03-hidden_delta"]
    >>> misread(item, "delta2 W2")
    'between delta2 and W2 an operator is missing: @, *, + or -?'
    >>> misread(item, "delta2 @ W2 * dphi(z1)")
    ''
    """
    text = written(text)
    if "^" in text:
        return "^ is no power in Python: a power is **, as in z**2."
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return unreadable(text)
    made = {one.id for one in names_in(tree) if not isinstance(one.ctx, ast.Load)}
    known = [*exercise.names, "np"]
    for name in (one.id for one in names_in(tree)):
        if name not in known and name not in made and not hasattr(builtins, name):
            near = get_close_matches(name, known, 1, 0.5)
            guess = f" Do you mean {near[0]}?" if near else ""
            return f"there is no name {name} here; there are {', '.join(known)}.{guess}"
    functions = {name for name, value in arguments(exercise, 0).items() if callable(value)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not is_function(node.func, functions):
            before = ast.unparse(node.func)
            return f"{before} is no function: before the parenthesis an operator is missing."
    return ""


def unreadable(text: str) -> str:
    """Say why Python cannot read a text as a formula."""
    if not text:
        return "there is no formula yet."
    for one, other in ("()", "[]"):
        if text.count(one) != text.count(other):
            more = one if text.count(one) > text.count(other) else other
            return f"a bracket has no partner: there is one {more} too many."
    for found in NO_OPERATOR.finditer(text):
        left, right = (part for part in found.groups() if part)
        if not {left, right} & WORDS:
            return f"between {left} and {right} an operator is missing: @, *, + or -?"
    return "Python cannot read this line: look for an operator or an operand that is missing."


def names_in(tree: ast.AST) -> Iterator[ast.Name]:
    """Yield the names in a formula."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name))


def is_function(node: ast.expr, functions: set[str]) -> bool:
    """Whether what stands before parentheses may be called."""
    if isinstance(node, ast.Name):
        return node.id in functions or hasattr(builtins, node.id)
    return isinstance(node, ast.Attribute | ast.Lambda)


def arguments(exercise: Code, number: int) -> dict[str, Any]:
    """Return the values that the names have in one of the cases."""
    return dict(zip(exercise.names, exercise.fixed_cases()[number], strict=True))


def expression_of(answer: Callable[..., Any]) -> str:
    """Return what a function of one line returns, as text; "" where its text is not there."""
    tree = source_of(answer)
    if tree is None:
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            return ast.unparse(node.body)
        if isinstance(node, ast.Return) and node.value:
            return ast.unparse(node.value)
    return ""


def in_words(exercise: Code, answer: Callable[..., Any], number: int) -> str:
    """Say why a formula ended in an error on one of the cases; "" where that is not known."""
    text = expression_of(answer)
    if not text:
        return ""
    return misread(exercise, text) or misfit(text, arguments(exercise, number) | {"np": np})


def misfit(text: str, values: dict[str, Any]) -> str:
    """Say which part of a formula has shapes that do not fit; "" if none has.

    >>> misfit("(a - 1) @ b", {"a": np.ones((3, 2)), "b": np.ones(3)})
    'in (a - 1) @ b the shapes do not fit: a - 1 has the shape (3, 2), b has (3,). In A @ B, \
A has as many columns as B has rows; .T swaps them.'
    """
    # The operands of a part are looked at before the part itself.
    for node in reversed(list(ast.walk(ast.parse(text, mode="eval")))):
        if not isinstance(node, ast.BinOp) or valued(node, values) is not None:
            continue
        left, right = (valued(part, values) for part in (node.left, node.right))
        if left is None or right is None:
            continue
        shapes = (
            f"{ast.unparse(node.left)} has the shape {np.shape(left)}, "
            f"{ast.unparse(node.right)} has {np.shape(right)}."
        )
        cure = ""
        if isinstance(node.op, ast.MatMult):
            cure = " In A @ B, A has as many columns as B has rows; .T swaps them."
        elif isinstance(node.op, ast.Mult) and np.ndim(left) == np.ndim(right) == 2:
            cure = " * multiplies entry by entry; the product of matrices is @."
        return f"in {ast.unparse(node)} the shapes do not fit: {shapes}{cure}"
    return ""


def valued(node: ast.expr, values: dict[str, Any]) -> Any:
    """Return the value of a part of a formula; None where it ends in an error."""
    try:
        with np.errstate(all="ignore"):
            return eval(ast.unparse(node), dict(values))
    except Exception:  # noqa: BLE001, a reader's formula may raise anything
        return None
