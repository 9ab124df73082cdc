"""A computation that a reader types: a small grammar, read sign by sign and never run as code.

::

    lines    line, or several with a semicolon or a new line between them
    line     name = sum
    sum      product, or several with + or - between them
    product  signed, or several with * or / between them
    signed   power, or -signed
    power    atom, or atom^number, or atom^-number; ** is ^
    atom     number, name, (sum), function(sum), or max(sum, sum)
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...graph import Node as Line
from ...layers import activation

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "abs": np.abs,
    "tanh": np.tanh,
    "sigmoid": lambda x: activation("sigmoid", x),
    "relu": lambda x: activation("relu", x),
    "softplus": lambda x: activation("softplus", x),
    "max": np.maximum,
}
"""Name -> what it does to a line of a tape; max takes two."""

NAME = r"[A-Za-z][A-Za-z0-9]{0,7}"
SIGN = re.compile(
    rf"\s*((?P<number>(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)|(?P<name>{NAME})|\*\*|[-+*/^(),])",
    re.ASCII | re.IGNORECASE,
)
DEEPEST = 20


def computed(text: str, values: Mapping[str, float]) -> dict[str, Any]:
    """Return the lines of a computation by name, on one tape; the last one is what is computed.

    Parameters
    ----------
    text : str
    values : mapping of str to float
        The variables.

    Raises
    ------
    ValueError
        What is no computation, in words; nothing of it is run.

    Examples
    --------
    >>> lines = computed("z = w*x + b; C = z^2", {"x": 2.0, "w": 0.5, "b": -3.0})
    >>> [float(line.value) for line in lines.values()]
    [2.0, 0.5, -3.0, -2.0, 4.0]
    """
    tape: list[Line] = []
    known: dict[str, Any] = {name: Line(tape, value) for name, value in values.items()}
    lines = [line for line in re.split("[;\n]", text) if line.strip()]
    if not lines:
        raise ValueError("C is empty; write what is computed, such as C = (w*x - y)^2")
    for line in lines:
        name, equals, right = line.rpartition("=")
        name = name.strip() if equals else "C"
        if not re.fullmatch(NAME, name, re.ASCII):
            raise ValueError(f"C has a line for “{name[:20]}”; a name has 1 to 8 letters or digits")
        if name in known or name in FUNCTIONS:
            raise ValueError(f"C gives “{name}” a second meaning; take another name")
        with np.errstate(all="ignore"):  # what is not finite is refused where it is shown
            known[name] = Reader(right, known).whole()
    if not isinstance(known[name], Line):
        raise ValueError("C is the same for all values; let it depend on one of them")
    return {name: value for name, value in known.items() if isinstance(value, Line)}


class Reader:
    """Reads the right side of a line, and writes it on the tape of what is known."""

    def __init__(self, text: str, known: Mapping[str, Any]) -> None:
        self.known = known
        self.signs: list[re.Match[str]] = []
        self.next, self.depth = 0, 0
        end = 0
        while text[end:].strip():
            sign = SIGN.match(text, end)
            if not sign:
                rest = text[end:].strip()
                raise ValueError(f"C has “{rest[:20]}” where a number, a name or a sign stands")
            self.signs.append(sign)
            end = sign.end()

    def whole(self) -> Any:
        """Return what all signs together are."""
        value = self.sum()
        if self.next < len(self.signs):
            raise self.unexpected()
        return value

    def unexpected(self) -> ValueError:
        """Return what is wrong with the next sign."""
        before = "".join(sign[1] for sign in self.signs[max(0, self.next - 4) : self.next])
        after = f" after “{before}”" if before else ""
        if self.next == len(self.signs):
            return ValueError(f"C breaks off{after}; is a number, a name or a bracket missing?")
        return ValueError(f"C has “{self.signs[self.next][1][:20]}”{after}, where it has no place")

    def take(self, *signs: str) -> str:
        """Go on if the next sign is one of these, and return it; else return nothing."""
        if self.next < len(self.signs) and (sign := self.signs[self.next][1]) in signs:
            self.next += 1
            return sign
        return ""

    def must(self, sign: str) -> None:
        """Go on over this sign."""
        if not self.take(sign):
            raise self.unexpected()

    def sum(self) -> Any:
        """Return a sum; each bracket within a bracket is one."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError(f"C has more than {DEEPEST} brackets within one another")
        value = self.product()
        while sign := self.take("+", "-"):
            value = value + self.product() if sign == "+" else value - self.product()
        self.depth -= 1
        return value

    def product(self) -> Any:
        """Return a product."""
        value = self.signed()
        while sign := self.take("*", "/"):
            value = value * self.signed() if sign == "*" else value / self.signed()
        return value

    def signed(self) -> Any:
        """Return a power, or what it is with another sign."""
        minus = 0
        while self.take("-"):
            minus += 1
        value = self.power()
        return -value if minus % 2 else value

    def power(self) -> Any:
        """Return an atom, or a power of it."""
        value = self.atom()
        if self.take("^", "**"):
            minus = self.take("-")
            number = self.signs[self.next]["number"] if self.next < len(self.signs) else None
            if not number:
                raise ValueError("C has an exponent that is no number; write x^2, or exp(y*log(x))")
            self.next += 1
            value = value ** (np.float64(number) * (-1 if minus else 1))
        return value

    def atom(self) -> Any:
        """Return a number, what has a name, or what stands in brackets."""
        if self.take("("):
            value = self.sum()
            self.must(")")
            return value
        if self.next == len(self.signs) or not (self.number or self.name):
            raise self.unexpected()
        number, name = self.number, self.name
        self.next += 1
        if number:
            return np.float64(number)
        if name in self.known:
            return self.known[name]
        if name not in FUNCTIONS:
            functions = ", ".join(FUNCTIONS)
            raise ValueError(f"C uses “{name}”; give its value, or take a function: {functions}")
        self.must("(")
        inside = [self.sum()]
        if name == "max":
            self.must(",")
            inside.append(self.sum())
        self.must(")")
        return FUNCTIONS[name](*inside)

    @property
    def number(self) -> str:
        """The next sign, if it is a number."""
        return self.signs[self.next]["number"] or ""

    @property
    def name(self) -> str:
        """The next sign, if it is a name."""
        return self.signs[self.next]["name"] or ""
