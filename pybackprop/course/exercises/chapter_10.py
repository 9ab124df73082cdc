"""Exercises of chapter 10, any graph."""

# mypy: allow-untyped-defs, allow-untyped-calls

from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def divide_pullback(g, x, y):
    return g / y, -g * x / y**2


def product_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [(1.0, 2.0, 4.0), (0.5, 3.0, -2.0), tuple(rng.uniform(1, 3, 3).tolist())]


def sum_to(g, shape):
    extra = g.ndim - len(shape)
    g = g.sum(axis=tuple(range(extra)))
    ones = tuple(k for k, n in enumerate(shape) if n == 1)
    return g.sum(axis=ones, keepdims=True)


def sum_by_loops(g: Any, shape: Any) -> Any:
    total = np.zeros(shape)
    for place in np.ndindex(*g.shape):
        tail = place[len(place) - len(shape) :]
        total[tuple(0 if n == 1 else k for k, n in zip(tail, shape, strict=True))] += g[place]
    return total


def repeated_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (rng.normal(size=(4, 3)), (3,)),
        (rng.normal(size=(4, 3)), (4, 1)),
        (rng.normal(size=(2, 4, 3)), (1, 3)),
        (rng.normal(size=(3, 3)), (3, 3)),
    ]


def scatter_rows(g, rows, n):
    dW = np.zeros((n, g.shape[1]))
    np.add.at(dW, rows, g)
    return dW


def scatter_last(g: Any, rows: Any, n: int) -> Any:
    dW = np.zeros((n, g.shape[1]))
    dW[rows] = g
    return dW


def scatter_mean(g: Any, rows: Any, n: int) -> Any:
    return scatter_rows(g, rows, n) / np.maximum(np.bincount(rows, minlength=n), 1)[:, None]


def scatter_first(g: Any, rows: Any, n: int) -> Any:
    dW = np.zeros((n, g.shape[1]))
    dW[rows[::-1]] = g[::-1]
    return dW


def scatter_all(g: Any, rows: Any, n: int) -> Any:
    return np.tile(g.sum(axis=0), (n, 1))


def row_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([1, 1, 0]), 3),
        (rng.normal(size=(5, 2)), np.array([0, 3, 0, 1, 3]), 4),
        (rng.normal(size=(6, 3)), np.array([2, 2, 2, 0, 4, 0]), 5),
    ]


def walk_back(tape, slopes, y):
    bar = [0.0] * len(tape)
    bar[y] = 1.0
    for i in reversed(range(len(tape))):
        for j, slope in zip(tape[i], slopes[i], strict=True):
            bar[j] += slope * bar[i]
    return bar


def walk_with(
    order: Any = lambda n: reversed(range(n)),
    add: Any = lambda old, new: old + new,
    start: Any = 1.0,
    inputs: Any = lambda pairs: pairs,
    factor: Any = lambda slope, bar: slope * bar,
) -> Any:
    """Return a walk back with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(tape: Any, slopes: Any, y: int) -> Any:
        bar = [0.0] * len(tape)
        bar[y] = start
        for i in order(len(tape)):
            for j, slope in inputs(list(zip(tape[i], slopes[i], strict=True))):
                bar[j] = add(bar[j], factor(slope, bar[i]))
        return bar

    return wrong


def recursive(tape: Any, slopes: Any, y: int) -> Any:
    """The same from each line down all of its uses."""

    def adjoint(j: int) -> float:
        below = sum(
            slope * adjoint(i)
            for i in range(len(tape))
            for k, slope in zip(tape[i], slopes[i], strict=True)
            if k == j
        )
        return float(j == y) + below

    return [adjoint(j) for j in range(len(tape))]


def tape_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """A line per node: the numbers of its inputs, and the slope to each; y is the last line."""
    cases: list[tuple[Any, ...]] = [
        ([[], [], [0, 1], [2, 0], [3, 2]], [[], [], [2.0, 3.0], [5.0, 0.5], [1.0, -1.0]], 4)
    ]
    for n in (6, 8):
        tape: list[list[int]] = [[], []]
        for i in range(2, n):
            tape.append([i - 1, int(rng.integers(0, i - 1))])
        slopes = [rng.uniform(0.5, 2, len(line)).round(2).tolist() for line in tape]
        cases.append((tape, slopes, n - 1))
    return cases


EXERCISES = [
    Code(
        id="10-divide_pullback",
        title="The pull-back of a quotient",
        question=(
            "An operation computes <var>a</var> = <var>x</var> / <var>y</var>. Write "
            "<code>divide_pullback(g, x, y)</code>: from <var>g</var> = "
            "∂<var>C</var>/∂<var>a</var> it returns the pair ∂<var>C</var>/∂<var>x</var>, "
            "∂<var>C</var>/∂<var>y</var>."
        ),
        cases=product_cases,
        solution=divide_pullback,
        alternatives=[
            lambda g, x, y: [g / y, -g * (x / y) / y],
            lambda g, x, y: np.array([g * y**-1, -g * x * y**-2]),
        ],
        mistakes=[
            Mistake(
                "no g",
                lambda g, x, y: (1 / y, -x / y**2),
                "those are the slopes. A pull-back multiplies them by g, what came back.",
            ),
            Mistake(
                "sign",
                lambda g, x, y: (g / y, g * x / y**2),
                "a larger y makes the quotient smaller: look at the sign of the second one.",
            ),
            Mistake(
                "no square",
                lambda g, x, y: (g / y, -g * x / y),
                "the slope of 1/y is −1/y²: the square is missing.",
            ),
            Mistake(
                "as a product",
                lambda g, x, y: (g * y, g * x),
                "that is the pull-back of the product x y.",
            ),
            Mistake(
                "swapped",
                lambda g, x, y: (-g * x / y**2, g / y),
                "the right two, in the wrong order: the first is for x.",
            ),
        ],
        hints=[
            "Differentiate x / y once by x and once by y.",
            "1/y, and −x/y².",
            "Multiply both by g.",
        ],
        reason="∂a/∂x = 1/y and ∂a/∂y = −x/y²; g multiplies both.",
    ),
    Code(
        id="10-walk_back",
        title="The way back along a tape",
        question=(
            "A tape of numbers: <code>tape[i]</code> lists the lines that line <var>i</var> was "
            "made of (none for a variable), <code>slopes[i]</code> its slope to each of them. "
            "Write <code>walk_back(tape, slopes, y)</code>: the list of the derivatives of line "
            "<var>y</var>, the last one, by every line."
        ),
        cases=tape_cases,
        solution=walk_back,
        alternatives=[recursive],
        made_of=walk_with,
        mistakes=[
            Mistake(
                "= for +=",
                {"add": lambda old, new: new},
                "the last use overwrites the others. Where paths meet, they add: += in place of =.",
            ),
            Mistake(
                "forward order",
                {"order": lambda n: range(n)},
                "you walked from the first line to the last. A line may hand its adjoint on only "
                "when all of its uses have: from the end.",
            ),
            Mistake(
                "no start",
                {"start": 0.0},
                "all comes out 0: the derivative of y by itself is 1, and all else comes from it.",
            ),
            Mistake(
                "first input only",
                {"inputs": lambda pairs: pairs[:1]},
                "each line hands something to its first input only; it has several.",
            ),
            Mistake(
                "slope alone",
                {"factor": lambda slope, bar: slope},
                "you added the slopes. Along a path one multiplies: slope times the line's own "
                "adjoint.",
            ),
        ],
        hints=[
            "Start with zeros, and 1 at y.",
            "Go through the lines from the last to the first; each hands something to its inputs.",
            "bar[j] += slope * bar[i].",
        ],
        reason="One pass from the end; every edge is used once, and what meets adds up.",
    ),
    Numeric(
        id="10-fan-out",
        title="A value that is used twice",
        question=(
            "<var>u</var> = <var>x</var> <var>y</var> and <var>C</var> = <var>u</var> + "
            "{k} <var>x</var>, at <var>x</var> = {x}, <var>y</var> = {y}. What is "
            "∂<var>C</var>/∂<var>x</var>?"
        ),
        draw=lambda rng: {
            "x": between(rng, -3, 3, avoid=1.0),
            "y": between(rng, -3, 3, avoid=1.0),
            "k": int(rng.integers(2, 6)),
        },
        answer=lambda x, y, k: y + k,
        digits=1,
        mistakes=[
            Mistake(
                "last use only",
                lambda x, y, k: y,
                "that is what comes back by way of u alone. x is used twice: add over the uses.",
            ),
            Mistake(
                "first use only",
                lambda x, y, k: k,
                "that is what comes back from the second term alone. x goes into u as well.",
            ),
            Mistake(
                "product of the paths",
                lambda x, y, k: k * y,
                "you multiplied what comes back over the two paths. Along a path one multiplies; "
                "over paths one adds.",
            ),
            Mistake(
                "x for y",
                lambda x, y, k: x + k,
                "in a product each input gets the other one: x gets y.",
            ),
            Mistake(
                "mean",
                lambda x, y, k: (y + k) / 2,
                "that is the mean of what comes back. Uses add up.",
            ),
        ],
        hints=[
            "Two lines of the tape use x.",
            "The product hands back g times the other factor; the other line hands back {k}.",
            "Add: {y:p} + {k}.",
        ],
        solution="Over u comes {y}, over the second term {k}; together <b>{answer}</b>.",
    ),
    Code(
        id="10-sum_to",
        title="The way back through a broadcast",
        question=(
            "NumPy repeated an array of shape <code>shape</code> to fit; <var>g</var> has the "
            "larger shape. Write <code>sum_to(g, shape)</code>: the gradient of the small array, "
            "in its own shape."
        ),
        cases=repeated_cases,
        solution=sum_to,
        alternatives=[sum_by_loops],
        mistakes=[
            Mistake(
                "not summed",
                lambda g, shape: g,
                "it still has the large shape. Each entry of the small array was used several "
                "times: sum over the repetitions.",
            ),
            Mistake(
                "one copy",
                lambda g, shape: g[tuple([0] * (g.ndim - len(shape)))][
                    tuple(slice(0, n) for n in shape)
                ],
                "that is what comes back to one of the copies; add up those of all.",
            ),
            Mistake(
                "mean",
                lambda g, shape: sum_to(g, shape) * np.prod(shape) / g.size,
                "that is the mean over the copies. A copy is a use, and uses add.",
            ),
            Mistake(
                "axes of 1 forgotten",
                lambda g, shape: g.sum(axis=tuple(range(g.ndim - len(shape)))),
                "the axes added in front are summed; those of length 1 were repeated, too.",
            ),
            Mistake(
                "axis lost",
                lambda g, shape: np.squeeze(sum_to(g, shape)),
                "the numbers are right, the shape is not: axes of length 1 stay (keepdims).",
            ),
        ],
        hints=[
            "An array is repeated along new axes in front, and along axes of length 1.",
            "g.ndim - len(shape) axes are new. Sum over them.",
            "Then sum with keepdims=True over the axes where shape has a 1.",
        ],
        reason="A repetition is a use, and over uses one adds.",
    ),
    Code(
        id="10-scatter_rows",
        title="The way back through an index",
        question=(
            "Rows of a table were picked: <code>a = W[rows]</code>, where <code>W</code> has "
            "<var>n</var> rows and <code>rows</code> may name one several times. Write "
            "<code>scatter_rows(g, rows, n)</code>: ∂<var>C</var>/∂<var>W</var> from <var>g</var> "
            "= ∂<var>C</var>/∂<var>a</var>."
        ),
        cases=row_cases,
        solution=scatter_rows,
        alternatives=[
            lambda g, rows, n: (np.arange(n)[:, None] == rows).astype(float) @ g,
            lambda g, rows, n: [
                sum((g[k] for k in range(len(rows)) if rows[k] == j), np.zeros(g.shape[1]))
                for j in range(n)
            ],
        ],
        mistakes=[
            Mistake(
                "last use only",
                scatter_last,
                "a row that was picked several times keeps only what came last: NumPy's dW[rows] "
                "= g overwrites, and dW[rows] += g does so, too. See np.add.at.",
            ),
            Mistake(
                "first use only",
                scatter_first,
                "a row that was picked several times keeps only what came first.",
            ),
            Mistake(
                "mean of the uses",
                scatter_mean,
                "you took the mean over the uses of a row. Uses add.",
            ),
            Mistake(
                "rows of a, not of W",
                lambda g, rows, n: g,
                "that has the shape of what was picked. The gradient has the shape of W, with n "
                "rows.",
            ),
            Mistake(
                "every row",
                scatter_all,
                "every row got everything. A row gets what its own uses hand back, and 0 where it "
                "was not picked.",
            ),
        ],
        hints=[
            "Start with zeros in the shape of W.",
            "Each row of g belongs to the row of W that it was picked from.",
            "np.add.at(dW, rows, g) adds once for each time an index stands there.",
        ],
        reason="Picking is a use. A row that was picked twice was used twice.",
    ),
    Choice(
        id="10-which-mode",
        title="Forward or reverse?",
        question=(
            "A function takes 3 numbers and returns 50,000 (three settings of a simulation, and "
            "its picture). You want the whole Jacobian. Which mode, and how many passes?"
        ),
        right=Option(
            "forward mode, 3 passes",
            "a forward pass gives a column of J: what one input does to all outputs. There are 3.",
        ),
        wrong=[
            Option(
                "reverse mode, 1 pass",
                "one pass back gives one row, the gradient of one output. There are 50,000.",
            ),
            Option(
                "reverse mode, 3 passes",
                "a pass back is for one output, not for one input.",
            ),
            Option(
                "forward mode, 50,000 passes",
                "a pass forward is for one input, and it gives all outputs at once.",
            ),
        ],
        hints=[
            "What does one pass of each mode give: a row, or a column?",
            "Rows belong to outputs, columns to inputs.",
            "Count the shorter side.",
        ],
    ),
    Numeric(
        id="10-checkpoints",
        title="How many arrays stay?",
        question=(
            "A chain of {n} layers is cut into segments of {k} layers. With checkpoints at the "
            "beginning of each segment, how many arrays are kept at the same time, at most: the "
            "checkpoints, and one segment's own? (Count {k} for the segment.)"
        ),
        draw=lambda rng: dict(
            zip(
                ("n", "k"),
                [(36, 4), (60, 6), (64, 16), (100, 20), (48, 6), (72, 12), (90, 15), (120, 8)][
                    int(rng.integers(0, 8))
                ],
                strict=True,
            )
        ),
        answer=lambda n, k: n // k + k,
        mistakes=[
            Mistake(
                "all",
                lambda n, k: n,
                "that is what is kept without checkpoints.",
            ),
            Mistake(
                "checkpoints only",
                lambda n, k: n // k,
                "those are the checkpoints. On the way back one segment is there in full, too.",
            ),
            Mistake(
                "segment only",
                lambda n, k: k,
                "that is one segment. The checkpoints of the others are waiting meanwhile.",
            ),
            Mistake(
                "product",
                lambda n, k: n + k,
                "only the segment at work is there in full; the others are their checkpoints.",
            ),
            Mistake(
                "two segments",
                lambda n, k: n // k + 2 * k,
                "one segment at a time is computed again: the last one's arrays are gone by then.",
            ),
        ],
        hints=[
            "How many segments are there?",
            "One checkpoint for each, and the arrays of one segment.",
            "{n} / {k} + {k}.",
        ],
        solution="{n} / {k} checkpoints and {k} arrays of a segment: <b>{answer}</b>.",
    ),
]
