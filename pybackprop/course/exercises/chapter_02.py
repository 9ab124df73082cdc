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
    "one number per row has lost its axis. Of shape (m,), these numbers are spread over the "
    "columns, or fit nowhere: keepdims=True keeps them at their rows."
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


def mse_with_gradient(A, Y):
    """Return the loss mse, a number, and its slope for each entry of A."""
    miss = A - Y
    return (miss**2).mean(), 2 * miss / A.size


def mse_with(
    loss: Any = lambda miss: (miss**2).mean(),
    slopes: Any = lambda miss: 2 * miss / miss.size,
) -> Any:
    """Return mse and its gradient with one of the two exchanged, for a mistake in it."""

    def wrong(A: Any, Y: Any) -> tuple[Any, Any]:
        return loss(A - Y), slopes(A - Y)

    return wrong


def mse_by_loops(A: Any, Y: Any) -> Any:
    total, slopes = 0.0, []
    m, n = len(A), len(A[0])
    for row, targets in zip(A, Y, strict=True):
        total += sum((a - y) * (a - y) for a, y in zip(row, targets, strict=True))
        slopes.append([2 / (m * n) * (a - y) for a, y in zip(row, targets, strict=True)])
    return total / (m * n), slopes


def output_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[0.8, 0.1]]), np.array([[1.0, 0.0]])),
        (np.array([[0.8, 0.1], [0.4, 0.3]]), np.array([[1.0, 0.0], [0.0, 1.0]])),
        (rng.normal(size=(4, 3)), rng.normal(size=(4, 3))),
        (rng.normal(size=(3, 1)), rng.normal(size=(3, 1))),
    ]


def bce_slopes(Z, Y):
    """Return the slopes of bce for each output A, and for each logit Z."""
    A = 1 / (1 + np.exp(-Z))
    by_output = (A - Y) / (A * (1 - A)) / len(Z)
    by_logit = by_output * A * (1 - A)
    return by_output, by_logit


def bce_slopes_with(
    output: Any = sigmoid,
    outer: Any = lambda A, Y: (A - Y) / (A * (1 - A)) / len(A),
    chain: Any = lambda outer, A: outer * A * (1 - A),
) -> Any:
    """Return both slopes of bce with one step exchanged; what follows is made of it."""

    def wrong(Z: Any, Y: Any) -> tuple[Any, Any]:
        A = output(Z)
        by_output = outer(A, Y)
        return by_output, chain(by_output, A)

    return wrong


def cross_entropy_of_classes(A, classes):
    """Return the cross-entropy of probabilities A, a number."""
    of_true_class = A[np.arange(len(A)), classes]
    return -np.log(of_true_class).mean()


def classes_by_loops(A: Any, classes: Any) -> Any:
    return -sum(math.log(row[k]) for row, k in zip(A, classes, strict=True)) / len(classes)


def class_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[0.5, 0.3, 0.2]]), np.array([1])),
        (np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([0, 0])),
        (softmax(rng.normal(size=(5, 4))), np.array([2, 0, 3, 1, 1])),
    ]


def safe_softmax(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def safe_softmax_given(Z):
    """Return the softmax of each row of Z, whatever the size of its logits."""
    E = np.exp(Z - Z.max())
    return E / E.sum(axis=1, keepdims=True)


def softmax_with(
    shift: Any = lambda Z: Z - Z.max(axis=1, keepdims=True),
    total: Any = lambda E: E.sum(axis=1, keepdims=True),
) -> Any:
    """Return a softmax with one of its pieces exchanged, for a mistake in it."""

    def wrong(Z: Any) -> Any:
        E = np.exp(shift(Z))
        return E / total(E)

    return wrong


def large_logit_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[0.5, -1.0]]),),
        (rng.normal(size=(3, 3)),),
        (rng.normal(size=(2, 4)),),
        (np.array([[1000.0, 999.0], [0.0, 1.0]]),),
        (np.array([[1000.0, -900.0, -1e3], [1000.0, 999.0, -1e3], [-1e3, -1001.0, -999.0]]),),
    ]


def squares(a1: float, a2: float, a3: float, a4: float) -> float:
    """The squared errors of two examples with two outputs; the targets are 1, 0 and 0, 1."""
    return (a1 - 1) ** 2 + a2**2 + a3**2 + (a4 - 1) ** 2


def share(z1: float, z2: float, z3: float) -> float:
    return float(softmax([[z1, z2, z3]])[0, 1])


def slope_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[0.25, 0.75]]), np.array([[1.0, 0.0]])),
        (np.array([[0.2, 0.8], [0.9, 0.1], [0.6, 0.4]]), np.eye(2)[[0, 1, 1]]),
        (softmax(rng.normal(size=(2, 3))), np.eye(3)[[2, 0]]),
    ]


def fused_delta(a, y):
    return (a - y) / len(a)


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
                "square of the sum",
                lambda a1, a2, a3, a4: ((a1 - 1 + a2) ** 2 + (a3 + a4 - 1) ** 2) / 2,
                "you added the two misses of an example and then squared. Square each, then add.",
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
    Code(
        id="02-mse_with_gradient",
        title="A loss and its own gradient",
        question=(
            "Write <code>mse_with_gradient(A, Y)</code> for outputs <code>A</code> and targets "
            "<code>Y</code>, both of shape (<var>m</var>, <var>n</var>). It returns two results: "
            "the loss <code>mse</code>, a number, and its slope for each output, in the shape of "
            "<code>A</code>. Both must follow the same convention."
        ),
        cases=output_cases,
        solution=mse_with_gradient,
        made_of=mse_with,
        alternatives=[
            mse_by_loops,
            lambda A, Y: (np.mean(np.sum((Y - A) ** 2, axis=1)) / A.shape[1], (A - Y) * 2 / Y.size),
        ],
        mistakes=[
            Mistake(
                "sse",
                {
                    "loss": lambda miss: (miss**2).sum() / len(miss),
                    "slopes": lambda miss: 2 * miss / len(miss),
                },
                "both results are those of <code>sse</code>. They agree with each other, but "
                "<code>mse</code> takes the mean over the outputs, too.",
            ),
            Mistake(
                "half",
                {
                    "loss": lambda miss: (miss**2).mean() / 2,
                    "slopes": lambda miss: miss / miss.size,
                },
                "both results are half of what they should be. They agree with each other, but "
                "<code>mse</code> has no ½.",
            ),
            Mistake(
                "loss of sse",
                {"loss": lambda miss: (miss**2).sum() / len(miss)},
                "the loss is <code>sse</code>: <code>mse</code> divides by the number of outputs, "
                "too.",
            ),
            Mistake(
                "half the loss",
                {"loss": lambda miss: (miss**2).mean() / 2},
                "the loss has a ½ that is not in <code>mse</code>.",
            ),
            Mistake(
                "loss of the sum",
                {"loss": lambda miss: (miss**2).sum()},
                "the loss is a sum over everything; <code>mse</code> is a mean.",
            ),
            Mistake(
                "one loss per example",
                {"loss": lambda miss: (miss**2).mean(axis=1)},
                "the loss is one number for each example; one for the batch is asked for.",
            ),
            Mistake(
                "root",
                {"loss": lambda miss: np.sqrt((miss**2).mean())},
                "the loss has a root that is not in <code>mse</code>.",
            ),
            Mistake(
                "slopes of sse",
                {"slopes": lambda miss: 2 * miss / len(miss)},
                "the slopes are those of <code>sse</code>: the mean over the outputs belongs into "
                "them, too.",
            ),
            Mistake(
                "slopes without the 2",
                {"slopes": lambda miss: miss / miss.size},
                "the 2 of the square is missing in the slopes. Nothing cancels it in "
                "<code>mse</code>.",
            ),
            Mistake(
                "slopes of the sum",
                {"slopes": lambda miss: 2 * miss},
                "the slopes are those of a sum: what the loss divides by, its slopes inherit.",
            ),
            Mistake(
                "sign of the slopes",
                {"slopes": lambda miss: -2 * miss / miss.size},
                "the slopes have the wrong sign: the derivative of (a − y)² has a − y.",
            ),
            Mistake(
                "mean of the slopes",
                {"slopes": lambda miss: 2 * miss.mean()},
                "the slopes are averaged to one number. Each output has a slope of its own.",
            ),
        ],
        hints=[
            "By how many numbers does <code>mse</code> divide the sum of the squares?",
            "Only one term of the sum holds a given output. Its derivative is 2 (a − y).",
            "The loss is the mean of all (A − Y)²; the slopes are 2 (A − Y), over the same m · n.",
        ],
        reason=(
            "L3 with <var>f</var> = 2/<var>n</var>. Slopes of another convention than their loss "
            "point the right way, and make steps of another length."
        ),
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
            "outputs, averaged over the examples. A target may be a probability, too, any number "
            "from 0 to 1. The result is a number."
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
                "one number per example",
                lambda A, Y: -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum(axis=1),
                "that is one loss per example; one number for the batch is asked for.",
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
    Code(
        id="02-bce_slopes",
        title="The way back through a sigmoid output",
        question=(
            "The outputs of a network are sigmoids of the logits <code>Z</code>, its loss is "
            "<code>bce</code>. Write <code>bce_slopes(Z, Y)</code>. It returns two results in the "
            "shape of <code>Z</code>, (<var>m</var>, <var>n</var>): the slopes "
            "∂<var>C</var>/∂<var>a</var> for the outputs, and, made from them by the chain rule, "
            "the slopes ∂<var>C</var>/∂<var>z</var> for the logits. (Logits are of moderate size "
            "here.)"
        ),
        cases=lambda rng: [
            (np.array([[2.0]]), np.array([[1.0]])),
            (np.array([[2.0, -1.0]]), np.array([[1.0, 0.0]])),
            (rng.normal(size=(4, 3)), np.eye(3)[[0, 2, 1, 1]]),
        ],
        solution=bce_slopes,
        made_of=bce_slopes_with,
        alternatives=[
            lambda Z, Y: (
                ((1 - Y) / (1 - sigmoid(Z)) - Y / sigmoid(Z)) / len(Y),
                (sigmoid(Z) - Y) / len(Y),
            ),
            lambda Z, Y: [
                np.where(Y == 1, -1 - np.exp(-Z), 1 + np.exp(Z)) / len(Z),
                (1 / (1 + np.exp(-Z)) - Y) / len(Z),
            ],
        ],
        mistakes=[
            Mistake(
                "sign",
                {"outer": lambda A, Y: (Y - A) / (A * (1 - A)) / len(A)},
                "∂C/∂a has the wrong sign, and ∂C/∂z inherits it: where the answer is yes, a "
                "larger a lowers the loss.",
            ),
            Mistake(
                "no 1/m",
                {"outer": lambda A, Y: (A - Y) / (A * (1 - A))},
                "∂C/∂a lacks the 1/m of the loss, and ∂C/∂z inherits that.",
            ),
            Mistake(
                "sign of the second term",
                {"outer": lambda A, Y: (-Y / A - (1 - Y) / (1 - A)) / len(A)},
                "∂C/∂a has the wrong sign where the answer is no. The derivative of log(1 − a) has "
                "a minus of its own, from the inside.",
            ),
            Mistake(
                "yes only",
                {"outer": lambda A, Y: -Y / A / len(A)},
                "∂C/∂a has the term of y = 1 only. Where the answer is no, the other one counts.",
            ),
            Mistake(
                "slope above the line",
                {"outer": lambda A, Y: (A - Y) * A * (1 - A) / len(A)},
                "in ∂C/∂a you multiplied by a (1 − a). It stands below the line.",
            ),
            Mistake(
                "mean over everything",
                {"outer": lambda A, Y: (A - Y) / (A * (1 - A)) / A.size},
                "∂C/∂a is divided by the number of outputs, too. <code>bce</code> adds up over "
                "them.",
            ),
            Mistake(
                "error in both places",
                {
                    "outer": lambda A, Y: (A - Y) / len(A),
                    "chain": lambda outer, A: outer,
                },
                "a − y, over m, is ∂C/∂z. It is not ∂C/∂a, too: there the division by a (1 − a) "
                "has not been cancelled yet.",
            ),
            Mistake(
                "no slope",
                {"chain": lambda outer, A: outer},
                "∂C/∂z needs one more link: the slope of the sigmoid.",
            ),
            Mistake(
                "sigma for sigma prime",
                {"chain": lambda outer, A: outer * A},
                "on the way to ∂C/∂z you multiplied by a, which is σ(z). The slope is a (1 − a).",
            ),
            Mistake(
                "slope at a",
                {"chain": lambda outer, A: outer * sigmoid(A) * (1 - sigmoid(A))},
                "on the way to ∂C/∂z the activations went through the sigmoid once more: from a "
                "the slope is a (1 − a).",
            ),
            Mistake(
                "1/m once more",
                {"chain": lambda outer, A: outer * A * (1 - A) / len(A)},
                "in ∂C/∂z the 1/m is there twice: it came with ∂C/∂a.",
            ),
            Mistake(
                "logits for outputs",
                {"output": lambda Z: Z},
                "you took the logits for the outputs. The outputs are σ(Z).",
            ),
        ],
        hints=[
            "Three steps: the outputs, then ∂C/∂a, then one more link of the chain.",
            "L5 is ∂C/∂a. The link from z to a is the slope of the sigmoid, a (1 − a).",
            "A = σ(Z), then (A − Y) / (A (1 − A)) / m, then that times A (1 − A).",
        ],
        reason=(
            "∂<var>C</var>/∂<var>z</var> is the plain error over <var>m</var>, and may be written "
            "so at once: that is L6, and safe where <var>a</var> has rounded to 0 or 1."
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
    Numeric(
        id="02-loss-of-logits",
        title="From logits to the loss",
        question=(
            "Three classes have the logits <var>z</var> = ({z1}, {z2}, {z3}), and the first class "
            "is the right one. What does softmax with <code>cross_entropy</code> cost for this "
            "example?"
        ),
        draw=lambda rng: (
            {"z1": between(rng, 0.5, 2.5)} | {f"z{k}": between(rng, 0.1, 2.0) for k in (2, 3)}
        ),
        answer=lambda z1, z2, z3: (
            -math.log(math.exp(z1) / (math.exp(z1) + math.exp(z2) + math.exp(z3)))
        ),
        digits=3,
        mistakes=[
            Mistake(
                "probability",
                lambda z1, z2, z3: math.exp(z1) / (math.exp(z1) + math.exp(z2) + math.exp(z3)),
                "that is the probability of the right class, and it is right. One step is left.",
            ),
            Mistake(
                "no minus",
                lambda z1, z2, z3: math.log(
                    math.exp(z1) / (math.exp(z1) + math.exp(z2) + math.exp(z3))
                ),
                "the minus is missing: the logarithm of a probability is negative, a loss is not.",
            ),
            Mistake(
                "no exponential",
                lambda z1, z2, z3: -math.log(z1 / (z1 + z2 + z3)),
                "for the probability you divided the logits themselves; they go through the "
                "exponential first. The logarithm of it was right.",
            ),
            Mistake(
                "odds",
                lambda z1, z2, z3: -math.log(math.exp(z1) / (math.exp(z2) + math.exp(z3))),
                "for the probability you divided by the other classes alone; the sum has all "
                "three. The logarithm of it was right.",
            ),
            Mistake(
                "sigmoid",
                lambda z1, z2, z3: -math.log(sigmoid(z1)),
                "for the probability you took a sigmoid of one logit; softmax looks at all three. "
                "The logarithm of it was right.",
            ),
            Mistake(
                "second class",
                lambda z1, z2, z3: (
                    -math.log(math.exp(z2) / (math.exp(z1) + math.exp(z2) + math.exp(z3)))
                ),
                "that is the loss if the second class were right.",
            ),
            Mistake(
                "log-sum-exp alone",
                lambda z1, z2, z3: math.log(math.exp(z1) + math.exp(z2) + math.exp(z3)),
                "that is the logarithm of the sum below the line. The logit of the right class is "
                "still to be subtracted.",
            ),
            Mistake(
                "wrong answers only",
                lambda z1, z2, z3: (
                    -math.log(1 - math.exp(z1) / (math.exp(z1) + math.exp(z2) + math.exp(z3)))
                ),
                "that is the logarithm of all that went to the wrong classes.",
            ),
            Mistake(
                "base 10",
                lambda z1, z2, z3: (
                    -math.log10(math.exp(z1) / (math.exp(z1) + math.exp(z2) + math.exp(z3)))
                ),
                "that is the logarithm to base 10; the loss has the natural one.",
            ),
            Mistake(
                "all classes",
                lambda z1, z2, z3: (
                    3 * math.log(math.exp(z1) + math.exp(z2) + math.exp(z3)) - z1 - z2 - z3
                ),
                "you added up the losses of all three classes. The targets of the wrong ones are "
                "0.",
            ),
        ],
        hints=[
            "Two steps: the probability of the right class, then minus its logarithm.",
            "Its probability is its share of the three exponentials.",
            "−log(e<sup>{z1}</sup> / (e<sup>{z1}</sup> + e<sup>{z2}</sup> + e<sup>{z3}</sup>)).",
        ],
        solution="The probability is {p}, and the loss −log {p} = <b>{answer}</b>.",
        steps=lambda z1, z2, z3: {"p": math.exp(z1) / (math.exp(z1) + math.exp(z2) + math.exp(z3))},
    ),
    Code(
        id="02-cross_entropy_of_classes",
        title="Cross-entropy of class numbers",
        question=(
            "Targets often come as the number of the right class, counted from 0. Write "
            "<code>cross_entropy_of_classes(A, classes)</code>. <code>A</code> holds "
            "probabilities, (<var>m</var>, <var>n</var>), <code>classes</code> a whole number for "
            "each example, (<var>m</var>,). The result is a number: the mean over the examples."
        ),
        cases=class_cases,
        solution=cross_entropy_of_classes,
        alternatives=[
            classes_by_loops,
            lambda A, classes: -(np.eye(A.shape[1])[classes] * np.log(A)).sum() / len(A),
            lambda A, classes: -np.log(np.take_along_axis(A, classes[:, None], axis=1)).mean(),
        ],
        mistakes=[
            Mistake(
                "these columns of every row",
                lambda A, classes: -np.log(A[:, classes]).mean(),
                "<code>A[:, classes]</code> takes these columns from <i>every</i> row, (m, m) "
                "numbers. Each row has one class: give the rows, too.",
            ),
            Mistake(
                "no minus",
                lambda A, classes: np.log(A[np.arange(len(A)), classes]).mean(),
                "the sign is wrong: logarithms of probabilities are negative, the loss is not.",
            ),
            Mistake(
                "sum over the batch",
                lambda A, classes: -np.log(A[np.arange(len(A)), classes]).sum(),
                "that is the sum over the examples; this loss takes their mean.",
            ),
            Mistake(
                "mean over everything",
                lambda A, classes: -np.log(A[np.arange(len(A)), classes]).sum() / A.size,
                "you divided by the number of classes, too. One term per example is left; the mean "
                "is over the examples.",
            ),
            Mistake(
                "logarithm of the mean",
                lambda A, classes: -np.log(A[np.arange(len(A)), classes].mean()),
                "you took the mean first and the logarithm afterwards. Each example has a "
                "logarithm of its own.",
            ),
            Mistake(
                "all classes",
                lambda A, classes: -np.log(A).sum() / len(A),
                "that is the loss over all classes. The wrong ones have the target 0 and cost "
                "nothing.",
            ),
            Mistake(
                "wrong answers only",
                lambda A, classes: -np.log(1 - A[np.arange(len(A)), classes]).mean(),
                "that is the logarithm of what went to the wrong classes.",
            ),
            Mistake(
                "counted from 1",
                lambda A, classes: -np.log(A[np.arange(len(A)), classes - 1]).mean(),
                "you took the column before. The classes are counted from 0, as columns are.",
            ),
            Mistake(
                "no logarithm",
                lambda A, classes: (1 - A[np.arange(len(A)), classes]).mean(),
                "that is the mean of 1 − p. Cross-entropy has minus the logarithm of p.",
            ),
            Mistake(
                "the network's own choice",
                lambda A, classes: -np.log(A.max(axis=1)).mean(),
                "you took the largest probability of each row. What counts is that of the right "
                "class.",
            ),
            Mistake(
                "base 2",
                lambda A, classes: -np.log2(A[np.arange(len(A)), classes]).mean(),
                "that is in bits; this book takes the natural logarithm, np.log.",
            ),
            Mistake(
                "one number per example",
                lambda A, classes: -np.log(A[np.arange(len(A)), classes]),
                "that is one loss per example; one number for the batch is asked for.",
            ),
        ],
        hints=[
            "L9 has two forms. Which one needs no one-hot targets?",
            "Take one probability from each row: row i, column classes[i]. A loop will do.",
            "A[np.arange(len(A)), classes] are these probabilities. Then the mean of −log.",
        ],
        reason=(
            "Of the sum over the classes one term is left, so there is no need to build a matrix "
            "of zeros and ones."
        ),
    ),
    Code(
        id="02-fused_delta",
        title="Delta of softmax and cross-entropy",
        question=(
            "Type a formula for ∂<var>C</var>/∂<var>z</var>: the slope of "
            "<code>cross_entropy</code>, averaged over the examples, by the logits of a batch."
        ),
        names={
            "a": "outputs of softmax, shape (<var>m</var>, <var>n</var>)",
            "y": "one-hot targets, shape (<var>m</var>, <var>n</var>)",
        },
        cases=slope_cases,
        solution=fused_delta,
        alternatives=[
            lambda a, y: a / a.shape[0] - y / a.shape[0],
            lambda a, y: -(y - a) * (1 / len(y)),
        ],
        mistakes=[
            Mistake(
                "no 1/m",
                lambda a, y: a - y,
                "the loss is averaged over the examples, and so is its slope.",
            ),
            Mistake(
                "sign",
                lambda a, y: (y - a) / len(a),
                "the sign is wrong: a larger logit of a wrong class raises the loss.",
            ),
            Mistake(
                "slope once more",
                lambda a, y: (a - y) * a * (1 - a) / len(a),
                "a (1 − a) is in it once more than it should be; the difference has the slope of "
                "softmax in it already.",
            ),
            Mistake(
                "by the outputs",
                lambda a, y: -y / a / len(a),
                "that is ∂C/∂a, the slope by the outputs. The logits stand before softmax.",
            ),
            Mistake(
                "mean over everything",
                lambda a, y: (a - y) / a.size,
                "you divided by the number of all entries; the loss has one term an example.",
            ),
            Mistake(
                "diagonal alone",
                lambda a, y: -y * (1 - a) / len(a),
                "each logit changes all outputs. You went through its own alone.",
            ),
            Mistake(
                "squared error",
                lambda a, y: (a - y) ** 2 / len(a),
                "that is a squared error; a slope can be negative.",
            ),
        ],
        hints=[
            "It is as short as the one of a sigmoid with bce.",
            "For one example: output minus target.",
            "How many examples are there? len(a) counts rows.",
        ],
        reason="For each example it is a − y (L10); the mean over the examples divides it by m.",
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
    Numeric(
        id="02-log-sum-exp",
        title="A sum that no computer can hold",
        question=(
            "What is log(e<sup>{z1}</sup> + e<sup>{z2}</sup>)? The exponentials overflow; your "
            "calculator will not do it as it stands."
        ),
        draw=lambda rng: (lambda z1, d: {"z1": z1, "z2": round(z1 - d, 1)})(
            int(rng.integers(800, 2000)), between(rng, 0.3, 2.5)
        ),
        answer=lambda z1, z2: z1 + math.log(1 + math.exp(z2 - z1)),
        digits=3,
        mistakes=[
            Mistake(
                "not added back",
                lambda z1, z2: math.log(1 + math.exp(z2 - z1)),
                "that is the logarithm after the largest number was subtracted, and it is right. "
                "Now add that number again.",
            ),
            Mistake(
                "the largest alone",
                lambda z1, z2: z1,
                "that is the larger of the two. It is near, but the other one counts, too.",
            ),
            Mistake(
                "sum",
                lambda z1, z2: z1 + z2,
                "that is the logarithm of the product of the exponentials. A sum has no such rule.",
            ),
            Mistake(
                "wrong one subtracted",
                lambda z1, z2: z1 + math.log(1 + math.exp(z1 - z2)),
                "inside you have e to the difference, inside out: the larger exponential became "
                "1, the other one is smaller.",
            ),
            Mistake(
                "smaller one added back",
                lambda z1, z2: z2 + math.log(1 + math.exp(z2 - z1)),
                "you took out the larger number and added the smaller one back.",
            ),
            Mistake(
                "mean",
                lambda z1, z2: z1 + math.log((1 + math.exp(z2 - z1)) / 2),
                "that is the logarithm of the mean of both; their sum is asked for.",
            ),
            Mistake(
                "no logarithm",
                lambda z1, z2: z1 + 1 + math.exp(z2 - z1),
                "you added the sum itself to the largest number; its logarithm belongs there.",
            ),
        ],
        hints=[
            "Take the larger exponential out of the sum.",
            "log(e<sup>c</sup> · <var>s</var>) = c + log <var>s</var>, with c = {z1}.",
            "{z1} + log(1 + e<sup>{z2} − {z1}</sup>).",
        ],
        solution=(
            "With {z1} taken out, the sum is 1 + e<sup>−{d}</sup> = {s}. Its logarithm is {log}, "
            "and {z1} + {log} = <b>{answer}</b>."
        ),
        steps=lambda z1, z2: {
            "d": f"{z1 - z2:.1f}",
            "s": 1 + math.exp(z2 - z1),
            "log": math.log(1 + math.exp(z2 - z1)),
        },
    ),
    Code(
        id="02-safe_softmax",
        title="Mend a softmax",
        question=(
            "This program passed its test with one example, logits of ±1000 and all. With a batch "
            "it gives <code>nan</code> at times. Find such a case, and mend the program. "
            "<code>Z</code> and the result have the shape (<var>m</var>, <var>n</var>), one "
            "example per row."
        ),
        cases=large_logit_cases,
        solution=safe_softmax,
        made_of=softmax_with,
        given=safe_softmax_given,
        alternatives=[
            lambda Z: np.exp(Z - np.logaddexp.reduce(Z, axis=1)[:, None]),
            lambda Z: [np.exp(z - max(z)) / np.exp(z - max(z)).sum() for z in Z],
        ],
        mistakes=[
            Mistake(
                "largest of the batch",
                {"shift": lambda Z: Z - Z.max()},
                "it subtracts the largest logit of the whole batch. A row that lies far below it "
                "becomes exponentials that are all 0, and 0/0 is <code>nan</code>.",
            ),
            Mistake(
                "nothing subtracted",
                {"shift": lambda Z: Z},
                "now nothing is subtracted, and np.exp(1000) is infinite.",
            ),
            Mistake(
                "no keepdims for the largest",
                {"shift": lambda Z: Z - Z.max(axis=1)},
                "the largest logits have lost their axis. Of shape (m,), they are spread over the "
                "columns, or fit nowhere: keepdims=True keeps each at its row.",
            ),
            Mistake(
                "largest of each column",
                {"shift": lambda Z: Z - Z.max(axis=0)},
                "from each column, a class, you subtract another number. The probabilities of a "
                "row stay the same only if all its logits lose the same.",
            ),
            Mistake(
                "smallest",
                {"shift": lambda Z: Z - Z.min(axis=1, keepdims=True)},
                "with the smallest logit at 0, the others may still be too large for np.exp.",
            ),
            Mistake(
                "cut off",
                {"shift": lambda Z: np.minimum(Z, 700)},
                "you cut the logits off. Large ones that differ become equal, and so do their "
                "probabilities.",
            ),
            Mistake(
                "divided by the largest",
                {"shift": lambda Z: Z / np.abs(Z).max(axis=1, keepdims=True)},
                "you divided by the largest logit. Softmax sees differences, and dividing changes "
                "them; subtracting does not.",
            ),
            Mistake(
                "mean subtracted",
                {"shift": lambda Z: Z - Z.mean(axis=1, keepdims=True)},
                "with the mean at 0, the largest logit may still be too large for np.exp.",
            ),
            Mistake(
                "sum over the batch",
                {"total": lambda E: E.sum()},
                "the sum below the line runs over the whole batch. It was right: each row has its "
                "own.",
            ),
            Mistake(
                "no keepdims for the sum",
                {"total": lambda E: E.sum(axis=1)},
                "the sums have lost their axis. It was right: keepdims=True keeps each at its row.",
            ),
        ],
        hints=[
            "The program subtracts one number from everything. Whose largest logit is it?",
            "Try two rows: the logits 1000 and 999, and below them 0 and 1.",
            "Each row needs its own: Z.max(axis=1, keepdims=True).",
        ],
        reason=(
            "With its own largest logit at 0, each row has a term e<sup>0</sup> = 1 in its sum, so "
            "no sum is 0."
        ),
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
