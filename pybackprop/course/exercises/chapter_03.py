"""Exercises of chapter 3, backpropagation."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math
from typing import Any

import numpy as np

from ...activations import ACTIVATIONS
from .model import Choice, Code, Mistake, Numeric, Option, between

sigmoid = ACTIVATIONS["sigmoid"]


def sigmoid_prime(z):
    a = 1 / (1 + np.exp(-z))
    return a * (1 - a)


def slope(x: float) -> float:
    return math.exp(-x) / (1 + math.exp(-x)) ** 2


def z_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([0.0]),),
        (np.array([-2.0, 3.0]),),
        (rng.normal(size=(3, 2)),),
        (rng.normal(size=(4, 1)),),
    ]


def output_delta(z, y):
    a = 1 / (1 + np.exp(-z))
    return (a - y) * a * (1 - a) / len(z)  # BP1


def output_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[1.0]]), np.array([[1.0]])),
        (np.array([[-1.0], [2.0]]), np.array([[1.0], [0.0]])),
        (rng.normal(size=(3, 2)), rng.uniform(size=(3, 2))),
    ]


def backward_step(delta, W, z):
    a = 1 / (1 + np.exp(-z))
    return delta @ W * a * (1 - a)  # BP2


NO_WEIGHTS = (
    "the weights are missing: each delta comes back over the weight between the two neurons, so "
    "delta is multiplied by W first."
)


def step_by_loops(delta: Any, W: Any, z: Any) -> Any:
    return [
        [sum(d * W[k][j] for k, d in enumerate(row)) * slope(z[i][j]) for j in range(len(W[0]))]
        for i, row in enumerate(delta)
    ]


def step_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (rng.normal(size=(1, 2)), rng.normal(size=(2, 2)), rng.normal(size=(1, 2))),
        (rng.normal(size=(2, 1)), rng.normal(size=(1, 3)), rng.normal(size=(2, 3))),
        (rng.normal(size=(5, 2)), rng.normal(size=(2, 4)), rng.normal(size=(5, 4))),
    ]


def backward_pass(W, a, y):
    L = len(W)
    delta = (a[L] - y) / len(y)  # BP1
    grad_W, grad_b = {}, {}
    for l in range(L, 0, -1):
        grad_b[l] = delta.sum(axis=0)  # BP3
        grad_W[l] = delta.T @ a[l - 1]  # BP4
        if l > 1:
            delta = delta @ W[l] * a[l - 1] * (1 - a[l - 1])  # BP2
    return grad_W, grad_b


def recursive(W: Any, a: Any, y: Any) -> Any:
    """The same from the output down, a layer a call, with einsum."""

    def below(l: int, delta: Any) -> tuple[dict[int, Any], dict[int, Any]]:
        if l == 0:
            return {}, {}
        slopes = a[l - 1] * (1 - a[l - 1])
        grad_W, grad_b = below(l - 1, np.einsum("mk,kj,mj->mj", delta, W[l], slopes))
        return (
            grad_W | {l: np.einsum("mk,mj->kj", delta, a[l - 1])},
            grad_b | {l: np.einsum("mk->k", delta)},
        )

    return below(len(W), (a[len(W)] - y) / len(y))


def backward_with(
    start: Any = lambda a, y: (a - y) / len(y),
    down: Any = lambda delta, W, a, own: delta @ W * a * (1 - a),
    weight: Any = lambda delta, a, own: delta.T @ a,
    bias: Any = lambda delta: delta.sum(axis=0),
) -> Any:
    """Return a backward pass with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(W: Any, a: Any, y: Any) -> Any:
        L = len(W)
        delta = {L: start(a[L], y)}
        for l in range(L, 1, -1):
            delta[l - 1] = down(delta[l], W[l], a[l - 1], a[l])
        layers = range(1, L + 1)
        return (
            {l: weight(delta[l], a[l - 1], a[l]) for l in layers},
            {l: bias(delta[l]) for l in layers},
        )

    return wrong


def network_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Weights, activations and targets of networks; the first one has square weights."""
    cases = []
    for m, sizes in [(2, (2, 2, 2)), (3, (2, 3, 1)), (4, (3, 4, 5, 2))]:
        W, a = {}, {0: rng.normal(size=(m, sizes[0]))}
        for l in range(1, len(sizes)):
            W[l] = rng.normal(size=(sizes[l], sizes[l - 1]))
            a[l] = sigmoid(a[l - 1] @ W[l].T + rng.normal(size=sizes[l]))
        cases.append((W, a, rng.uniform(size=(m, sizes[-1]))))
    return cases


EXERCISES = [
    Numeric(
        id="03-output-delta",
        title="The output delta of one neuron",
        question=(
            "One sigmoid output, loss <var>C</var> = (<var>a</var> − <var>y</var>)<sup>2</sup>. "
            "<var>z</var> = {z}, so <var>a</var> = σ(<var>z</var>), and <var>y</var> = {y}. "
            "What is δ = ∂<var>C</var>/∂<var>z</var>?"
        ),
        draw=lambda rng: {
            "z": round(float(rng.choice([-1, 1]) * rng.uniform(0.3, 2)), 1),
            "y": int(rng.integers(0, 2)),
        },
        answer=lambda z, y: 2 * (sigmoid(z) - y) * sigmoid_prime(z),
        digits=4,
        mistakes=[
            Mistake(
                "no slope",
                lambda z, y: 2 * (sigmoid(z) - y),
                "that is ∂C/∂a: you left out σ′(z), the slope of the sigmoid.",
            ),
            Mistake(
                "no 2",
                lambda z, y: (sigmoid(z) - y) * sigmoid_prime(z),
                "that is half of it: the 2 of the square is missing. This loss has no ½.",
            ),
            Mistake(
                "sigma for sigma prime",
                lambda z, y: 2 * (sigmoid(z) - y) * sigmoid(z),
                "you used σ(z) where σ′(z) belongs: σ′ = σ (1 − σ).",
            ),
            Mistake(
                "slope at a",
                lambda z, y: 2 * (sigmoid(z) - y) * sigmoid_prime(sigmoid(z)),
                "you took σ′ at a; its place is z. From a it is a (1 − a).",
            ),
            Mistake(
                "sign",
                lambda z, y: 2 * (y - sigmoid(z)) * sigmoid_prime(z),
                "the size is right, the sign is not: the derivative of (a − y)² has a − y.",
            ),
        ],
        hints=[
            "Two functions stand one inside the other: the square around the sigmoid.",
            "The chain rule: ∂<var>C</var>/∂<var>a</var> times σ′(<var>z</var>).",
            "2 (<var>a</var> − {y}) · <var>a</var> (1 − <var>a</var>) with <var>a</var> = σ({z}).",
        ],
        solution=(
            "<var>a</var> = σ({z}) = {a}. δ = 2 ({a} − {y}) · {a} (1 − {a}) = <b>{answer}</b>."
        ),
        steps=lambda z, y: {"a": f"{sigmoid(z):.4f}"},
    ),
    Code(
        id="03-sigmoid_prime",
        title="The slope of the sigmoid",
        question=(
            "Write <code>sigmoid_prime(z)</code>: σ′(<var>z</var>), entry by entry, "
            "in the shape of <var>z</var>."
        ),
        cases=z_cases,
        solution=sigmoid_prime,
        alternatives=[
            lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
            lambda z: (
                [[slope(x) for x in row] for row in z] if z.ndim == 2 else [slope(x) for x in z]
            ),
        ],
        mistakes=[
            Mistake(
                "sigma itself",
                lambda z: sigmoid(z),
                "that is σ(z) itself; its derivative is asked for.",
            ),
            Mistake(
                "slope of a",
                lambda z: sigmoid_prime(sigmoid(z)),
                "you applied σ′ to σ(z): z was put through the sigmoid twice.",
            ),
            Mistake(
                "z in place of a",
                lambda z: z * (1 - z),
                "that is z (1 − z). The formula a (1 − a) needs a = σ(z), not z.",
            ),
            Mistake(
                "sign in the exponent",
                lambda z: -sigmoid_prime(z),
                "the sign is wrong: σ rises everywhere, so its slope is positive.",
            ),
            Mistake(
                "tanh's slope",
                lambda z: 1 - sigmoid(z) ** 2,
                "1 − a² is the slope of tanh; the sigmoid's is a (1 − a).",
            ),
        ],
        hints=[
            "Write a = σ(z) first and express the derivative in a.",
            "The derivative of 1/(1 + e<sup>−z</sup>) is e<sup>−z</sup>/(1 + e<sup>−z</sup>)².",
            "That fraction equals a (1 − a).",
        ],
        reason="σ′ = e<sup>−z</sup>/(1 + e<sup>−z</sup>)² = a (1 − a) with a = σ(z).",
    ),
    Choice(
        id="03-sign-of-delta",
        title="Which way must the output go?",
        question=(
            "A sigmoid output gives <var>a</var> = 0.8 where <var>y</var> = 1. "
            "Is δ = ∂<var>C</var>/∂<var>z</var> positive, negative or zero?"
        ),
        right=Option(
            "negative",
            "a is below y, so a larger z lowers the loss: the derivative is negative.",
        ),
        wrong=[
            Option(
                "positive",
                "you may have taken y − a: a positive δ says that a larger z raises the loss.",
            ),
            Option("zero", "δ is zero only where a = y, or where the slope of σ vanishes."),
        ],
        hints=[
            "Would you turn z up or down to come nearer to y?",
            "A derivative is positive where the function rises with its variable.",
            "The loss falls as z grows from here.",
        ],
    ),
    Numeric(
        id="03-hidden-delta",
        title="One delta, one layer back",
        question=(
            "A hidden sigmoid neuron has the activation <var>a</var> = {a}. It feeds two neurons, "
            "over the weights {w1} and {w2}. Their deltas are {d1} and {d2}. What is the delta of "
            "the hidden neuron?"
        ),
        draw=lambda rng: {
            "a": between(rng, 0.1, 0.9, avoid=0.5),
            "w1": between(rng, -2, 2),
            "w2": between(rng, -2, 2),
            "d1": between(rng, -1, 1),
            "d2": between(rng, -1, 1),
        },
        answer=lambda a, w1, w2, d1, d2: (w1 * d1 + w2 * d2) * a * (1 - a),
        digits=4,
        mistakes=[
            Mistake(
                "no slope",
                lambda a, w1, w2, d1, d2: w1 * d1 + w2 * d2,
                "that is ∂C/∂a, what arrives at the neuron. To get to its z it still has to pass "
                "the slope of the sigmoid.",
            ),
            Mistake(
                "sigma for sigma prime",
                lambda a, w1, w2, d1, d2: (w1 * d1 + w2 * d2) * a,
                "you multiplied by a, which is σ(z). The slope σ′(z) belongs there.",
            ),
            Mistake(
                "slope at a",
                lambda a, w1, w2, d1, d2: (w1 * d1 + w2 * d2) * slope(a),
                "you put a into σ′. From the activation the slope is a (1 − a).",
            ),
            Mistake(
                "first path only",
                lambda a, w1, w2, d1, d2: w1 * d1 * a * (1 - a),
                "that is one path only. The neuron feeds two: add over the paths.",
            ),
            Mistake(
                "second path only",
                lambda a, w1, w2, d1, d2: w2 * d2 * a * (1 - a),
                "that is the second path only. The neuron feeds two: add over the paths.",
            ),
            Mistake(
                "no weights",
                lambda a, w1, w2, d1, d2: (d1 + d2) * a * (1 - a),
                "the weights are missing: each delta comes back over the weight between.",
            ),
            Mistake(
                "crossed",
                lambda a, w1, w2, d1, d2: (w1 * d2 + w2 * d1) * a * (1 - a),
                "the deltas are crossed: each comes back over the weight that leads to its neuron.",
            ),
        ],
        hints=[
            "Multiply along a path, add over the paths.",
            "Each path: the delta at its end, times the weight. Then the slope, once.",
            "({w1:p} · {d1:p} + {w2:p} · {d2:p}) · {a} (1 − {a}).",
        ],
        solution=(
            "What arrives is {w1:p} · {d1:p} + {w2:p} · {d2:p} = {arrives}. The slope is {a} (1 − "
            "{a}) = {slope}. δ = {arrives:p} · {slope} = <b>{answer}</b>."
        ),
        steps=lambda a, w1, w2, d1, d2: {"arrives": w1 * d1 + w2 * d2, "slope": a * (1 - a)},
    ),
    Numeric(
        id="03-weight-gradient",
        title="The gradient of one weight over a batch",
        question=(
            "A batch of two examples. A weight leads from a neuron with the activations {a1} "
            "(first example) and {a2} (second) to one with the deltas {d1} and {d2}. The "
            "1/<var>m</var> of the loss is in the deltas already. What is "
            "∂<var>C</var>/∂<var>w</var>?"
        ),
        draw=lambda rng: {
            "a1": between(rng, 0.1, 0.9),
            "a2": between(rng, 0.1, 0.9),
            "d1": between(rng, -1, 1),
            "d2": between(rng, -1, 1),
        },
        answer=lambda a1, a2, d1, d2: a1 * d1 + a2 * d2,
        digits=3,
        mistakes=[
            Mistake(
                "mean",
                lambda a1, a2, d1, d2: (a1 * d1 + a2 * d2) / 2,
                "that is the mean over the batch. The 1/m is in the deltas already; a second one "
                "is one too many.",
            ),
            Mistake(
                "first example only",
                lambda a1, a2, d1, d2: a1 * d1,
                "that is the first example's part. The weight serves both: add them up.",
            ),
            Mistake(
                "sums first",
                lambda a1, a2, d1, d2: (a1 + a2) * (d1 + d2),
                "you multiplied the sums. Multiply within each example, then add.",
            ),
            Mistake(
                "crossed",
                lambda a1, a2, d1, d2: a1 * d2 + a2 * d1,
                "the examples are mixed up: each delta goes with its own example's activation.",
            ),
            Mistake(
                "bias",
                lambda a1, a2, d1, d2: d1 + d2,
                "that is the gradient of the bias. A weight's has the activations in it.",
            ),
        ],
        hints=[
            "One example alone: delta where the weight arrives, times activation where it starts.",
            "A nudge of the weight works through both examples, and effects add.",
            "{a1} · {d1:p} + {a2} · {d2:p}.",
        ],
        solution="{a1} · {d1:p} + {a2} · {d2:p} = <b>{answer}</b>.",
    ),
    Choice(
        id="03-bias-axis",
        title="Which axis?",
        question=(
            "<code>delta</code> has shape (<var>m</var>, <var>n</var>), one example a row, with "
            "the 1/<var>m</var> of the loss inside. Which line is the gradient of the bias?"
        ),
        right=Option(
            "<code>delta.sum(axis=0)</code>",
            "axis 0 runs over the examples: for each neuron, all examples add up. The result has "
            "the shape of b, (n,).",
        ),
        wrong=[
            Option(
                "<code>delta.sum(axis=1)</code>",
                "that adds up the neurons and leaves one number an example, shape (m,). Where m = "
                "n nobody would notice.",
            ),
            Option(
                "<code>delta.mean(axis=0)</code>",
                "the right axis, but the 1/m would be there twice: it came with the loss.",
            ),
            Option(
                "<code>delta.sum()</code>",
                "that is one number for the whole layer; broadcasting would hide it and give "
                "every bias the same step.",
            ),
        ],
        hints=[
            "What shape has <code>b</code>?",
            "A bias serves all examples, so its gradient adds up over them.",
            "The examples lie along axis 0.",
        ],
    ),
    Numeric(
        id="03-shape-of-gradient",
        title="The shape of a gradient",
        question=(
            "Layer <var>l</var> has {n} neurons, the layer before it {k}, and a batch of {m} "
            "examples went through. What is the shape of "
            "∂<var>C</var>/∂<var>W</var><sup>[<var>l</var>]</sup> = "
            "<code>delta[l].T @ a[l-1]</code>?"
        ),
        draw=lambda rng: dict(
            zip(
                ("n", "k", "m"),
                (int(v) for v in rng.choice(np.arange(2, 12), size=3, replace=False)),
                strict=True,
            )
        ),
        answer=lambda n, k, m: (n, k),
        mistakes=[
            Mistake(
                "transposed",
                lambda n, k, m: (k, n),
                "that is transposed: it has to fit W, which has a row for each neuron of its "
                "layer.",
            ),
            Mistake(
                "one for each example",
                lambda n, k, m: (m, n, k),
                "that would be a gradient for each example. The product adds them up.",
            ),
            Mistake(
                "shape of delta",
                lambda n, k, m: (m, n),
                "that is the shape of delta itself.",
            ),
            Mistake(
                "shape of the bias",
                lambda n, k, m: (n,),
                "that is the shape of the bias gradient.",
            ),
        ],
        hints=[
            "A gradient has the shape of what it is the gradient of.",
            "<code>delta[l].T</code> is ({n}, {m}).",
            "({n}, {m}) times ({m}, {k}): the examples in the middle are summed away.",
        ],
        solution=(
            "({n}, {m}) times ({m}, {k}) is <b>{answer}</b>, the shape of <var>W</var>"
            "<sup>[<var>l</var>]</sup>."
        ),
    ),
    Code(
        id="03-output_delta",
        title="The output delta",
        question=(
            "A sigmoid output with the loss <code>half_sse</code>, "
            "<var>C</var> = 1/(2<var>m</var>) Σ (<var>a</var> − <var>y</var>)². Write "
            "<code>output_delta(z, y)</code>: ∂<var>C</var>/∂<var>z</var> for a batch. "
            "<code>z</code>, <code>y</code> and the result have the shape (<var>m</var>, "
            "<var>n</var>)."
        ),
        cases=output_cases,
        solution=output_delta,
        alternatives=[
            lambda z, y: (sigmoid(z) - y) * sigmoid_prime(z) / z.shape[0],
            lambda z, y: [
                [
                    (1 / (1 + math.exp(-v)) - t) * slope(v) / len(z)
                    for v, t in zip(*pair, strict=True)
                ]
                for pair in zip(z, y, strict=True)
            ],
        ],
        mistakes=[
            Mistake(
                "no slope",
                lambda z, y: (sigmoid(z) - y) / len(z),
                "that is ∂C/∂a. The slope σ′(z) is missing: it cancels with <code>bce</code>, "
                "not with this loss.",
            ),
            Mistake(
                "no 1/m",
                lambda z, y: output_delta(z, y) * len(z),
                "that is the delta of the sum over the batch; this loss takes the mean: 1/m.",
            ),
            Mistake(
                "2",
                lambda z, y: 2 * output_delta(z, y),
                "that is twice too much: the ½ of this loss cancels the 2 of the square.",
            ),
            Mistake(
                "half",
                lambda z, y: output_delta(z, y) / 2,
                "that is half of it: the ½ stays, but the square gives a 2 that cancels it.",
            ),
            Mistake(
                "sign",
                lambda z, y: -output_delta(z, y),
                "the sign is wrong: the derivative of (a − y)² has a − y, not y − a.",
            ),
            Mistake(
                "sigma for sigma prime",
                lambda z, y: (sigmoid(z) - y) * sigmoid(z) / len(z),
                "you used σ(z) where σ′(z) belongs: σ′ = σ (1 − σ).",
            ),
            Mistake(
                "slope at a",
                lambda z, y: (sigmoid(z) - y) * sigmoid_prime(sigmoid(z)) / len(z),
                "you took σ′ at a; its place is z. From a it is a (1 − a).",
            ),
            Mistake(
                "z for a",
                lambda z, y: (z - y) * sigmoid_prime(z) / len(z),
                "the miss is a − y; you took z − y.",
            ),
        ],
        hints=[
            "BP1: the gradient of the loss with respect to a, times the slope of the activation.",
            "∂C/∂a is (a − y) / m for this loss.",
            "With a = σ(z): (a − y) · a (1 − a) / m, entry by entry.",
        ],
        reason="BP1 with ∂C/∂a = (a − y)/m and σ′(z) = a (1 − a).",
    ),
    Code(
        id="03-backward_step",
        title="One step back",
        question=(
            "Write <code>backward_step(delta, W, z)</code>: from the delta of layer "
            "<var>l</var> + 1 to the delta of layer <var>l</var>, a layer of sigmoids. "
            "<code>delta</code> has shape (<var>m</var>, <var>k</var>), <code>W</code>, the "
            "weights into layer <var>l</var> + 1, (<var>k</var>, <var>n</var>), <code>z</code> of "
            "layer <var>l</var> and the result (<var>m</var>, <var>n</var>)."
        ),
        cases=step_cases,
        solution=backward_step,
        alternatives=[
            step_by_loops,
            lambda delta, W, z: np.einsum("mk,kn,mn->mn", delta, W, sigmoid_prime(z)),
            lambda delta, W, z: (W.T @ delta.T).T * sigmoid_prime(z),
        ],
        mistakes=[
            Mistake(
                "transposed",
                lambda delta, W, z: delta @ W.T * sigmoid_prime(z),
                "W is transposed. On the way back it is delta @ W; delta @ W.T runs only where W "
                "is square, and is wrong there.",
            ),
            Mistake(
                "no slope",
                lambda delta, W, z: delta @ W,
                "that is ∂C/∂a of the layer. The slope σ′(z) is missing.",
            ),
            Mistake(
                "sigma for sigma prime",
                lambda delta, W, z: delta @ W * sigmoid(z),
                "you used σ(z) where σ′(z) belongs.",
            ),
            Mistake(
                "slope at a",
                lambda delta, W, z: delta @ W * sigmoid_prime(sigmoid(z)),
                "you put a = σ(z) into σ′; z was put through the sigmoid twice.",
            ),
            Mistake(
                "z in place of a",
                lambda delta, W, z: delta @ W * z * (1 - z),
                "that is z (1 − z). The slope is a (1 − a) with a = σ(z).",
            ),
            Mistake(
                "no weights",
                lambda delta, W, z: delta * sigmoid_prime(z),
                NO_WEIGHTS,
            ),
            Mistake(
                "no weights, deltas added up",
                lambda delta, W, z: delta.sum(axis=1, keepdims=True) * sigmoid_prime(z),
                NO_WEIGHTS,
            ),
            Mistake(
                "tanh's slope",
                lambda delta, W, z: delta @ W * (1 - sigmoid(z) ** 2),
                "1 − a² is the slope of tanh; the sigmoid's is a (1 − a).",
            ),
            Mistake(
                "mean",
                lambda delta, W, z: backward_step(delta, W, z) / len(delta),
                "that is divided by m. The 1/m came with the loss and is in delta already.",
            ),
        ],
        hints=[
            "BP2 has two parts: the way through the weights, and the slope.",
            "Shapes decide: (m, k) times (k, n) gives (m, n). No transpose is needed.",
            "delta @ W, times a (1 − a) with a = σ(z), entry by entry.",
        ],
        reason=(
            "BP2: row <var>i</var> of <code>delta @ W</code> adds up, for each neuron, the paths "
            "to the next layer. The slope leads from <var>a</var> to <var>z</var>."
        ),
    ),
    Code(
        id="03-backward_pass",
        title="A whole backward pass",
        question=(
            "Write <code>backward_pass(W, a, y)</code> for a network of sigmoids with the loss "
            "<code>bce</code>. <code>W</code> is a dict of weights with the keys 1 to "
            "<var>L</var>, <code>a</code> a dict of activations with the keys 0 to <var>L</var>, "
            "<code>y</code> the targets. Return two dicts with the keys 1 to <var>L</var>: the "
            "gradients of the weights and of the biases."
        ),
        cases=network_cases,
        solution=backward_pass,
        made_of=backward_with,
        alternatives=[recursive, backward_with()],
        mistakes=[
            Mistake(
                "no slope",
                {"down": lambda delta, W, a, own: delta @ W},
                "the slope is missing on the way back: BP2 multiplies by a (1 − a).",
            ),
            Mistake(
                "slope at a",
                {"down": lambda delta, W, a, own: delta @ W * sigmoid_prime(a)},
                "you put a into σ′. The activations went through the sigmoid already: the slope "
                "is a (1 − a).",
            ),
            Mistake(
                "W transposed",
                {"down": lambda delta, W, a, own: delta @ W.T * a * (1 - a)},
                "W is transposed on the way back. It is delta @ W; with W.T it runs only where W "
                "is square, and is wrong there.",
            ),
            Mistake(
                "slope at the output",
                {"start": lambda a, y: (a - y) * a * (1 - a) / len(y)},
                "the output delta has a slope too many: with <code>bce</code> it cancels, and "
                "a − y is left.",
            ),
            Mistake(
                "no 1/m",
                {"start": lambda a, y: a - y},
                "that is the gradient summed over the batch; this loss takes the mean.",
            ),
            Mistake(
                "1/m twice",
                {"start": lambda a, y: (a - y) / len(y) ** 2},
                "everything is 1/m of what it should be: the 1/m is there twice.",
            ),
            Mistake(
                "sign",
                {"start": lambda a, y: (y - a) / len(y)},
                "all signs are wrong: start from a − y.",
            ),
            Mistake(
                "weights transposed",
                {"weight": lambda delta, a, own: a.T @ delta},
                "the weights' gradients are transposed. Each has the shape of its W: delta.T @ a.",
            ),
            Mistake(
                "own activation",
                {"weight": lambda delta, a, own: delta.T @ own},
                "you took the layer's own activation, a[l]. A weight's gradient has the activation "
                "that the weight carries: a[l − 1].",
            ),
            Mistake(
                "own slope",
                {"down": lambda delta, W, a, own: delta @ W * own * (1 - own)},
                "the slope is that of the wrong layer. On the way to layer l − 1, delta passes the "
                "sigmoids of layer l − 1: a[l − 1] (1 − a[l − 1]).",
            ),
            Mistake(
                "1/m in each layer",
                {"down": lambda delta, W, a, own: delta @ W * a * (1 - a) / len(delta)},
                "the output layer is right; each layer below has one more 1/m. It came with the "
                "loss, once, and is in delta.",
            ),
            Mistake(
                "sigma for sigma prime",
                {"down": lambda delta, W, a, own: delta @ W * a},
                "on the way back you multiplied by a, which is σ(z); the slope is a (1 − a).",
            ),
            Mistake(
                "no weights",
                {"down": lambda delta, W, a, own: delta * a * (1 - a)},
                NO_WEIGHTS,
            ),
            Mistake(
                "no weights, deltas added up",
                {"down": lambda delta, W, a, own: delta.sum(axis=1, keepdims=True) * a * (1 - a)},
                NO_WEIGHTS,
            ),
            Mistake(
                "mean for the weights",
                {"weight": lambda delta, a, own: delta.T @ a / len(delta)},
                "the biases are right. A weight's gradient is a sum over the examples; the 1/m is "
                "in delta.",
            ),
            Mistake(
                "one bias a layer",
                {"bias": lambda delta: delta.sum()},
                "the weights are right. The biases got one number a layer: add up the examples "
                "alone, axis 0.",
            ),
            Mistake(
                "mean for the bias",
                {"bias": lambda delta: delta.mean(axis=0)},
                "the weights are right. The bias gradient is a sum over the examples; the 1/m is "
                "in delta.",
            ),
            Mistake(
                "wrong axis for the bias",
                {"bias": lambda delta: delta.sum(axis=1)},
                "the weights are right. The bias gradient adds up the examples, axis 0, not the "
                "neurons.",
            ),
        ],
        hints=[
            "Start with the output delta, (a[L] − y) / m. Then walk down from L to 1.",
            "In each layer: bias gradient, weight gradient, then the delta of the previous layer.",
            "delta.sum(axis=0), delta.T @ a[l − 1], and delta @ W[l] * a[l − 1] * (1 − a[l − 1]).",
        ],
        reason=(
            "All four equations, in a single loop. Only the line of BP1 knows the loss; the others "
            "are the same for every network of sigmoids."
        ),
    ),
]
