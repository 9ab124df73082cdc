"""What an exercise is: a question, its right answer, and the mistakes that have a name.

Three kinds. A `Numeric` and a `Choice` are answered on the page, without a kernel. A `Code` is a
function that the reader writes in the notebook and hands to `check`; where its arguments have
``names``, it is a formula, the one line that the function returns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from inspect import getsource, signature
from itertools import combinations
from textwrap import dedent
from typing import Any, ClassVar
from zlib import crc32

import numpy as np

from .diagnosis import finite, numbers_off
from .variations import NAME, variations

Inputs = dict[str, Any]
Shape = tuple[int, ...]

WORDS = {"sigmoid_prime": "σ′", "sigmoid": "σ", "slope": "σ′", "math.": "", "np.": ""}
"""Names in the programs of formulas -> what a reader calls them."""

VARIANTS = 6
"""Number of precomputed sets of inputs behind the button "New numbers"."""

MOST = 40
"""Number of variations of a formula, the likely ones first, that a page carries."""


@dataclass(frozen=True)
class Mistake:
    """A mistake that people make.

    Attributes
    ----------
    name : str
        Short and unique within its exercise, such as "no slope".
    wrong : callable or mapping
        What somebody who makes it answers. Of a `Numeric`: a function of the inputs that returns a
        number or a shape. Of a `Code`: a function that may stand in for the reader's, or, by name,
        the pieces that are exchanged in the right program, see `Code.made_of`.
    message : str
        What it is and what to look at, without giving the answer away. It follows "Not yet:", so
        it starts with a small letter. HTML.
    """

    name: str
    wrong: Any
    message: str


@dataclass(frozen=True, kw_only=True)
class Numeric:
    """A question with a number or a shape for an answer.

    Attributes
    ----------
    id : str
        Chapter and name: "03-output-delta". Also the place in links and in the saved progress.
    title : str
    question : str
        HTML with the inputs in braces, formatted by `str.format`: "z = {z}", or "3 · {z:p}" to put
        a negative number in parentheses.
    draw : callable, Generator -> dict
        One set of inputs. Inputs as a reader sees them: already rounded.
    answer : callable, inputs -> number or shape
        A shape is a tuple of whole numbers.
    digits : int
        Decimals asked for; an answer counts when it is right to them. 0: a whole number.
    mistakes : sequence of Mistake
    hints : sequence of str
        Three, each saying more. HTML; inputs in braces.
    solution : str
        HTML with the inputs, ``{answer}``, and what ``steps`` returns in braces.
    steps : callable, inputs -> dict, optional
        Numbers on the way that the solution shows.
    """

    kind: ClassVar[str] = "numeric"

    id: str
    title: str
    question: str
    draw: Callable[[np.random.Generator], Inputs]
    answer: Callable[..., Any]
    digits: int = 0
    mistakes: Sequence[Mistake]
    hints: Sequence[str]
    solution: str
    steps: Callable[..., Inputs] = lambda **inputs: {}

    @property
    def tolerance(self) -> float:
        """How far from the full answer a rounded one may lie: half a unit of the last digit."""
        return 0.5 * 10.0**-self.digits * (1 + 1e-9) if self.digits else 1e-6

    def variants(self) -> list[Inputs]:
        """Return the sets of inputs, the same ones every time.

        Sets on which two mistakes, or a mistake and the answer, could be confused are drawn anew.

        Raises
        ------
        ValueError
            No such set turns up: two of the mistakes are one, or the digits asked are too few.
        """
        rng = np.random.default_rng(crc32(self.id.encode()))
        found: list[Inputs] = []
        for _ in range(2000):
            inputs = self.draw(rng)
            if self.confusion(inputs) is None and inputs not in found:
                found.append(inputs)
            if len(found) == VARIANTS:
                return found
        raise ValueError(
            f"{self.id}: found {len(found)} of {VARIANTS} sets of inputs without confusion; "
            f"in the last one {self.confusion(inputs)}"
        )

    def confusion(self, inputs: Inputs) -> str | None:
        """Say which two of answer and mistakes are too near to tell apart, if any."""
        values = {"the answer": self.answer(**inputs)}
        values |= {mistake.name: mistake.wrong(**inputs) for mistake in self.mistakes}
        for (one, x), (other, y) in combinations(values.items(), 2):
            if self.alike(x, y):
                return f"{one} ({x}) and {other} ({y}) are nearer than two tolerances"
        return None

    def alike(self, one: Any, other: Any) -> bool:
        """Whether two answers cannot be told apart."""
        if isinstance(one, tuple) or isinstance(other, tuple):
            return bool(one == other)
        return not abs(one - other) > 2 * self.tolerance

    def varied(self, inputs: Inputs) -> dict[str, Any]:
        """Return what the formula gives with one thing in it changed, by what is told of it.

        Of whole numbers nothing: too many changes give the same one. Of shapes, another axis.
        """
        found: dict[str, Any] = {}
        shape = isinstance(self.answer(**inputs), tuple)
        for one in variations(self.answer)[:MOST] if self.digits or shape else ():
            if shape and one.name != NAME:
                continue
            shown = one.shown
            for word, symbol in WORDS.items():
                shown = shown.replace(word, symbol)
            told = f"that comes out with <code>{escape(shown)}</code> in the formula. {one.told}"
            with np.errstate(all="ignore"):
                found[told] = one.program(**inputs) if shape else finite(one.program, **inputs)
        return found

    def apart(self, answer: Any, named: Sequence[Any], more: Iterable[Any]) -> list[Any]:
        """Return the wrong answers as the page compares them, the named ones first.

        One of the further ones that is too near to the answer or to one before it becomes None.
        """
        seen = [answer, *named]
        kept: list[Any] = [significant(value) for value in named]
        for value in more:
            clear = value is not None and not any(self.alike(value, other) for other in seen)
            kept.append(significant(value) if clear else None)
            seen += [value] * clear
        return kept

    def data(self) -> dict[str, Any]:
        """Return what the page shows and compares."""
        variants: list[dict[str, Any]] = []
        told = [mistake.message for mistake in self.mistakes]
        for inputs in self.variants():
            answer = self.answer(**inputs)
            wrong = [mistake.wrong(**inputs) for mistake in self.mistakes]
            more = numbers_off(answer, dict(zip(told, wrong, strict=True)), self.digits)
            more |= self.varied(inputs)
            given = {name: Shown(value) for name, value in inputs.items()}
            steps = self.steps(**inputs) | {"answer": answer}
            found = {
                name: Shown(value, self.digits if name == "answer" else max(4, self.digits))
                for name, value in steps.items()
            }
            variants.append(
                {
                    "question": self.question.format(**given),
                    "answer": significant(answer),
                    "mistakes": self.apart(answer, wrong, more.values()),
                    "hints": [hint.format(**given) for hint in self.hints],
                    "solution": self.solution.format(**given, **found),
                }
            )
        columns = zip(told + list(more), *(one["mistakes"] for one in variants), strict=True)
        messages, *rows = zip(
            *(c for c in columns if any(v is not None for v in c[1:])), strict=True
        )
        for one, row in zip(variants, rows, strict=True):
            one["mistakes"] = list(row)
        return {
            "id": self.id,
            "title": self.title,
            "digits": self.digits,
            "tolerance": self.tolerance,
            "messages": list(messages),
            "variants": variants,
        }


@dataclass(frozen=True)
class Option:
    """One answer of a `Choice`: what it says, and what choosing it is answered with. HTML.

    The reply follows "Right:" or "Not yet:", so it starts with a small letter.
    """

    text: str
    reply: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A question with answers to choose from; also a prediction made before the number is shown.

    Attributes
    ----------
    id, title, question : str
        As in `Numeric`.
    right : Option
        Its reply is the reason; of a prediction, the number that turns out.
    wrong : sequence of Option
        Each reply names the mistake behind it.
    hints : sequence of str
        Three.
    """

    kind: ClassVar[str] = "choice"

    id: str
    title: str
    question: str
    right: Option
    wrong: Sequence[Option]
    hints: Sequence[str]

    def data(self) -> dict[str, Any]:
        """Return what the page shows, the options in an order that does not give the answer."""
        options = [self.right, *self.wrong]
        order = np.random.default_rng(crc32(self.id.encode())).permutation(len(options)).tolist()
        return {
            "id": self.id,
            "title": self.title,
            "question": self.question,
            "options": [{"text": options[k].text, "reply": options[k].reply} for k in order],
            "right": order.index(0),
            "hints": list(self.hints),
            "solution": f"<b>{self.right.text}</b>: {self.right.reply}",
        }


@dataclass(frozen=True, kw_only=True)
class Code:
    """A function to write, or a formula: what a function of one line returns.

    Attributes
    ----------
    id : str
        Chapter and name of the function: "03-sigmoid_prime".
    title : str
    question : str
        What the function takes and returns, with shapes. HTML.
    cases : callable, Generator -> list of tuples
        Arguments for the function: edge cases and random ones, the smallest first. A mistake that
        raises an error on some of them is told apart by what it returns on those before.
    solution : callable
        A right answer, shown folded away with its source. Its arguments are those that the reader
        is asked for.
    alternatives : sequence of callable
        Right answers written in another way (a loop, einsum, lists): all of them must pass.
    mistakes : sequence of Mistake
        At least five.
    hints : sequence of str
        Three, each saying more. HTML.
    reason : str
        Why the solution is right. HTML.
    made_of : callable, optional
        ``made_of(**pieces)`` returns the right program with some pieces exchanged. Mistakes given
        by their pieces are then known two at a time as well.
    given : callable, optional
        What the reader starts from: a wrong program to mend, which is one of the mistakes, or
        lines to put in order, as comments. Without it, a function without a body.
    names : mapping, optional
        Of a formula: each argument, in order -> what it is, with its shape. HTML.
    tolerance : float
        Largest relative error, |a - b| / max(1, |b|), for answers in float64.
    """

    kind: ClassVar[str] = "code"

    id: str
    title: str
    question: str
    cases: Callable[[np.random.Generator], list[tuple[Any, ...]]]
    solution: Callable[..., Any]
    alternatives: Sequence[Callable[..., Any]]
    mistakes: Sequence[Mistake]
    hints: Sequence[str]
    reason: str
    made_of: Callable[..., Callable[..., Any]] | None = None
    given: Callable[..., Any] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = 1e-8

    def program(self, *mistakes: Mistake) -> Callable[..., Any] | None:
        """Return a program that makes these mistakes together; None where there is none."""
        if len(mistakes) == 1 and callable(mistakes[0].wrong):
            alone: Callable[..., Any] = mistakes[0].wrong
            return alone
        pieces: Inputs = {}
        for mistake in mistakes:
            if callable(mistake.wrong) or pieces.keys() & mistake.wrong.keys():
                return None
            pieces |= mistake.wrong
        return self.made_of(**pieces) if self.made_of else None

    @property
    def function(self) -> str:
        """The name of the function that the reader writes."""
        return self.id.split("-", 1)[1]

    @property
    def head(self) -> str:
        """What the reader starts from on a page: what is given, or a function without a body."""
        if self.given:
            source = dedent(getsource(self.given)).strip()
            return source.replace(f"def {self.given.__name__}(", f"def {self.function}(", 1)
        arguments = ", ".join(signature(self.solution).parameters)
        about = f'    """{self.solution.__doc__}"""\n' if self.solution.__doc__ else ""
        return f"def {self.function}({arguments}):\n{about}    {'return ' * bool(self.names)}..."

    @property
    def stub(self) -> str:
        """What the reader's cell holds at first: the head, and its check."""
        return f"{self.head}\n\n\ncheck({self.function})"

    def fixed_cases(self) -> list[tuple[Any, ...]]:
        """Return the cases, the same ones every time."""
        return self.cases(np.random.default_rng(crc32(self.id.encode())))

    def data(self) -> dict[str, Any]:
        """Return what the page shows."""
        source = escape(dedent(getsource(self.solution)).strip())
        data: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "question": self.question,
            "hints": list(self.hints),
            "solution": f'<pre tabindex="0">{source}</pre><p>{self.reason}</p>',
        }
        if self.names:
            items = (f"<li><code>{name}</code>: {what}</li>" for name, what in self.names.items())
            data["question"] += f" The names in it:<ul>{''.join(items)}</ul>"
            data["formula"] = self.function
        return data


Exercise = Numeric | Choice | Code


class Shown(str):
    """A value as a reader sees it: a true minus sign, and digits where they are given.

    >>> Shown(-0.5), Shown(2 / 3, 4), Shown((3, 2))
    ('−0.5', '0.6667', '(3, 2)')
    >>> f"3 · {Shown(-0.5):p} = {Shown(-1.5):p}"
    '3 · (−0.5) = (−1.5)'
    """

    def __new__(cls, value: Any, digits: int | None = None) -> "Shown":
        if isinstance(value, str):
            return super().__new__(cls, value)
        if isinstance(value, float | np.floating):
            value = f"{value:.6g}" if digits is None else f"{value:.{digits}f}"
        return super().__new__(cls, str(value).replace("-", "−"))

    def __format__(self, spec: str) -> str:
        return f"({self})" if spec == "p" and self.startswith("−") else str(self)


def significant(value: float | Shape) -> float | list[int]:
    """Round to ten significant digits: the same text on every machine, and more than is asked.

    >>> significant(1 / 3), significant((3, 2))
    (0.3333333333, [3, 2])
    """
    return list(value) if isinstance(value, tuple) else float(f"{value:.10g}")


def between(
    rng: np.random.Generator, low: float, high: float, digits: int = 1, avoid: float = 0.0
) -> float:
    """Return a random decimal that is easy to read aloud, never the one to avoid.

    >>> between(np.random.default_rng(0), -2, 2)
    0.5
    """
    while True:
        value = round(float(rng.uniform(low, high)), digits)
        if value != avoid:
            return value


def problems(exercise: Exercise) -> list[str]:
    """Return what is missing from an exercise; nothing, where it may stand in the book."""
    found = []
    names = [mistake.name for mistake in getattr(exercise, "mistakes", ())]
    least = {"numeric": 3, "code": 5, "choice": 0}[exercise.kind]
    if len(names) < least:
        found.append(f"{len(names)} mistakes; at least {least} are asked for")
    if len(set(names)) < len(names):
        found.append("two mistakes share a name")
    if len(exercise.hints) != 3:
        found.append(f"{len(exercise.hints)} hints in place of 3")
    for mistake in getattr(exercise, "mistakes", ()):
        if not callable(mistake.wrong) and not getattr(exercise, "made_of", None):
            found.append(f"{mistake.name!r} exchanges pieces, and made_of is missing")
    if isinstance(exercise, Code) and not exercise.alternatives:
        found.append("no alternative: give a right answer that is written in another way")
    if isinstance(exercise, Code) and exercise.names:
        asked = list(signature(exercise.solution).parameters)
        if list(exercise.names) != asked:
            found.append(f"names are told of {list(exercise.names)}, and asked for are {asked}")
    if isinstance(exercise, Choice) and not 2 <= len(exercise.wrong) <= 5:
        found.append(f"{len(exercise.wrong)} wrong options; 2 to 5 are asked for")
    if isinstance(exercise, Numeric):
        try:
            exercise.data()
        except (ValueError, KeyError) as error:
            found.append(str(error))
    return found


def by_id(exercises: Sequence[Exercise]) -> Mapping[str, Exercise]:
    """Return a dict by id; a repeated id, or name of a function, raises a ValueError."""
    table: dict[str, Exercise] = {}
    functions: dict[str, str] = {}
    for exercise in exercises:
        if exercise.id in table:
            raise ValueError(f"two exercises have the id {exercise.id!r}")
        if isinstance(exercise, Code):
            first = functions.setdefault(exercise.function, exercise.id)
            if first != exercise.id:
                raise ValueError(
                    f"{first!r} and {exercise.id!r} ask for functions of one name; check finds an "
                    "exercise by that name, so rename one"
                )
        table[exercise.id] = exercise
    return table
