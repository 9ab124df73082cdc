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


def unit_by_unit(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any, lr: Any) -> tuple[Any, ...]:
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


def two_outputs(a, y):
    return -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))


def loss_after(W1, b1, W2, b2, x, y, lr):
    """Return the cross-entropy after one step; two layers of sigmoids."""
    a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
    a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
    delta2 = a2 - y
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1, b1 = W1 - lr * np.outer(delta1, x), b1 - lr * delta1
    W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
    a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
    return -np.sum(y * np.log(a2) + (1 - y) * np.log(1 - a2))


def loss_after_lines(W1, b1, W2, b2, x, y, lr):
    """Return the cross-entropy after one step; two layers of sigmoids."""
    # a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))  # twice
    # W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    # delta1 = W2.T @ delta2 * a1 * (1 - a1)
    # return -np.sum(y * np.log(a2) + (1 - y) * np.log(1 - a2))
    # W1, b1 = W1 - lr * np.outer(delta1, x), b1 - lr * delta1
    # a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))  # twice
    # delta2 = a2 - y
    return ...


def loss_after_with(loss: Any = two_outputs, run: str = "both", **pieces: Any) -> Any:
    """Return the loss after a step in which one thing is changed, for that mistake."""

    def wrong(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any, lr: Any) -> Any:
        new = once_with(**pieces)(W1, b1, W2, b2, x, y, lr)
        (V1, c1), (V2, c2) = (W1, b1), (W2, b2)
        if run in ("both", "hidden"):
            V1, c1 = new[:2]
        if run in ("both", "output"):
            V2, c2 = new[2:]
        return loss(sigmoid(V2 @ sigmoid(V1 @ x + c1) + c2), y)

    return wrong


def loss_after_by_neurons(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any, lr: Any) -> Any:
    W1, b1, W2, b2 = unit_by_unit(W1, b1, W2, b2, x, y, lr)
    hidden = [sigmoid(W1[j] @ x + b1[j]) for j in range(len(b1))]
    z = [W2[k] @ hidden + b2[k] for k in range(len(b2))]
    return sum(math.log1p(math.exp(z[k])) - y[k] * z[k] for k in range(len(z)))


def moved_with_new_a1(W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any, lr: Any) -> Any:
    """Run the hidden layer anew before the step of the output layer."""
    V1, c1, _, c2 = once_with()(W1, b1, W2, b2, x, y, lr)
    new_a1 = sigmoid(V1 @ x + c1)
    V2 = W2 - np.outer(b2 - c2, new_a1)
    return two_outputs(sigmoid(V2 @ new_a1 + c2), y)


def squared_delta(a, y):
    return 2 * (a - y) * a * (1 - a)


def squared_step(W1, b1, W2, b2, x, y, lr):
    """Return all parameters after a step; sigmoids, and the loss is sse."""
    a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
    a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2)))
    delta2 = 2 * (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    return (
        W1 - lr * np.outer(delta1, x),
        b1 - lr * delta1,
        W2 - lr * np.outer(delta2, a1),
        b2 - lr * delta2,
    )


def squared_step_given(W1, b1, W2, b2, x, y, lr):
    """Return all parameters after a step; sigmoids, and the loss is sse."""
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


def squared_step_with(**pieces: Any) -> Any:
    """Return a step with the squared error with one of its pieces exchanged."""
    return once_with(**{"out": squared_delta, **pieces})


def squared_step_by_neurons(
    W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any, lr: Any
) -> tuple[Any, ...]:
    """Ask the step with the cross-entropy for a target that gives the right output delta."""
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return unit_by_unit(W1, b1, W2, b2, x, a2 - squared_delta(a2, y), lr)


def once_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    cases = []
    for n0, n1, n2, lr in [(1, 1, 1, 0.5), (2, 3, 1, 0.5), (3, 2, 2, 0.1)]:
        arrays = [rng.normal(size=shape) for shape in [(n1, n0), (n1,), (n2, n1), (n2,), (n0,)]]
        cases.append((*arrays, rng.integers(0, 2, size=n2).astype(float), lr))
    return cases


def chain(d: float, w: float, a: float, x: float) -> float:
    return d * w * a * (1 - a) * x


def next_loss(
    error: Any = lambda a: a - 1,
    moves: Any = lambda d, x: (d * x, d),
    out: Any = lambda a: -math.log(a),
) -> Any:
    """Return the loss of a sigmoid unit after a step, with a mistake on the way there."""

    def after(w: float, b: float, x: float) -> float:
        dw, db = moves(error(float(sigmoid(w * x + b))), x)
        return float(out(float(sigmoid((w - 0.5 * dw) * x + b - 0.5 * db))))

    return after


def hidden_bias(
    way: Any = lambda d1, d2, w1, w2: w1 * d1 + w2 * d2,
    slope: Any = lambda a: a * (1 - a),
    move: Any = lambda b, d: b - 0.5 * d,
) -> Any:
    """Return the bias of a hidden unit after a step, with a mistake on the way there."""
    return lambda d1, d2, w1, w2, a, b: move(b, way(d1, d2, w1, w2) * slope(a))


STEP_MISTAKES = [
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
        "no hidden slope",
        {"slope": lambda z, a: 1},
        "the output layer is right. On the way to the hidden layer the slope a (1 − a) is missing.",
    ),
    Mistake(
        "slope at a",
        {"slope": lambda z, a: sigmoid(a) * (1 - sigmoid(a))},
        "the output layer is right. For the hidden one you put a into σ′; the slope is a (1 − a).",
    ),
    Mistake(
        "slope from z",
        {"slope": lambda z, a: z * (1 - z)},
        "the output layer is right. For the hidden one you took z (1 − z); the slope is a (1 − a).",
    ),
]
"""What goes wrong in a step whatever the loss is: pieces of `once_with`."""

EXERCISES = [
    Numeric(
        id="06-hidden-weight",
        title="The gradient of a hidden weight",
        question=(
            "In a 2-3-1 network the output delta is {d}. A hidden sigmoid unit has the "
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
                "that is the delta of the hidden unit, the gradient of its bias. The weight "
                "carries an input.",
            ),
            Mistake(
                "no weight",
                lambda d, w, a, x: d * a * (1 - a) * x,
                "delta comes back over the weight between the two units; it is missing.",
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
            "First the delta of the hidden unit, then the weight.",
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
            Mistake(
                "half",
                lambda C, S, lr: C - lr * S / 2,
                "you took half of it. The slope along the step is the whole sum of squares.",
            ),
            Mistake(
                "rate squared",
                lambda C, S, lr: C - lr**2 * S,
                "the learning rate comes in once: a step has it, a gradient has not.",
            ),
            Mistake(
                "change",
                lambda C, S, lr: lr * S,
                "that is how much the loss falls. What is left of it?",
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
    Numeric(
        id="06-new-loss",
        title="What a step has gained",
        question=(
            "A single sigmoid unit with the loss <code>bce</code>: <var>w</var> = {w}, "
            "<var>b</var> = {b}. The example is <var>x</var> = {x} with <var>y</var> = 1. Make one "
            "step of gradient descent with η = 0.5, and run forward once more. What is the loss "
            "now?"
        ),
        draw=lambda rng: {
            "w": between(rng, -1, 1, avoid=0.0),
            "b": between(rng, -1, 1, avoid=0.0),
            "x": between(rng, 0.5, 2, avoid=1.0),
        },
        answer=lambda w, b, x: (
            -math.log(
                sigmoid(
                    (w - 0.5 * (sigmoid(w * x + b) - 1) * x) * x
                    + b
                    - 0.5 * (sigmoid(w * x + b) - 1)
                )
            )
        ),
        digits=3,
        mistakes=[
            Mistake(
                "old loss",
                next_loss(moves=lambda d, x: (0, 0)),
                "that is the loss before the step.",
            ),
            Mistake(
                "output",
                next_loss(out=lambda a: a),
                "that is the new output, and it is right. The loss is asked for.",
            ),
            Mistake(
                "bias held",
                next_loss(moves=lambda d, x: (d * x, 0)),
                "only the weight has moved. The bias has a gradient, too: delta. The rest is "
                "right.",
            ),
            Mistake(
                "weight held",
                next_loss(moves=lambda d, x: (0, d)),
                "only the bias has moved. The weight's gradient is delta times x. The rest is "
                "right.",
            ),
            Mistake(
                "no input",
                next_loss(moves=lambda d, x: (d, d)),
                "the weight has moved by the gradient of the bias. It carries x, so its gradient "
                "is delta times x. The rest is right.",
            ),
            Mistake(
                "uphill",
                next_loss(moves=lambda d, x: (-d * x, -d)),
                "your step leads uphill, and the loss has grown: subtract the gradients.",
            ),
            Mistake(
                "slope stays",
                next_loss(error=lambda a: (a - 1) * a * (1 - a)),
                "your delta has the slope of the sigmoid in it. With <code>bce</code> it cancels: "
                "a − y. What you made of it is right.",
            ),
            Mistake(
                "squared error",
                next_loss(error=lambda a: 2 * (a - 1) * a * (1 - a)),
                "your delta is that of the squared error. The loss here is <code>bce</code>. What "
                "you made of it is right.",
            ),
            Mistake(
                "no rate",
                next_loss(moves=lambda d, x: (2 * d * x, 2 * d)),
                "the learning rate is missing in the step.",
            ),
            Mistake(
                "no target",
                next_loss(error=lambda a: a),
                "your delta is the output itself; the target belongs to it: a − y. What you made "
                "of it is right.",
            ),
            Mistake(
                "miss",
                next_loss(out=lambda a: 1 - a),
                "the new output is right, and that is how far it is from the target. The loss is "
                "−ln a.",
            ),
            Mistake(
                "squared error as the loss",
                next_loss(out=lambda a: (1 - a) ** 2),
                "the new output is right. That is its squared error; the loss is <code>bce</code>.",
            ),
            Mistake(
                "logarithm of base 10",
                next_loss(out=lambda a: -math.log10(a)),
                "the new output is right. The loss has the natural logarithm, ln.",
            ),
            Mistake(
                "straight ahead",
                lambda w, b, x: (
                    -math.log(sigmoid(w * x + b)) - 0.5 * (sigmoid(w * x + b) - 1) ** 2 * (x**2 + 1)
                ),
                "that is the loss as the gradients predict it. The surface curves: only a new "
                "forward pass gives the loss itself.",
            ),
            Mistake(
                "other target",
                next_loss(out=lambda a: -math.log(1 - a)),
                "the new output is right. −ln(1 − a) is the loss for y = 0.",
            ),
        ],
        hints=[
            "Six lines: a, delta, the two gradients, the two new parameters, the new a, its loss.",
            "<var>a</var> = σ({w:p} · {x} + {b:p}), δ = <var>a</var> − 1; the gradients are "
            "δ · {x} and δ.",
            "Subtract half of each, run forward again, and take −ln of what comes out.",
        ],
        solution=(
            "<var>a</var> = {a} and δ = {d}. The new weight is {w} − 0.5 · {d:p} · {x} = {new_w}, "
            "the new bias {b} − 0.5 · {d:p} = {new_b}. Forward again: <var>a</var> = {new_a}, and "
            "the loss is −ln {new_a} = <b>{answer}</b>. Before, it was {before}."
        ),
        steps=lambda w, b, x: {
            "a": sigmoid(w * x + b),
            "d": sigmoid(w * x + b) - 1,
            "new_w": w - 0.5 * (sigmoid(w * x + b) - 1) * x,
            "new_b": b - 0.5 * (sigmoid(w * x + b) - 1),
            "new_a": next_loss(out=lambda a: a)(w, b, x),
            "before": -math.log(sigmoid(w * x + b)),
        },
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
        alternatives=[unit_by_unit, once_with()],
        mistakes=[
            *STEP_MISTAKES,
            Mistake(
                "slope at the output",
                {"out": lambda a, y: (a - y) * a * (1 - a)},
                "the output delta has a slope too many: with <code>bce</code> it is a − y.",
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
    Numeric(
        id="06-two-paths",
        title="A hidden bias, two paths",
        question=(
            "A hidden sigmoid unit has the activation {a} and the bias {b}. It leads to two "
            "outputs, over the weights {w1} and {w2}. Their deltas are {d1} and {d2}, in the same "
            "order. What is its bias after one step of gradient descent with η = 0.5?"
        ),
        draw=lambda rng: {
            "d1": between(rng, -1, 1, 2),
            "d2": between(rng, -1, 1, 2),
            "w1": between(rng, -1.5, 1.5),
            "w2": between(rng, -1.5, 1.5),
            "a": between(rng, 0.55, 0.9, 2),
            "b": between(rng, -1, 1),
        },
        answer=lambda d1, d2, w1, w2, a, b: b - 0.5 * (w1 * d1 + w2 * d2) * a * (1 - a),
        digits=4,
        mistakes=[
            Mistake(
                "first path only",
                hidden_bias(way=lambda d1, d2, w1, w2: w1 * d1),
                "only the first output has sent something back. Add up both paths. The rest is "
                "right.",
            ),
            Mistake(
                "second path only",
                hidden_bias(way=lambda d1, d2, w1, w2: w2 * d2),
                "only the second output has sent something back. Add up both paths. The rest is "
                "right.",
            ),
            Mistake(
                "crossed",
                hidden_bias(way=lambda d1, d2, w1, w2: w2 * d1 + w1 * d2),
                "the weights are crossed: each delta comes back over its own one.",
            ),
            Mistake(
                "no weights",
                hidden_bias(way=lambda d1, d2, w1, w2: d1 + d2),
                "the deltas are added up without the weights that they come back over.",
            ),
            Mistake(
                "sums multiplied",
                hidden_bias(way=lambda d1, d2, w1, w2: (w1 + w2) * (d1 + d2)),
                "you added the weights and the deltas first. Each delta comes back over its own "
                "weight; then add.",
            ),
            Mistake(
                "mean of the paths",
                hidden_bias(way=lambda d1, d2, w1, w2: (w1 * d1 + w2 * d2) / 2),
                "you took the mean of the two paths. What comes back is added up.",
            ),
            Mistake(
                "no slope",
                hidden_bias(slope=lambda a: 1),
                "what comes back is right. The slope of the hidden sigmoid is missing: a (1 − a).",
            ),
            Mistake(
                "sigma for sigma prime",
                hidden_bias(slope=lambda a: a),
                "what comes back is right. You multiplied it by a; the slope is a (1 − a).",
            ),
            Mistake(
                "slope at a",
                hidden_bias(slope=lambda a: sigmoid(a) * (1 - sigmoid(a))),
                "what comes back is right. You put a into σ′; the slope is a (1 − a).",
            ),
            Mistake(
                "uphill",
                hidden_bias(move=lambda b, d: b + 0.5 * d),
                "the delta is right, the step leads uphill.",
            ),
            Mistake(
                "no rate",
                hidden_bias(move=lambda b, d: b - d),
                "the delta is right, the learning rate is missing.",
            ),
            Mistake(
                "delta",
                hidden_bias(move=lambda b, d: d),
                "that is the delta of the unit, which is the gradient of its bias, and it is "
                "right. The bias after the step is asked for.",
            ),
        ],
        hints=[
            "First what comes back over the two weights, then the unit's slope, then the step.",
            "δ = ({w1:p} · {d1:p} + {w2:p} · {d2:p}) · {a} · (1 − {a}).",
            "That is the gradient of the bias: {b} − 0.5 · δ.",
        ],
        solution=(
            "Back comes {w1:p} · {d1:p} + {w2:p} · {d2:p} = {way}, and δ = {way:p} · {a} · (1 − "
            "{a}) = {delta}. The new bias is {b} − 0.5 · {delta:p} = <b>{answer}</b>."
        ),
        steps=lambda d1, d2, w1, w2, a, b: {
            "way": w1 * d1 + w2 * d2,
            "delta": (w1 * d1 + w2 * d2) * a * (1 - a),
        },
    ),
    Code(
        id="06-loss_after",
        title="A whole round, its lines mixed up",
        question=(
            "These are the lines of <code>loss_after(W1, b1, W2, b2, x, y, lr)</code>: forward, "
            "backward, one step of gradient descent, and forward again, for one example. It "
            "returns the new loss, the cross-entropies of the outputs added up. The order of the "
            "lines is lost, and two of them are needed twice. Put them right; <code>return "
            "...</code> only holds the place."
        ),
        cases=once_cases,
        solution=loss_after,
        given=loss_after_lines,
        made_of=loss_after_with,
        alternatives=[loss_after_by_neurons, loss_after_with()],
        mistakes=[
            Mistake(
                "no new forward pass",
                {"run": "none"},
                "that is the loss before the step. What a step has gained shows in a new forward "
                "pass: the lines of a1 and a2 come once more.",
            ),
            Mistake(
                "updated too early",
                {"early": True},
                "delta1 passes through the new W2. It needs the weights that the forward pass has "
                "used: first all deltas, then the step.",
            ),
            Mistake(
                "hidden layer left out",
                {"run": "output"},
                "in the new forward pass the hidden layer is the old one. Both layers have moved: "
                "work out a1 anew as well, after W1 and b1 have moved.",
            ),
            Mistake(
                "output layer left out",
                {"run": "hidden"},
                "in the new forward pass the output layer is the old one. W2 and b2 move before "
                "it.",
            ),
            Mistake(
                "a1 too new",
                moved_with_new_a1,
                "W2 moves with the new a1. Its gradient has the a1 of the forward pass that the "
                "deltas belong to: first both steps, then a1 anew.",
            ),
            Mistake(
                "minus on the first term only",
                {"loss": lambda a, y: np.sum(-y * np.log(a) + (1 - y) * np.log(1 - a))},
                "the minus of the loss stands before the first term only. It belongs to both.",
            ),
            Mistake(
                "first term only",
                {"loss": lambda a, y: -np.sum(y * np.log(a))},
                "half of the loss is missing: what an output pays where its target is 0.",
            ),
            Mistake(
                "mean of the outputs",
                {"loss": lambda a, y: two_outputs(a, y) / len(y)},
                "that is the mean over the outputs; their losses are added up.",
            ),
            Mistake(
                "uphill",
                {"rate": lambda lr: (-lr, -lr, -lr, -lr)},
                "all steps lead uphill, and the loss has grown.",
            ),
            Mistake(
                "no hidden slope",
                {"slope": lambda z, a: 1},
                "delta1 lacks the slope of the hidden sigmoids, a1 (1 − a1).",
            ),
            Mistake(
                "weights only",
                {"rate": lambda lr: (lr, 0, lr, 0)},
                "only the weights have moved, and the biases have not.",
            ),
        ],
        hints=[
            "What does each line need, and which line makes it?",
            "delta1 needs the old W2, so both deltas come before both steps.",
            "a1, a2, delta2, delta1, the two steps, a1, a2, return.",
        ],
        reason=(
            "All deltas belong to the parameters of one forward pass, and a new loss to a new one. "
            "The order of the two steps makes no difference."
        ),
    ),
    Choice(
        id="06-signs",
        title="Signs are the cheapest check",
        question=(
            "A hidden unit of the 3-2-1 network has a negative delta. This time the input is "
            "<var>x</var> = (−2, 3, 1). Which of its three weights grow in a step of gradient "
            "descent?"
        ),
        right=Option(
            "the second and the third",
            "their gradients are delta times a positive input: negative, so the step adds to "
            "them. The first one's is positive.",
        ),
        wrong=[
            Option(
                "all three",
                "delta is the same for all three, but each gradient has its own input as a factor.",
            ),
            Option(
                "the first",
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
    Code(
        id="06-squared_step",
        title="A delta from another loss",
        question=(
            "Find the mistake. <code>squared_step(W1, b1, W2, b2, x, y, lr)</code> should be one "
            "step of gradient descent for one example, with the loss <code>sse</code>, the sum of "
            "(<var>a</var> − <var>y</var>)² over the outputs. Both layers are sigmoids. It trains, "
            "but a gradient check with this loss fails for every parameter."
        ),
        cases=once_cases,
        solution=squared_step,
        given=squared_step_given,
        made_of=squared_step_with,
        alternatives=[squared_step_by_neurons, squared_step_with()],
        mistakes=[
            Mistake(
                "the miss alone",
                {"out": lambda a, y: a - y},
                "a − y is the output delta of sigmoid with <code>bce</code>. With the squared "
                "error nothing cancels: TN7.",
            ),
            Mistake(
                "no two",
                {"out": lambda a, y: (a - y) * a * (1 - a)},
                "the slope of the output is there now. The derivative of a square has a 2.",
            ),
            Mistake(
                "no slope at the output",
                {"out": lambda a, y: 2 * (a - y)},
                "that is the slope of the loss in a. On to z it takes the slope of the output's "
                "sigmoid, too.",
            ),
            Mistake(
                "sigma for sigma prime, output",
                {"out": lambda a, y: 2 * (a - y) * a},
                "for the output you multiplied by a; the slope is a (1 − a).",
            ),
            Mistake(
                "the loss itself",
                {"out": lambda a, y: (a - y) ** 2},
                "that is the loss itself. Delta is its derivative by z.",
            ),
            Mistake(
                "the loss times the slope",
                {"out": lambda a, y: (a - y) ** 2 * a * (1 - a)},
                "the slope of the sigmoid is there, but it multiplies the loss itself. Its other "
                "factor is the derivative of the loss by a.",
            ),
            Mistake(
                "sign of the miss",
                {"out": lambda a, y: 2 * (y - a) * a * (1 - a)},
                "the miss is the wrong way round, so that every step leads uphill: the slope of "
                "(a − y)² in a is 2 (a − y).",
            ),
            *(mistake for mistake in STEP_MISTAKES if mistake.name != "uphill"),
        ],
        hints=[
            "Only one line knows the loss.",
            "The output delta has two factors: the slope of the loss in a, and the slope of the "
            "sigmoid.",
            "2 (a2 − y) times a2 (1 − a2).",
        ],
        reason=(
            "Only the output delta knows the loss. All lines after it are the same for both, so "
            "one wrong delta makes every gradient wrong."
        ),
    ),
]
