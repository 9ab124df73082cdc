"""Exercises of chapter 6, two networks by hand."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math
from typing import Any

import numpy as np

from ...activations import ACTIVATIONS
from .model import Choice, Code, Mistake, Numeric, Option, between

sigmoid = ACTIVATIONS["sigmoid"]


def train_once(W1, b1, W2, b2, x, y, lr):
    a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
    a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
    delta2 = a2 - y
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    return (
        W1 - lr * np.outer(delta1, x),
        b1 - lr * delta1,
        W2 - lr * np.outer(delta2, a1),
        b2 - lr * delta2,
    )


def neuron_by_neuron(
    W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any, lr: Any
) -> tuple[Any, ...]:
    a1 = [sigmoid(sum(W1[j] * x) + b1[j]) for j in range(len(b1))]
    a2 = [sigmoid(sum(W2[k] * a1) + b2[k]) for k in range(len(b2))]
    new = [array.copy() for array in (W1, b1, W2, b2)]
    for j in range(len(b1)):
        way = sum((a2[k] - y[k]) * W2[k][j] for k in range(len(b2)))
        delta = way * a1[j] * (1 - a1[j])
        new[1][j] -= lr * delta
        for i in range(len(x)):
            new[0][j, i] -= lr * delta * x[i]
    for k in range(len(b2)):
        new[3][k] -= lr * (a2[k] - y[k])
        for j in range(len(b1)):
            new[2][k, j] -= lr * (a2[k] - y[k]) * a1[j]
    return tuple(new)


def once_with(
    out: Any = lambda a, y: a - y,
    slope: Any = lambda z, a: a * (1 - a),
    rate: Any = lambda lr: (lr, lr, lr, lr),
    early: bool = False,
    back: Any = lambda W2, delta2: W2.T @ delta2,
    first: Any = lambda x, a1: x,
    second: Any = lambda a1, a2: a1,
) -> Any:
    """Return a training step with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(
        W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any, lr: Any
    ) -> tuple[Any, Any, Any, Any]:
        z1 = W1 @ x + b1
        a1 = sigmoid(z1)
        a2 = sigmoid(W2 @ a1 + b2)
        delta2 = out(a2, y)
        rates = rate(lr)
        new_W2 = W2 - rates[2] * np.outer(delta2, second(a1, a2))
        delta1 = back(new_W2 if early else W2, delta2) * slope(z1, a1)
        return (
            W1 - rates[0] * np.outer(delta1, first(x, a1)),
            b1 - rates[1] * delta1,
            new_W2,
            b2 - rates[3] * delta2,
        )

    return wrong


def once_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    cases = []
    for n0, n1, n2, lr in [(1, 1, 1, 0.5), (2, 3, 1, 0.5), (3, 2, 2, 0.1)]:
        arrays = [rng.normal(size=shape) for shape in [(n1, n0), (n1,), (n2, n1), (n2,), (n0,)]]
        cases.append((*arrays, rng.uniform(size=n2), lr))
    return cases


def chain(d: float, w: float, a: float, x: float) -> float:
    return d * w * a * (1 - a) * x


EXERCISES = [
    Numeric(
        id="06-hidden-weight",
        title="The gradient of a hidden weight",
        question=(
            "In a 2-3-1 network the output delta is {d}. A hidden sigmoid neuron has the "
            "activation {a} and leads to the output over the weight {w}. Its first input is "
            "<var>x</var>₁ = {x}. What is the gradient of the weight that carries this input?"
        ),
        draw=lambda rng: {
            "d": between(rng, -1, 1, 2),
            "a": between(rng, 0.55, 0.9, 2),
            "w": between(rng, -1.5, 1.5),
            "x": between(rng, 0.5, 3, avoid=1),
        },
        answer=chain,
        digits=4,
        mistakes=[
            Mistake(
                "no slope",
                lambda d, w, a, x: d * w * x,
                "the slope of the hidden sigmoid is missing: a (1 − a).",
            ),
            Mistake(
                "sigma for sigma prime",
                lambda d, w, a, x: d * w * a * x,
                "you multiplied by the activation; its slope a (1 − a) belongs there.",
            ),
            Mistake(
                "bias",
                lambda d, w, a, x: d * w * a * (1 - a),
                "that is the delta of the hidden neuron, the gradient of its bias. The weight "
                "carries an input.",
            ),
            Mistake(
                "no weight",
                lambda d, w, a, x: d * a * (1 - a) * x,
                "delta comes back over the weight between the two neurons; it is missing.",
            ),
            Mistake(
                "output weight",
                lambda d, w, a, x: d * a,
                "that is the gradient of the output weight, one layer later.",
            ),
            Mistake(
                "sign",
                lambda d, w, a, x: -chain(d, w, a, x),
                "the size is right. Count the negative factors once more.",
            ),
        ],
        hints=[
            "First the delta of the hidden neuron, then the weight.",
            "δ = {d:p} · {w:p} · {a} (1 − {a}).",
            "The gradient is that delta times what the weight carries, {x}.",
        ],
        solution=(
            "δ = {d:p} · {w:p} · {a} (1 − {a}) = {delta}. Times the input: {delta:p} · {x} = "
            "<b>{answer}</b>."
        ),
        steps=lambda d, w, a, x: {"delta": d * w * a * (1 - a)},
    ),
    Numeric(
        id="06-output-weight",
        title="An updated output weight",
        question=(
            "A sigmoid output with the loss <code>bce</code> gives <var>a</var> = {a} where "
            "<var>y</var> = {y}. One of its weights is {w} and carries the hidden activation {h}. "
            "What is the weight after one step of gradient descent with η = 0.5?"
        ),
        draw=lambda rng: {
            "a": between(rng, 0.2, 0.8, 2),
            "y": int(rng.integers(0, 2)),
            "w": between(rng, -1, 1),
            "h": between(rng, 0.2, 0.8, 2),
        },
        answer=lambda a, y, w, h: w - 0.5 * (a - y) * h,
        digits=4,
        mistakes=[
            Mistake(
                "uphill",
                lambda a, y, w, h: w + 0.5 * (a - y) * h,
                "that is a step uphill: subtract the gradient.",
            ),
            Mistake(
                "slope stays",
                lambda a, y, w, h: w - 0.5 * (a - y) * a * (1 - a) * h,
                "with <code>bce</code> the slope of the output sigmoid cancels; you still have it.",
            ),
            Mistake(
                "squared error",
                lambda a, y, w, h: w - 0.5 * 2 * (a - y) * a * (1 - a) * h,
                "that is the step for the squared error. The loss here is <code>bce</code>.",
            ),
            Mistake(
                "no activation",
                lambda a, y, w, h: w - 0.5 * (a - y),
                "that is how the bias moves. A weight's gradient has the activation in it.",
            ),
            Mistake(
                "no rate",
                lambda a, y, w, h: w - (a - y) * h,
                "the learning rate is missing.",
            ),
            Mistake(
                "gradient",
                lambda a, y, w, h: (a - y) * h,
                "that is the gradient. The weight after the step is asked for.",
            ),
        ],
        hints=[
            "The output delta of sigmoid with <code>bce</code> is the plain error.",
            "δ = {a} − {y}. The gradient is δ · {h}.",
            "{w} − 0.5 · ({a} − {y}) · {h}.",
        ],
        solution=(
            "δ = {a} − {y} = {delta}; the gradient is {delta:p} · {h} = {g}. New weight: {w} − "
            "0.5 · {g:p} = <b>{answer}</b>."
        ),
        steps=lambda a, y, w, h: {"delta": a - y, "g": (a - y) * h},
    ),
    Numeric(
        id="06-predicted-loss",
        title="Predicting the next loss",
        question=(
            "The loss is {C}, and the squares of all gradients add up to {S}. About what will the "
            "loss be after one small step of gradient descent with η = {lr}?"
        ),
        draw=lambda rng: {
            "C": between(rng, 0.4, 0.9, 2),
            "S": between(rng, 0.1, 0.8, 2),
            "lr": float(rng.choice([0.05, 0.1, 0.2])),
        },
        answer=lambda C, S, lr: C - lr * S,
        digits=3,
        mistakes=[
            Mistake(
                "no rate",
                lambda C, S, lr: C - S,
                "the learning rate is missing: half the step lowers the loss about half as much.",
            ),
            Mistake(
                "length",
                lambda C, S, lr: C - lr * math.sqrt(S),
                "you took the length of the gradient. Its square counts: the step is η times the "
                "gradient, and the loss falls by the gradient for each unit of it.",
            ),
            Mistake(
                "uphill",
                lambda C, S, lr: C + lr * S,
                "a small step against the gradient lowers the loss.",
            ),
            Mistake(
                "rate alone",
                lambda C, S, lr: C - lr,
                "you subtracted the learning rate alone.",
            ),
        ],
        hints=[
            "Each parameter moves by −η times its gradient.",
            "A parameter that moves by −η <var>g</var> changes the loss by about −η <var>g</var>².",
            "Add that up: {C} − {lr} · {S}.",
        ],
        solution=(
            "{C} − {lr} · {S} = <b>{answer}</b>. The real loss is usually a little larger, because "
            "the surface curves."
        ),
    ),
    Code(
        id="06-train_once",
        title="One round of training, by hand",
        question=(
            "Write <code>train_once(W1, b1, W2, b2, x, y, lr)</code>: forward, backward and one "
            "step of gradient descent for one example; both layers are sigmoids, the loss is "
            "<code>bce</code>. <code>x</code> and <code>y</code> are vectors, a layer is "
            "<code>W @ x + b</code>. Return the new <code>W1, b1, W2, b2</code>; leave the given "
            "arrays as they are."
        ),
        cases=once_cases,
        solution=train_once,
        made_of=once_with,
        alternatives=[neuron_by_neuron, once_with()],
        mistakes=[
            Mistake(
                "output layer only",
                {"rate": lambda lr: (0, 0, lr, lr)},
                "only the output layer has moved. A round is complete when every parameter has.",
            ),
            Mistake(
                "weights only",
                {"rate": lambda lr: (lr, 0, lr, 0)},
                "the weights are right, the biases have not moved.",
            ),
            Mistake(
                "updated too early",
                {"early": True},
                "delta passes through the new W2. It needs the weights that the forward pass has "
                "used: first all gradients, then the step.",
            ),
            Mistake(
                "uphill",
                {"rate": lambda lr: (-lr, -lr, -lr, -lr)},
                "all steps lead uphill: subtract the gradients.",
            ),
            Mistake(
                "no weights",
                {"back": lambda W2, delta2: delta2.sum()},
                "the output layer is right. On the way to the hidden layer the weights are "
                "missing: each delta comes back over the weight between.",
            ),
            Mistake(
                "own activation, output layer",
                {"second": lambda a1, a2: a2},
                "the output weights moved with their own layer's activation, a2. A weight's "
                "gradient has what the weight carries: a1.",
            ),
            Mistake(
                "own activation, hidden layer",
                {"first": lambda x, a1: a1},
                "the hidden weights moved with their own layer's activation, a1. A weight's "
                "gradient has what the weight carries: x.",
            ),
            Mistake(
                "sigma for sigma prime",
                {"slope": lambda z, a: a},
                "the output layer is right. For the hidden one you multiplied by a; the slope is "
                "a (1 − a).",
            ),
            Mistake(
                "no rate",
                {"rate": lambda lr: (1, 1, 1, 1)},
                "the learning rate is missing.",
            ),
            Mistake(
                "slope at the output",
                {"out": lambda a, y: (a - y) * a * (1 - a)},
                "the output delta has a slope too many: with <code>bce</code> it is a − y.",
            ),
            Mistake(
                "no hidden slope",
                {"slope": lambda z, a: 1},
                "the output layer is right. On the way to the hidden layer the slope a (1 − a) "
                "is missing.",
            ),
            Mistake(
                "slope at a",
                {"slope": lambda z, a: sigmoid(a) * (1 - sigmoid(a))},
                "the output layer is right. For the hidden one you put a into σ′; the slope is "
                "a (1 − a).",
            ),
            Mistake(
                "slope from z",
                {"slope": lambda z, a: z * (1 - z)},
                "the output layer is right. For the hidden one you took z (1 − z); the slope is "
                "a (1 − a).",
            ),
        ],
        hints=[
            "Seven lines: a1, a2, delta2, delta1, and the gradients times lr subtracted.",
            "delta2 = a2 − y. delta1 = W2.T @ delta2, times a1 (1 − a1).",
            "A weight matrix's gradient is np.outer(delta, what the layer was given).",
        ],
        reason=(
            "For one example on paper, the way back is <code>W2.T @ delta2</code>, and each "
            "weight's gradient the product of delta and input: an outer product."
        ),
    ),
    Numeric(
        id="06-first-adam-step",
        title="Adam's first step, uncorrected",
        question=(
            "A weight is {w}, its first gradient {g}. Adam <b>without</b> bias correction: "
            "<var>m</var> = 0.1 <var>g</var>, <var>v</var> = 0.001 <var>g</var>², η = 0.1, ε "
            "negligible. What is the weight after the step?"
        ),
        draw=lambda rng: {"w": between(rng, -1, 1), "g": between(rng, -0.9, 0.9, 2)},
        answer=lambda w, g: w - math.sqrt(0.1) * math.copysign(1, g),
        digits=4,
        mistakes=[
            Mistake(
                "corrected",
                lambda w, g: w - 0.1 * math.copysign(1, g),
                "that is Adam with bias correction, where the first step has the length η. Here m "
                "and v stay as they are.",
            ),
            Mistake(
                "gradient descent",
                lambda w, g: w - 0.1 * g,
                "that is plain gradient descent.",
            ),
            Mistake(
                "uphill",
                lambda w, g: w + math.sqrt(0.1) * math.copysign(1, g),
                "the length is right, the direction is uphill.",
            ),
            Mistake(
                "no root",
                lambda w, g: w - 0.1 * 0.1 * g / (0.001 * g**2),
                "you divided by v; its root belongs there.",
            ),
            Mistake(
                "no division",
                lambda w, g: w - 0.1 * 0.1 * g,
                "you moved by η m. Adam divides by √v.",
            ),
        ],
        hints=[
            "The step is −η <var>m</var> / √<var>v</var>.",
            "Put both in: 0.1 · {g:p} / (√0.001 · |{g}|).",
            "The size of g cancels: 0.1 / √0.001 = √10, with the sign of g.",
        ],
        solution=(
            "<var>m</var>/√<var>v</var> = 0.1 / √0.001 = √10, with the sign of the gradient. The "
            "weight moves by 0.1 · √10 = 0.3162 against it: <b>{answer}</b>."
        ),
    ),
    Choice(
        id="06-signs",
        title="Signs are the cheapest check",
        question=(
            "A hidden neuron of the 3-2-1 network has a negative delta, and the input is "
            "<var>x</var> = (2, 3, −1). Which of its three weights grow in a step of gradient "
            "descent?"
        ),
        right=Option(
            "the first and the second",
            "their gradients are delta times a positive input: negative, so the step adds to "
            "them. The third one's is positive.",
        ),
        wrong=[
            Option(
                "all three",
                "delta is the same for all three, but each gradient has its own input as a factor.",
            ),
            Option(
                "the third",
                "its gradient is negative times negative: positive. A step goes against it.",
            ),
            Option(
                "none: delta is negative",
                "a negative gradient means that the loss falls as the weight grows.",
            ),
        ],
        hints=[
            "A weight's gradient is delta times its input.",
            "Write down the three signs.",
            "A step goes against the gradient.",
        ],
    ),
]
