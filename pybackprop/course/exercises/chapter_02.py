"""Exercises of chapter 2, losses."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math
from typing import Any

import numpy as np

from ...activations import ACTIVATIONS
from .model import Choice, Code, Mistake, Numeric, Option, between

sigmoid, softmax = ACTIVATIONS["sigmoid"], ACTIVATIONS["softmax"]


def binary_cross_entropy(A, Y):
    losses = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    return losses.sum() / len(A)


PAIRS_OF_EXAMPLES = (
    "a product such as Y @ np.log(A).T pairs each example with every other one. Multiply entry by "
    "entry: Y * np.log(A)."
)


def bce_by_loops(A: Any, Y: Any) -> Any:
    total = 0.0
    for row, targets in zip(A, Y, strict=True):
        for a, y in zip(row, targets, strict=True):
            total -= y * math.log(a) + (1 - y) * math.log(1 - a)
    return total / len(A)


def bce_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[0.8]]), np.array([[1.0]])),
        (np.array([[0.8, 0.4]]), np.array([[1.0, 0.0]])),
        (rng.uniform(0.1, 0.9, size=(3, 2)), np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])),
        (rng.uniform(0.1, 0.9, size=(5, 3)), rng.uniform(size=(5, 3))),
    ]


def softmax_cross_entropy(Z, Y):
    Z = Z - Z.max(axis=1, keepdims=True)
    logs = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    loss = -(Y * logs).sum() / len(Z)
    return loss, (np.exp(logs) - Y) / len(Z)


def cross_entropy_with(
    shift: Any = lambda Z: Z - Z.max(axis=1, keepdims=True),
    total: Any = lambda E: E.sum(axis=1, keepdims=True),
    logs: Any = lambda Z, total: Z - np.log(total(np.exp(Z))),
    loss: Any = lambda logs, Y: -(Y * logs).sum() / len(Y),
    delta: Any = lambda A, Y: (A - Y) / len(Y),
) -> Any:
    """Return the loss and its delta with one of their pieces exchanged, for a mistake in it."""

    def wrong(Z: Any, Y: Any) -> tuple[Any, Any]:
        logarithms = logs(shift(Z), total)
        return loss(logarithms, Y), delta(np.exp(logarithms), Y)

    return wrong


def log_of_shares(Z: Any, total: Any) -> Any:
    """The logarithms of a softmax as its name says, without care for large numbers."""
    return np.log(np.exp(Z) / total(np.exp(Z)))


NO_KEEPDIMS = (
    "one number a row has lost its axis. Of shape (m,), these numbers are spread over the columns, "
    "or fit nowhere: keepdims=True keeps them at their rows."
)

DIAGONAL = (
    "the way back through softmax is not entry by entry: each probability depends on all logits of "
    "its row. You took the diagonal of its Jacobian, a (1 − a), alone."
)


def in_another_way(Z: Any, Y: Any) -> Any:
    top = np.max(Z, axis=1)
    partition = top + np.log(np.einsum("ik->i", np.exp(Z - top[:, None])))
    true = np.einsum("ik,ik->i", Y, Z)
    return [np.mean(partition - true), (np.exp(Z - partition[:, None]) - Y) / Z.shape[0]]


def logit_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    some = rng.normal(size=(4, 3))
    return [
        (np.array([[0.5, -1.0]]), np.array([[1.0, 0.0]])),
        (np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])),
        (some, np.eye(3)[[2, 0, 1, 1]]),
        (np.array([[1000.0, 990.0, -1000.0]]), np.array([[0.0, 1.0, 0.0]])),
    ]


def squares(a1: float, a2: float, a3: float, a4: float) -> float:
    """The squared errors of two examples with two outputs; the targets are 1, 0 and 0, 1."""
    return (a1 - 1) ** 2 + a2**2 + a3**2 + (a4 - 1) ** 2


def share(z1: float, z2: float, z3: float) -> float:
    return float(softmax([[z1, z2, z3]])[0, 1])


EXERCISES = [
    Numeric(
        id="02-squared-error",
        title="A squared error and its convention",
        question=(
            "Two examples with two outputs each: <var>a</var> = [({a1}, {a2}), ({a3}, {a4})] and "
            "<var>y</var> = [(1, 0), (0, 1)]. What is the loss <code>sse</code>, summed over the "
            "outputs and averaged over the examples?"
        ),
        draw=lambda rng: {f"a{k}": between(rng, 0.1, 0.9) for k in (1, 2, 3, 4)},
        answer=lambda **a: squares(**a) / 2,
        digits=4,
        mistakes=[
            Mistake(
                "sum over the batch",
                squares,
                "that is the sum over both examples; this loss takes their mean.",
            ),
            Mistake(
                "mean over everything",
                lambda **a: squares(**a) / 4,
                "that is <code>mse</code> (here also <code>half_sse</code>). This loss averages "
                "over the examples only, and has no ½.",
            ),
            Mistake(
                "no squares",
                lambda a1, a2, a3, a4: (abs(a1 - 1) + a2 + a3 + abs(a4 - 1)) / 2,
                "the misses are not squared.",
            ),
            Mistake(
                "root",
                lambda **a: math.sqrt(squares(**a) / 2),
                "you took the root of it. The loss is the mean of the squares itself.",
            ),
        ],
        hints=[
            "Four misses, four squares.",
            "Add up the two squares of an example. Then take the mean over the two examples.",
            "(({a1} − 1)² + {a2}² + {a3}² + ({a4} − 1)²) / 2.",
        ],
        solution=(
            "The squares add up to {total}. Over two examples that is <b>{answer}</b>. "
            "Half of it would be <code>half_sse</code>, and <code>mse</code> divides it by the "
            "two outputs."
        ),
        steps=lambda **a: {"total": squares(**a)},
    ),
    Numeric(
        id="02-one-cross-entropy",
        title="One binary cross-entropy",
        question=(
            "The network says <var>a</var> = {a} for yes, and the answer is {word} "
            "(<var>y</var> = {y}). What is the loss <code>bce</code> of this example?"
        ),
        draw=lambda rng: (
            lambda y: {
                "a": between(rng, 0.05, 0.95, 2, avoid=0.5),
                "y": y,
                "word": "yes" if y else "no",
            }
        )(int(rng.integers(0, 2))),
        answer=lambda a, y, word: -math.log(a if y else 1 - a),
        digits=4,
        mistakes=[
            Mistake(
                "other answer",
                lambda a, y, word: -math.log(1 - a if y else a),
                "that is the loss for the opposite answer. Take the probability that the network "
                "gave to what really happened.",
            ),
            Mistake(
                "no minus",
                lambda a, y, word: math.log(a if y else 1 - a),
                "the minus in front is missing: a loss is never below 0 here.",
            ),
            Mistake(
                "base 10",
                lambda a, y, word: -math.log10(a if y else 1 - a),
                "that is the logarithm to base 10; the loss has the natural one.",
            ),
            Mistake(
                "base 2",
                lambda a, y, word: -math.log2(a if y else 1 - a),
                "that is the logarithm to base 2, a loss in bits; this book has the natural one.",
            ),
            Mistake(
                "squared error",
                lambda a, y, word: (a - y) ** 2,
                "that is the squared error.",
            ),
        ],
        hints=[
            "Of the two terms of the formula, one is 0.",
            "What probability did the network give to the answer “{word}”?",
            "Minus the natural logarithm of that probability.",
        ],
        solution=("It gave “{word}” the probability {p}. The loss is −log {p} = <b>{answer}</b>."),
        steps=lambda a, y, word: {"p": f"{a if y else 1 - a:.2f}"},
    ),
    Code(
        id="02-binary_cross_entropy",
        title="Binary cross-entropy of a batch",
        question=(
            "Write <code>binary_cross_entropy(A, Y)</code> of outputs <code>A</code> and targets "
            "<code>Y</code>, both of shape (<var>m</var>, <var>n</var>): summed over the "
            "outputs, averaged over the examples. The result is a number."
        ),
        cases=bce_cases,
        solution=binary_cross_entropy,
        alternatives=[
            bce_by_loops,
            lambda A, Y: np.mean(np.sum(-Y * np.log(A) - (1 - Y) * np.log1p(-A), axis=1)),
            lambda A, Y: (
                -np.einsum("ij,ij->", Y, np.log(A / (1 - A))) / len(A)
                - np.log(1 - A).sum(axis=1).mean()
            ),
        ],
        mistakes=[
            Mistake(
                "no minus",
                lambda A, Y: -binary_cross_entropy(A, Y),
                "the sign is wrong: logarithms of probabilities are negative, the loss is not.",
            ),
            Mistake(
                "mean over everything",
                lambda A, Y: binary_cross_entropy(A, Y) / A.shape[1],
                "that is the mean over the outputs as well; they are summed here.",
            ),
            Mistake(
                "sum over the batch",
                lambda A, Y: binary_cross_entropy(A, Y) * len(A),
                "that is summed over the examples; this loss takes their mean.",
            ),
            Mistake(
                "yes only",
                lambda A, Y: -(Y * np.log(A)).sum() / len(A),
                "only the term of y = 1 is there. Where the answer is no, 1 − a counts.",
            ),
            Mistake(
                "swapped",
                lambda A, Y: binary_cross_entropy(Y * 0 + A, 1 - Y),
                "the two logarithms are swapped: log a goes with y, log(1 − a) with 1 − y.",
            ),
            Mistake(
                "base 2",
                lambda A, Y: binary_cross_entropy(A, Y) / np.log(2),
                "that is in bits; this book takes the natural logarithm, np.log.",
            ),
            Mistake(
                "minus before the first term",
                lambda A, Y: (-Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum() / len(A),
                "the minus stands before the first term only. It belongs before both: "
                "−(y log a + (1 − y) log(1 − a)).",
            ),
            Mistake(
                "minus before the second term",
                lambda A, Y: (Y * np.log(A) - (1 - Y) * np.log(1 - A)).sum() / len(A),
                "the minus stands before the second term only. It belongs before both: "
                "−(y log a + (1 − y) log(1 − a)).",
            ),
            Mistake(
                "pairs of examples",
                lambda A, Y: -(Y @ np.log(A).T + (1 - Y) @ np.log(1 - A).T).sum() / len(A),
                PAIRS_OF_EXAMPLES,
            ),
            Mistake(
                "pairs of examples, not added up",
                lambda A, Y: -(Y @ np.log(A).T + (1 - Y) @ np.log(1 - A).T) / len(A),
                PAIRS_OF_EXAMPLES,
            ),
            Mistake(
                "pairs of outputs",
                lambda A, Y: -(Y.T @ np.log(A) + (1 - Y).T @ np.log(1 - A)).sum() / len(A),
                "a product such as Y.T @ np.log(A) pairs each output with every other one. "
                "Multiply entry by entry: Y * np.log(A).",
            ),
            Mistake(
                "one number an example",
                lambda A, Y: -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum(axis=1),
                "that is one loss an example; one number for the batch is asked for.",
            ),
        ],
        hints=[
            "First the loss of each entry, as an array of the shape of A.",
            "An entry costs −(y log a + (1 − y) log(1 − a)).",
            "Add up all entries, and divide by the number of examples, len(A).",
        ],
        reason=(
            "Summing all entries and dividing by <var>m</var> sums over outputs and averages over "
            "examples in one go."
        ),
    ),
    Numeric(
        id="02-softmax",
        title="A share of a softmax",
        question=(
            "Three classes have the logits <var>z</var> = ({z1}, {z2}, {z3}). Which probability "
            "does softmax give to the second class?"
        ),
        draw=lambda rng: {f"z{k}": between(rng, 0.1, 2.5) for k in (1, 2, 3)},
        answer=share,
        digits=4,
        mistakes=[
            Mistake(
                "no exponential",
                lambda z1, z2, z3: z2 / (z1 + z2 + z3),
                "you divided the logits themselves. They go through the exponential first.",
            ),
            Mistake(
                "sigmoid",
                lambda z1, z2, z3: float(sigmoid(z2)),
                "that is a sigmoid of its logit alone. Softmax looks at all three.",
            ),
            Mistake(
                "odds",
                lambda z1, z2, z3: math.exp(z2) / (math.exp(z1) + math.exp(z3)),
                "below the line stands the sum over all classes, the second one included.",
            ),
            Mistake(
                "not divided",
                lambda z1, z2, z3: math.exp(z2),
                "that is its exponential. Divide it by the sum of all three.",
            ),
            Mistake(
                "logarithm",
                lambda z1, z2, z3: math.log(share(z1, z2, z3)),
                "that is the logarithm of it.",
            ),
        ],
        hints=[
            "Three exponentials, then a division.",
            "Each class gets its share of their sum.",
            "e<sup>{z2}</sup> / (e<sup>{z1}</sup> + e<sup>{z2}</sup> + e<sup>{z3}</sup>).",
        ],
        solution=(
            "The exponentials are {e1}, {e2} and {e3}. The second one's share is {e2} / {total} = "
            "<b>{answer}</b>."
        ),
        steps=lambda z1, z2, z3: {
            "e1": math.exp(z1),
            "e2": math.exp(z2),
            "e3": math.exp(z3),
            "total": math.exp(z1) + math.exp(z2) + math.exp(z3),
        },
    ),
    Choice(
        id="02-which-loss",
        title="Which output, which loss?",
        question=(
            "A network looks at a photo and says for each of 20 things (dog, car, tree, …) whether "
            "it is in the picture. Several may be. Which output layer and loss fit?"
        ),
        right=Option(
            "20 sigmoids with <code>bce</code>",
            "these are 20 yes-or-no questions, each with a probability of its own.",
        ),
        wrong=[
            Option(
                "softmax over 20 with <code>cross_entropy</code>",
                "softmax makes the 20 share one probability of 1: it is for exactly one right "
                "class out of several.",
            ),
            Option(
                "20 sigmoids with <code>cross_entropy</code>",
                "this loss looks at the right class only and trusts softmax to push the others "
                "down. With sigmoids nothing ever would.",
            ),
            Option(
                "identity with <code>sse</code>",
                "it would run, but the outputs are no probabilities, and a certain yes costs as "
                "much as a miss.",
            ),
        ],
        hints=[
            "Must the 20 answers of one photo add up to 1?",
            "How many yes-or-no questions are there?",
            "A yes-or-no question takes a sigmoid.",
        ],
    ),
    Code(
        id="02-softmax_cross_entropy",
        title="Softmax with cross-entropy",
        question=(
            "Write <code>softmax_cross_entropy(Z, Y)</code>. <code>Z</code> holds logits, "
            "<code>Y</code> one-hot targets, both of shape (<var>m</var>, <var>n</var>). Return "
            "the loss, averaged over the examples, and its gradient with respect to "
            "<code>Z</code>, of the shape of <code>Z</code>. Logits of ±1000 must not hurt it."
        ),
        cases=logit_cases,
        solution=softmax_cross_entropy,
        made_of=cross_entropy_with,
        alternatives=[
            in_another_way,
            lambda Z, Y: (
                np.mean(np.logaddexp.reduce(Z, axis=1) - (Y * Z).sum(axis=1)),
                (softmax(Z) - Y) / len(Z),
            ),
        ],
        mistakes=[
            Mistake(
                "overflow",
                {"shift": lambda Z: Z, "logs": log_of_shares},
                "it is right until a logit is large: np.exp(1000) is infinite. Subtract each "
                "row's largest logit first, and keep the logarithm away from 0.",
            ),
            Mistake(
                "0 times log 0",
                {"logs": log_of_shares},
                "a probability rounds to 0, and log 0 is −∞. Take the logarithm before it comes to "
                "that: log softmax = z − log Σ e^z.",
            ),
            Mistake(
                "over the whole batch",
                {"total": lambda E: E.sum()},
                "the sum below the line runs over the whole batch. Each example, a row, has its "
                "own: axis=1, keepdims=True.",
            ),
            Mistake(
                "over columns",
                {"total": lambda E: E.sum(axis=0), "shift": lambda Z: Z - Z.max(axis=0)},
                "the shares are taken down the columns, among examples. Classes stand side by "
                "side: axis=1.",
            ),
            Mistake(
                "delta of the sum",
                {"delta": lambda A, Y: A - Y},
                "the loss is a mean over the examples; its gradient lacks the 1/m.",
            ),
            Mistake(
                "loss of the sum",
                {"loss": lambda logs, Y: -(Y * logs).sum()},
                "the loss is summed over the examples; their mean is asked for.",
            ),
            Mistake(
                "sign of delta",
                {"delta": lambda A, Y: (Y - A) / len(Y)},
                "the gradient has the wrong sign: y − a points downhill, the gradient uphill.",
            ),
            Mistake(
                "slope once more",
                {"delta": lambda A, Y: (A - Y) * A * (1 - A) / len(Y)},
                "you multiplied by a (1 − a). The slope of softmax is in a − y already.",
            ),
            Mistake(
                "mean over everything",
                {
                    "loss": lambda logs, Y: -(Y * logs).mean(),
                    "delta": lambda A, Y: (A - Y) / Y.size,
                },
                "that is averaged over the classes, too. The sum runs over the classes, the mean "
                "over the examples.",
            ),
            Mistake(
                "no keepdims",
                {"total": lambda E: E.sum(axis=1)},
                NO_KEEPDIMS,
            ),
            Mistake(
                "no keepdims, largest logit",
                {"shift": lambda Z: Z - Z.max(axis=1)},
                NO_KEEPDIMS,
            ),
            Mistake(
                "no keepdims, both",
                {"total": lambda E: E.sum(axis=1), "shift": lambda Z: Z - Z.max(axis=1)},
                NO_KEEPDIMS,
            ),
            Mistake(
                "no keepdims, no care for large logits",
                {"total": lambda E: E.sum(axis=1), "shift": lambda Z: Z, "logs": log_of_shares},
                NO_KEEPDIMS,
            ),
            Mistake(
                "diagonal of the Jacobian",
                {"delta": lambda A, Y: -(Y / A) * A * (1 - A) / len(Y)},
                DIAGONAL,
            ),
            Mistake(
                "diagonal of the Jacobian, shortened",
                {"delta": lambda A, Y: -Y * (1 - A) / len(Y)},
                DIAGONAL,
            ),
            Mistake(
                "before the softmax",
                {"delta": lambda A, Y: -(Y / A) / len(Y)},
                "that is ∂C/∂a. The way back through softmax is missing.",
            ),
        ],
        hints=[
            "Softmax does not change when a number is subtracted from all logits of a row.",
            "Subtract each row's maximum. Then log softmax is z − log Σ e<sup>z</sup>, row by row.",
            "The gradient is (softmax(Z) − Y) / m.",
        ],
        reason=(
            "With the largest logit at 0, no exponential exceeds 1, and the sum is at least 1, so "
            "its logarithm is safe. The gradient is the plain error over <var>m</var>."
        ),
    ),
    Choice(
        id="02-sure-and-wrong",
        title="Sure and wrong",
        question=(
            "Predict: the right answer is <var>y</var> = 1, and a sigmoid output says "
            "<var>a</var> = 0.001. Which loss gives the larger output delta "
            "∂<var>C</var>/∂<var>z</var> in size, <code>half_sse</code> or <code>bce</code>, and "
            "by about how much?"
        ),
        right=Option(
            "<code>bce</code>, about a thousand times",
            "with <code>bce</code> the delta is a − y = −0.999. With <code>half_sse</code> it is "
            "multiplied by a (1 − a) and is −0.000998.",
        ),
        wrong=[
            Option(
                "<code>half_sse</code>, since it squares the miss",
                "its gradient is a − y, the same for both up to the slope a (1 − a). How large is "
                "that slope here?",
            ),
            Option(
                "both the same, since the miss is the same",
                "the miss is the same, but only with <code>bce</code> the slope of the sigmoid "
                "cancels.",
            ),
            Option(
                "<code>bce</code>, about four times",
                "a factor of 4 is what the slope costs in the middle, at a = 0.5. Out here the "
                "sigmoid is far flatter.",
            ),
        ],
        hints=[
            "Write down both deltas.",
            "With <code>half_sse</code> the slope <var>a</var> (1 − <var>a</var>) stays in.",
            "What is 0.001 · 0.999?",
        ],
    ),
]
