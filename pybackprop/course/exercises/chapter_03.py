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
    "the weights are missing: each delta comes back over the weight between the two units, so "
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
        cases.append((W, a, rng.integers(0, 2, size=(m, sizes[-1])).astype(float)))
    return cases


def nudge_matrix(f, W, h):
    """Return the slope of f in each entry of W, by nudges of h up and down."""
    slopes = np.zeros(W.shape)
    for place in np.ndindex(W.shape):
        E = np.zeros(W.shape)
        E[place] = h  # this entry alone
        slopes[place] = (f(W + E) - f(W - E)) / (2 * h)
    return slopes


def one_entry(W: Any, j: int, k: int, h: float) -> Any:
    E = np.zeros(W.shape)
    E[j, k] = h
    return E


def nudge_with(
    quotient: Any = lambda up, down, middle, h: (up - down) / (2 * h),
    nudges: Any = one_entry,
) -> Any:
    """Return slopes by nudging with one of the two steps exchanged, for a mistake in it."""

    def wrong(f: Any, W: Any, h: Any) -> Any:
        slopes = np.zeros(W.shape)
        for j, k in np.ndindex(W.shape):
            E = nudges(W, j, k, h)
            slopes[j, k] = quotient(f(W + E), f(W - E), f(W), h)
        return slopes

    return wrong


def nudges_that_stay(f: Any, W: Any, h: Any) -> Any:
    """Each entry is left where the last nudge has put it."""
    moved, slopes = W.copy(), np.zeros(W.shape)
    for place in np.ndindex(W.shape):
        moved[place] += h
        up = f(moved)
        moved[place] -= 2 * h
        slopes[place] = (up - f(moved)) / (2 * h)
    return slopes


def nudge_flat(f: Any, W: Any, h: Any) -> Any:
    """The nudges of the chapter, over the entries in a row."""
    steps = h * np.eye(W.size).reshape(W.size, *W.shape)
    return np.reshape([(f(W + e) - f(W - e)) / (2 * h) for e in steps], W.shape)


def squares(W: Any) -> float:
    return float((W**2).sum())


def bends(W: Any) -> float:
    """A loss of a layer: each entry's slope depends on the others of its row."""
    x = np.arange(1, W.shape[1] + 1) / 2
    return float((np.tanh(W @ x) ** 2).sum())


def nudge_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (squares, np.array([[1.0, -2.0], [0.5, 3.0]]), 1e-5),
        (bends, rng.normal(size=(2, 2)) / 2, 1e-5),
        (bends, rng.normal(size=(2, 3)) / 2, 1e-4),
    ]


def hidden_gradients(delta, W, a, x):
    """Return the delta of a hidden layer, (n,), and its gradient, (n, p)."""
    own = (W.T @ delta) * a * (1 - a)  # V2
    return own, np.outer(own, x)  # V4


def hidden_with(
    back: Any = lambda delta, W: W.T @ delta,
    slope: Any = lambda a: a * (1 - a),
    weights: Any = lambda own, x, delta, a: np.outer(own, x),
) -> Any:
    """Return V2 and V4 with one step exchanged; the gradient is made of the delta."""

    def wrong(delta: Any, W: Any, a: Any, x: Any) -> tuple[Any, Any]:
        own = back(delta, W) * slope(a)
        return own, weights(own, x, delta, a)

    return wrong


def hidden_by_loops(delta: Any, W: Any, a: Any, x: Any) -> Any:
    """I2 and I4, index by index."""
    n, k = len(a), len(delta)
    own = [sum(delta[i] * W[i][j] for i in range(k)) * a[j] * (1 - a[j]) for j in range(n)]
    return own, [[d * v for v in x] for d in own]


def hidden_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (
            rng.normal(size=k),
            rng.normal(size=(k, n)),
            rng.uniform(0.1, 0.9, size=n),
            rng.normal(size=p),
        )
        for k, n, p in [(2, 2, 2), (1, 3, 2), (3, 2, 4)]
    ]


def mended_gradients(X, A1, A2, Y, W2):
    delta2 = (A2 - Y) / len(Y)
    delta1 = delta2 @ W2 * A1 * (1 - A1)
    return delta1.T @ X, delta2.T @ A1


def mended_gradients_given(X, A1, A2, Y, W2):
    """Return the gradients of W1 and W2: two layers of sigmoids, bce."""
    delta2 = (A2 - Y) / len(Y)
    delta1 = delta2 @ W2.T * A1 * (1 - A1)
    return X.T @ delta1, delta2.T @ A1


def gradients_with(
    start: Any = lambda A, Y: (A - Y) / len(Y),
    down: Any = lambda delta, W, A: delta @ W * A * (1 - A),
    first: Any = lambda delta, X, A: delta.T @ X,
    second: Any = lambda delta, A: delta.T @ A,
) -> Any:
    """Return the gradients of two layers with one of the lines exchanged."""

    def wrong(X: Any, A1: Any, A2: Any, Y: Any, W2: Any) -> tuple[Any, Any]:
        delta2 = start(A2, Y)
        delta1 = down(delta2, W2, A1)
        return first(delta1, X, A1), second(delta2, A1)

    return wrong


def gradients_by_examples(X: Any, A1: Any, A2: Any, Y: Any, W2: Any) -> tuple[Any, Any]:
    """The outer products of V4, example by example."""
    grad1: Any = 0
    grad2: Any = 0
    for x, a1, a2, y in zip(X, A1, A2, Y, strict=True):
        delta2 = (a2 - y) / len(Y)
        delta1 = (W2.T @ delta2) * a1 * (1 - a1)
        grad1, grad2 = grad1 + np.outer(delta1, x), grad2 + np.outer(delta2, a1)
    return grad1, grad2


def two_layer_batches(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Batches with their activations; in the first one, everything is 2."""
    return [
        (
            rng.normal(size=(m, p)),
            rng.uniform(0.1, 0.9, size=(m, q)),
            rng.uniform(0.1, 0.9, size=(m, r)),
            rng.integers(0, 2, size=(m, r)).astype(float),
            rng.normal(size=(r, q)),
        )
        for m, p, q, r in [(2, 2, 2, 2), (4, 2, 3, 1), (5, 4, 3, 2)]
    ]


def softmax_delta(a, g):
    """Return dC/dz of a softmax with the outputs a; g is dC/da."""
    return a * (g - (g * a).sum(axis=1, keepdims=True))  # SM2


def softmax_delta_by_jacobian(a: Any, g: Any) -> Any:
    return [(np.diag(p) - np.outer(p, p)) @ v for p, v in zip(a, g, strict=True)]


def softmax_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    shares = [np.exp(rng.normal(size=shape)) for shape in [(2, 2), (3, 3), (4, 3)]]
    return [
        (np.array([[0.2, 0.8]]), np.array([[1.0, -0.5]])),
        *((E / E.sum(axis=1, keepdims=True), rng.normal(size=E.shape)) for E in shares),
    ]


def one_step(X, Y, W1, b1, W2, b2, lr):
    A1 = 1 / (1 + np.exp(-(X @ W1.T + b1)))
    A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2)))
    delta2 = (A2 - Y) / len(X)
    delta1 = delta2 @ W2 * A1 * (1 - A1)
    W2 = W2 - lr * delta2.T @ A1
    b2 = b2 - lr * delta2.sum(axis=0)
    W1 = W1 - lr * delta1.T @ X
    b1 = b1 - lr * delta1.sum(axis=0)
    return W1, b1, W2, b2


def one_step_given(X, Y, W1, b1, W2, b2, lr):
    """Return all parameters after one step: two layers of sigmoids, bce."""
    # b1 = b1 - lr * delta1.sum(axis=0)
    # A2 = 1 / (1 + np.exp(-(A1 @ W2.T + b2)))
    # W2 = W2 - lr * delta2.T @ A1
    # delta1 = delta2 @ W2 * A1 * (1 - A1)
    # A1 = 1 / (1 + np.exp(-(X @ W1.T + b1)))
    # b2 = b2 - lr * delta2.sum(axis=0)
    # W1 = W1 - lr * delta1.T @ X
    # delta2 = (A2 - Y) / len(X)
    return W1, b1, W2, b2


def step_with(
    start: Any = lambda A, Y: (A - Y) / len(Y),
    down: Any = lambda delta, W, new, A: delta @ W * A * (1 - A),
    move: Any = lambda p, gradient, lr: p - lr * gradient,
    weights: Any = lambda delta, A: delta.T @ A,
    bias: Any = lambda delta: delta.sum(axis=0),
) -> Any:
    """Return one step of learning with one of its lines exchanged."""

    def wrong(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, lr: Any) -> Any:
        A1 = sigmoid(X @ W1.T + b1)
        A2 = sigmoid(A1 @ W2.T + b2)
        delta2 = start(A2, Y)
        new = move(W2, weights(delta2, A1), lr)
        delta1 = down(delta2, W2, new, A1)
        moved = [move(W1, weights(delta1, X), lr), move(b1, bias(delta1), lr)]
        return (*moved, new, move(b2, bias(delta2), lr))

    return wrong


def one_step_from_gradients(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, lr: Any) -> Any:
    """First all gradients, then all updates."""
    A1 = sigmoid(X @ W1.T + b1)
    A2 = sigmoid(A1 @ W2.T + b2)
    delta2 = (A2 - Y) / len(Y)
    delta1 = np.einsum("mk,kn->mn", delta2, W2) * A1 * (1 - A1)
    gradients = [delta1.T @ X, delta1.sum(axis=0), delta2.T @ A1, delta2.sum(axis=0)]
    return [p - lr * g for p, g in zip((W1, b1, W2, b2), gradients, strict=True)]


def one_step_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (
            rng.normal(size=(m, p)),
            rng.integers(0, 2, size=(m, r)).astype(float),
            rng.normal(size=(q, p)),
            rng.normal(size=q),
            rng.normal(size=(r, q)),
            rng.normal(size=r),
            lr,
        )
        for m, p, q, r, lr in [(1, 1, 1, 1, 0.5), (2, 2, 2, 2, 2.0), (4, 2, 3, 1, 0.5)]
    ]


def skip_back(g, a, w):
    """Return dC/da, entry by entry, of c = a + sigmoid(w a); g is dC/dc."""
    s = 1 / (1 + np.exp(-w * a))
    return g * (1 + w * s * (1 - s))


def skip_with(
    direct: Any = lambda g: g,
    carried: Any = lambda g: g,
    slope: Any = lambda w, a: sigmoid_prime(w * a),
    link: Any = lambda w, a: w,
) -> Any:
    """Return what comes back over both paths, with one of the factors exchanged."""
    return lambda g, a, w: direct(g) + carried(g) * slope(w, a) * link(w, a)


def phi(z):
    return np.tanh(z)


def dphi(z):
    return 1 - np.tanh(z) ** 2


def last_delta(a, y, z, phi, dphi):
    return 2 * (a - y) * dphi(z) / len(a)  # BP1


def last_delta_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    sums = [np.array([[0.5]]), rng.normal(size=(2, 2)), rng.normal(size=(3, 2))]
    return [(phi(z), rng.uniform(size=z.shape), z, phi, dphi) for z in sums]


def hidden_delta(delta2, W2, z1, phi, dphi):
    return delta2 @ W2 * dphi(z1)  # BP2


def hidden_delta_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    sizes = [(1, 1, 1), (2, 2, 2), (3, 2, 4)]
    return [
        (rng.normal(size=(m, k)), rng.normal(size=(k, n)), rng.normal(size=(m, n)), phi, dphi)
        for m, k, n in sizes
    ]


def weight_gradient(delta2, a1):
    return delta2.T @ a1  # BP4


def weight_gradient_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    sizes = [(1, 1, 1), (2, 2, 2), (3, 2, 4)]
    return [(rng.normal(size=(m, k)), rng.normal(size=(m, n))) for m, k, n in sizes]


EXERCISES = [
    Code(
        id="03-nudge_matrix",
        title="Slopes by nudging",
        question=(
            "Write the judge for matrices, <code>nudge_matrix(f, W, h)</code>. <code>f</code> "
            "takes a matrix and returns a number. Nudge each entry of <code>W</code> alone, by "
            "<code>h</code> up and down, and return the slopes that you find, in the shape of "
            "<code>W</code>. <code>W</code> itself stays as it is."
        ),
        cases=nudge_cases,
        solution=nudge_matrix,
        made_of=nudge_with,
        alternatives=[nudge_flat, nudge_with()],
        mistakes=[
            Mistake(
                "no parentheses above the line",
                {"quotient": lambda up, down, middle, h: up - down / (2 * h)},
                "only f(W − E) is divided: write (f(W + E) − f(W − E)) in parentheses.",
            ),
            Mistake(
                "no parentheses below the line",
                {"quotient": lambda up, down, middle, h: (up - down) / 2 * h},
                "<code>/ 2 * h</code> divides by 2 and then multiplies by h. Write / (2 * h).",
            ),
            Mistake(
                "h for 2 h",
                {"quotient": lambda up, down, middle, h: (up - down) / h},
                "that is twice the slope: from down to up the entry moves by 2 h.",
            ),
            Mistake(
                "not divided",
                {"quotient": lambda up, down, middle, h: up - down},
                "that is the change of f. The slope is the change over the distance, 2 h.",
            ),
            Mistake(
                "sign",
                {"quotient": lambda up, down, middle, h: (down - up) / (2 * h)},
                "the signs are wrong: what f gives after the nudge up comes first.",
            ),
            Mistake(
                "one side only",
                {"quotient": lambda up, down, middle, h: (up - middle) / h},
                "you nudged up only. It is less exact; nudge down, too, and divide by 2 h.",
            ),
            Mistake(
                "only back to the middle",
                {"quotient": lambda up, down, middle, h: (up - middle) / (2 * h)},
                "that is about half the slope: the way down from W + h is 2 h; h leads back to the "
                "middle only.",
            ),
            Mistake(
                "all entries at once",
                {"nudges": lambda W, j, k, h: h * np.ones(W.shape)},
                "the nudge moves all entries, so each slope is the sum of all. Nudge one entry "
                "alone.",
            ),
            Mistake(
                "a row at once",
                {"nudges": lambda W, j, k, h: sum(one_entry(W, j, i, h) for i in range(len(W[0])))},
                "the nudge moves a whole row. An entry has two indices; nudge it alone.",
            ),
            Mistake(
                "a column at once",
                {"nudges": lambda W, j, k, h: sum(one_entry(W, i, k, h) for i in range(len(W)))},
                "the nudge moves a whole column. An entry has two indices; nudge it alone.",
            ),
            Mistake(
                "indices exchanged",
                {"nudges": lambda W, j, k, h: one_entry(W, k, j, h)},
                "you nudge entry [k, j] and write its slope into [j, k]. It runs only where W is "
                "square, and is wrong there.",
            ),
            Mistake(
                "E is not emptied",
                {
                    "nudges": lambda W, j, k, h: sum(
                        one_entry(W, place[0], place[1], h)
                        for place in np.ndindex(W.shape)
                        if place <= (j, k)
                    )
                },
                "the h of the entries before are still in E, so all of them are nudged together. "
                "Begin each time with zeros.",
            ),
            Mistake(
                "nudges that stay",
                nudges_that_stay,
                "the nudges pile up: an entry stays where it was put while the next one is "
                "nudged. Put it back first.",
            ),
        ],
        hints=[
            "As <code>nudge</code> does it, with a matrix E: h in one place, 0 elsewhere.",
            "Two loops over rows and columns, or one over np.ndindex(W.shape).",
            "(f(W + E) − f(W − E)) / (2 * h), written into the same place of the result.",
        ],
        reason="It knows nothing of the chain rule. That is what makes it an independent judge.",
    ),
    Numeric(
        id="03-output-delta",
        title="The output delta of one unit",
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
    Numeric(
        id="03-first-weight",
        title="The whole chain",
        question=(
            "One unit per layer, as above, with <var>C</var> = ½ (<var>a</var><sub>2</sub> − "
            "<var>y</var>)<sup>2</sup>. The forward pass has left <var>a</var><sub>1</sub> = {a1} "
            "and <var>a</var><sub>2</sub> = {a2}. The input is <var>x</var> = {x}, the target "
            "<var>y</var> = {y}, and <var>w</var><sub>2</sub> = {w2}. What is "
            "∂<var>C</var>/∂<var>w</var><sub>1</sub>?"
        ),
        draw=lambda rng: {
            "x": between(rng, -4, 4, avoid=0.0),
            "a1": between(rng, 0.1, 0.9, avoid=0.5),
            "a2": between(rng, 0.1, 0.9, avoid=0.5),
            "w2": between(rng, -4, 4, avoid=0.0),
            "y": int(rng.integers(0, 2)),
        },
        answer=lambda x, a1, a2, w2, y: (a2 - y) * a2 * (1 - a2) * w2 * a1 * (1 - a1) * x,
        digits=4,
        mistakes=[
            Mistake(
                "no slope at the output",
                lambda x, a1, a2, w2, y: (a2 - y) * w2 * a1 * (1 - a1) * x,
                "the slope at the output is missing: with this loss nothing cancels it. All other "
                "factors are right.",
            ),
            Mistake(
                "no slope at the hidden unit",
                lambda x, a1, a2, w2, y: (a2 - y) * a2 * (1 - a2) * w2 * x,
                "the slope of the hidden unit is missing. All other factors are right.",
            ),
            Mistake(
                "no weight",
                lambda x, a1, a2, w2, y: (a2 - y) * a2 * (1 - a2) * a1 * (1 - a1) * x,
                "the weight between the two units is missing. All other factors are right.",
            ),
            Mistake(
                "bias",
                lambda x, a1, a2, w2, y: (a2 - y) * a2 * (1 - a2) * w2 * a1 * (1 - a1),
                "that is ∂C/∂b₁, the delta of the hidden unit, and it is right. The weight's "
                "gradient has one more factor: what the weight carries.",
            ),
            Mistake(
                "own activation",
                lambda x, a1, a2, w2, y: (a2 - y) * a2 * (1 - a2) * w2 * a1 * (1 - a1) * a1,
                "the delta is right. The weight w₁ carries the input x, not the activation a₁, "
                "which comes out at its end.",
            ),
            Mistake(
                "sigma for sigma prime",
                lambda x, a1, a2, w2, y: (a2 - y) * a2 * w2 * a1 * x,
                "twice you multiplied by a, which is σ(z), in place of the slope a (1 − a).",
            ),
            Mistake(
                "second weight",
                lambda x, a1, a2, w2, y: (a2 - y) * a2 * (1 - a2) * a1,
                "that is the gradient of w₂. For w₁ the chain goes on.",
            ),
            Mistake(
                "no error",
                lambda x, a1, a2, w2, y: a2 * (1 - a2) * w2 * a1 * (1 - a1) * x,
                "that is ∂a₂/∂w₁. The first factor is missing: how the loss changes with a₂.",
            ),
            Mistake(
                "output for error",
                lambda x, a1, a2, w2, y: a2 * a2 * (1 - a2) * w2 * a1 * (1 - a1) * x,
                "the first factor is the error a₂ − y; you took a₂. What you made of it is right.",
            ),
        ],
        hints=[
            "Five factors, from the loss back to the weight.",
            "The error, a slope, a weight, a slope, an input.",
            "({a2} − {y}) · {a2} (1 − {a2}) · {w2:p} · {a1} (1 − {a1}) · {x:p}.",
        ],
        solution=(
            "δ<sub>2</sub> = ({a2} − {y}) · {a2} (1 − {a2}) = {d2}, and δ<sub>1</sub> = {d2:p} · "
            "{w2:p} · {a1} (1 − {a1}) = {d1}. The gradient is {d1:p} · {x:p} = <b>{answer}</b>."
        ),
        steps=lambda x, a1, a2, w2, y: {
            "d2": (a2 - y) * a2 * (1 - a2),
            "d1": (a2 - y) * a2 * (1 - a2) * w2 * a1 * (1 - a1),
        },
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
        title="The sign of delta",
        question=(
            "A sigmoid output with the loss bce gives <var>a</var> = 0.8 where <var>y</var> = 1. "
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
            "A hidden sigmoid unit has the activation <var>a</var> = {a}. It feeds two units, "
            "over the weights {w1} and {w2}. Their deltas are {d1} and {d2}. What is the delta of "
            "the hidden unit?"
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
                "that is ∂C/∂a, what arrives at the unit. To get to its z it still has to pass "
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
                "that is one path only. The unit feeds two: add over the paths.",
            ),
            Mistake(
                "second path only",
                lambda a, w1, w2, d1, d2: w2 * d2 * a * (1 - a),
                "that is the second path only. The unit feeds two: add over the paths.",
            ),
            Mistake(
                "no weights",
                lambda a, w1, w2, d1, d2: (d1 + d2) * a * (1 - a),
                "the weights are missing: each delta comes back over the weight between.",
            ),
            Mistake(
                "crossed",
                lambda a, w1, w2, d1, d2: (w1 * d2 + w2 * d1) * a * (1 - a),
                "the deltas are crossed: each comes back over the weight that leads to its unit.",
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
    Code(
        id="03-hidden_gradients",
        title="A hidden layer, one example",
        question=(
            "Write <code>hidden_gradients(delta, W, a, x)</code> for a hidden layer of sigmoids "
            "and one example. <code>delta</code>, (<var>k</var>,), is the next layer's delta, "
            "<code>W</code>, (<var>k</var>, <var>n</var>), the weights into it; <code>a</code>, "
            "(<var>n</var>,), are the activations of this layer, <code>x</code>, "
            "(<var>p</var>,), the numbers that came into it. Return two results: the delta of this "
            "layer, (<var>n</var>,), and the gradient of its weights, (<var>n</var>, "
            "<var>p</var>)."
        ),
        cases=hidden_cases,
        solution=hidden_gradients,
        made_of=hidden_with,
        alternatives=[
            hidden_by_loops,
            lambda delta, W, a, x: (
                delta @ W * (a - a**2),
                (delta @ W * (a - a**2))[:, None] * x,
            ),
            lambda delta, W, a, x: [
                np.diag(a * (1 - a)) @ W.T @ delta,
                np.einsum("k,kn,n,p->np", delta, W, a * (1 - a), x),
            ],
        ],
        mistakes=[
            Mistake(
                "no transpose",
                {"back": lambda delta, W: W @ delta},
                "on the way back the sum runs over the first index of W: W.T @ delta. W @ delta "
                "runs only where W is square, and is wrong there.",
            ),
            Mistake(
                "no weights, deltas added up",
                {"back": lambda delta, W: delta.sum()},
                NO_WEIGHTS,
            ),
            Mistake(
                "no weights",
                {"back": lambda delta, W: delta},
                NO_WEIGHTS,
            ),
            Mistake(
                "no deltas",
                {"back": lambda delta, W: W.sum(axis=0)},
                "you added up the weights of each unit. Each is multiplied by the delta at its "
                "end first.",
            ),
            Mistake(
                "no slope",
                {"slope": lambda a: 1.0},
                "the slope is missing: what comes back through the weights is ∂C/∂a, and delta is "
                "∂C/∂z. The gradient inherits that.",
            ),
            Mistake(
                "sigma for sigma prime",
                {"slope": lambda a: a},
                "you multiplied by a, which is σ(z); the slope is a (1 − a). The gradient inherits "
                "that.",
            ),
            Mistake(
                "slope at a",
                {"slope": sigmoid_prime},
                "you put a into σ′. The activations went through the sigmoid already: the slope is "
                "a (1 − a).",
            ),
            Mistake(
                "tanh's slope",
                {"slope": lambda a: 1 - a**2},
                "1 − a² is the slope of tanh; the sigmoid's is a (1 − a).",
            ),
            Mistake(
                "transposed",
                {"weights": lambda own, x, delta, a: np.outer(x, own)},
                "the gradient is transposed: a row for each unit of this layer, as in its weights.",
            ),
            Mistake(
                "delta of the next layer",
                {"weights": lambda own, x, delta, a: np.outer(delta, x)},
                "the gradient has the delta of the next layer. It belongs to the layer into which "
                "the weights lead: this one.",
            ),
            Mistake(
                "own activation",
                {"weights": lambda own, x, delta, a: np.outer(own, a)},
                "the gradient has this layer's own activations. Its weights carry what came in, x.",
            ),
            Mistake(
                "next layer's gradient",
                {"weights": lambda own, x, delta, a: np.outer(delta, a)},
                "that is the gradient of W, the weights into the next layer. The weights into this "
                "layer are asked for.",
            ),
            Mistake(
                "entry by entry",
                {"weights": lambda own, x, delta, a: own * x},
                "<code>*</code> pairs entry j with entry j. Here each of the n deltas meets each "
                "of the p inputs: an outer product.",
            ),
            Mistake(
                "a number",
                {"weights": lambda own, x, delta, a: own @ x},
                "<code>@</code> of two vectors adds their products up to a number. Here nothing is "
                "added up: an outer product.",
            ),
        ],
        hints=[
            "V2, then V4 with the delta that came out of it.",
            "(n, k) times (k,) gives (n,). Then the slope of each unit, from its activation.",
            "own = (W.T @ delta) * a * (1 − a), and np.outer(own, x).",
        ],
        reason="V2 and V4. The second result needs only the first one and what came in.",
    ),
    Numeric(
        id="03-two-outputs",
        title="From two outputs to one weight",
        question=(
            "A network of sigmoids with two outputs and the loss <code>bce</code>, one example. "
            "The outputs are {o1} and {o2}, their targets 1 and 0. A hidden unit has the "
            "activation <var>a</var> = {a} and feeds both, over the weights {v1} to the first and "
            "{v2} to the second. What is ∂<var>C</var>/∂<var>w</var> of the weight <var>w</var> "
            "that brings the input <var>x</var> = {x} to the hidden unit?"
        ),
        draw=lambda rng: {
            "o1": between(rng, 0.1, 0.9),
            "o2": between(rng, 0.1, 0.9),
            "a": between(rng, 0.1, 0.9, avoid=0.5),
            "v1": between(rng, -3, 3, avoid=0.0),
            "v2": between(rng, -3, 3, avoid=0.0),
            "x": between(rng, -3, 3, avoid=0.0),
        },
        answer=lambda o1, o2, a, v1, v2, x: (v1 * (o1 - 1) + v2 * o2) * a * (1 - a) * x,
        digits=4,
        mistakes=[
            Mistake(
                "first path only",
                lambda o1, o2, a, v1, v2, x: v1 * (o1 - 1) * a * (1 - a) * x,
                "that is the path over the first output, and it is right. The unit feeds both: "
                "add over the paths.",
            ),
            Mistake(
                "second path only",
                lambda o1, o2, a, v1, v2, x: v2 * o2 * a * (1 - a) * x,
                "that is the path over the second output, and it is right. The unit feeds both: "
                "add over the paths.",
            ),
            Mistake(
                "slopes at the outputs",
                lambda o1, o2, a, v1, v2, x: (
                    (v1 * (o1 - 1) * o1 * (1 - o1) + v2 * o2 * o2 * (1 - o2)) * a * (1 - a) * x
                ),
                "the output deltas have a slope too many: with <code>bce</code> it cancels. What "
                "you made of them is right.",
            ),
            Mistake(
                "no targets",
                lambda o1, o2, a, v1, v2, x: (v1 * o1 + v2 * o2) * a * (1 - a) * x,
                "for the output deltas you took the outputs, without their targets. What you made "
                "of them is right.",
            ),
            Mistake(
                "targets the other way round",
                lambda o1, o2, a, v1, v2, x: (v1 * o1 + v2 * (o2 - 1)) * a * (1 - a) * x,
                "the targets are exchanged: 1 belongs to the first output. What you made of the "
                "deltas is right.",
            ),
            Mistake(
                "no hidden slope",
                lambda o1, o2, a, v1, v2, x: (v1 * (o1 - 1) + v2 * o2) * x,
                "the sum over both paths is right. Before the weight, it has to pass the slope of "
                "the hidden unit.",
            ),
            Mistake(
                "sigma for sigma prime",
                lambda o1, o2, a, v1, v2, x: (v1 * (o1 - 1) + v2 * o2) * a * x,
                "the sum over both paths is right. You multiplied it by a, which is σ(z), in place "
                "of the slope a (1 − a).",
            ),
            Mistake(
                "bias",
                lambda o1, o2, a, v1, v2, x: (v1 * (o1 - 1) + v2 * o2) * a * (1 - a),
                "that is the delta of the hidden unit, and it is right: the gradient of its "
                "bias. A weight's has one more factor.",
            ),
            Mistake(
                "own activation",
                lambda o1, o2, a, v1, v2, x: (v1 * (o1 - 1) + v2 * o2) * a * (1 - a) * a,
                "the delta is right. The last factor is what the weight carries: x, not the "
                "activation at its end.",
            ),
            Mistake(
                "no weights",
                lambda o1, o2, a, v1, v2, x: ((o1 - 1) + o2) * a * (1 - a) * x,
                "the weights to the outputs are missing: each delta comes back over the weight "
                "between. All other factors are right.",
            ),
            Mistake(
                "crossed",
                lambda o1, o2, a, v1, v2, x: (v2 * (o1 - 1) + v1 * o2) * a * (1 - a) * x,
                "the deltas are crossed: each comes back over the weight that leads to its output.",
            ),
        ],
        hints=[
            "Four steps: the two output deltas, the sum over both paths, the slope, the input.",
            "The output deltas are {o1} − 1 and {o2} − 0.",
            "({v1:p} · ({o1} − 1) + {v2:p} · {o2}) · {a} (1 − {a}) · {x:p}.",
        ],
        solution=(
            "The output deltas are {d1} and {o2}. Both paths together bring {v1:p} · {d1:p} + "
            "{v2:p} · {o2} = {arrives}, and the delta of the hidden unit is {arrives:p} · {a} "
            "(1 − {a}) = {delta}. The gradient is {delta:p} · {x:p} = <b>{answer}</b>."
        ),
        steps=lambda o1, o2, a, v1, v2, x: {
            "d1": o1 - 1,
            "arrives": v1 * (o1 - 1) + v2 * o2,
            "delta": (v1 * (o1 - 1) + v2 * o2) * a * (1 - a),
        },
    ),
    Numeric(
        id="03-weight-gradient",
        title="The gradient of one weight over a batch",
        question=(
            "A batch of two examples. A weight leads from a unit with the activations {a1} "
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
            "<code>delta</code> has shape (<var>m</var>, <var>n</var>), one example per row, with "
            "the 1/<var>m</var> of the loss inside. Which line is the gradient of the bias?"
        ),
        right=Option(
            "<code>delta.sum(axis=0)</code>",
            "axis 0 runs over the examples: for each unit, all examples add up. The result has "
            "the shape of b, (n,).",
        ),
        wrong=[
            Option(
                "<code>delta.sum(axis=1)</code>",
                "that adds up the units and leaves one number per example, shape (m,). Where m = "
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
            "Layer <var>l</var> has {n} units, the layer before it {k}, and a batch of {m} "
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
                "that is transposed: it has to fit W, which has a row for each unit of its layer.",
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
            Mistake(
                "shape of delta, transposed",
                lambda n, k, m: (n, m),
                "that is the shape of <code>delta[l].T</code>, the first factor.",
            ),
            Mistake(
                "shape of the activation",
                lambda n, k, m: (m, k),
                "that is the shape of <code>a[l-1]</code>, the second factor.",
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
        id="03-last_delta",
        title="BP1 as a formula",
        question=(
            "The loss is <code>sse</code>, <var>C</var> = 1/<var>m</var> Σ (<var>a</var> − "
            "<var>y</var>)², and the output layer has some activation φ. Type a formula for its "
            "delta, ∂<var>C</var>/∂<var>z</var>, for a batch."
        ),
        names={
            "a": "its activations φ(<var>z</var>), shape (<var>m</var>, <var>n</var>)",
            "y": "targets, shape (<var>m</var>, <var>n</var>)",
            "z": "its weighted sums, shape (<var>m</var>, <var>n</var>)",
            "phi": "the activation, a function",
            "dphi": "its slope φ′, a function",
        },
        cases=last_delta_cases,
        solution=last_delta,
        alternatives=[
            lambda a, y, z, phi, dphi: 2 / len(y) * dphi(z) * (phi(z) - y),
            lambda a, y, z, phi, dphi: np.multiply(a - y, dphi(z)) / (0.5 * a.shape[0]),
        ],
        mistakes=[
            Mistake(
                "no slope",
                lambda a, y, z, phi, dphi: 2 * (a - y) / len(a),
                "that is ∂C/∂a. From a to z the slope of the activation is a factor, too.",
            ),
            Mistake(
                "phi for its slope",
                lambda a, y, z, phi, dphi: 2 * (a - y) * phi(z) / len(a),
                "you multiplied by φ itself; its slope is the factor.",
            ),
            Mistake(
                "slope at a",
                lambda a, y, z, phi, dphi: 2 * (a - y) * dphi(a) / len(a),
                "the slope is taken at a. φ is applied to z, so its slope is wanted there.",
            ),
            Mistake(
                "no 2",
                lambda a, y, z, phi, dphi: (a - y) * dphi(z) / len(a),
                "the slope of a square has a 2; this loss has no half that cancels it.",
            ),
            Mistake(
                "no 1/m",
                lambda a, y, z, phi, dphi: 2 * (a - y) * dphi(z),
                "the loss is averaged over the examples, and so is its delta.",
            ),
            Mistake(
                "sign",
                lambda a, y, z, phi, dphi: 2 * (y - a) * dphi(z) / len(a),
                "the sign is wrong: it should be positive where a is too large and φ rises.",
            ),
            Mistake(
                "square left",
                lambda a, y, z, phi, dphi: (a - y) ** 2 * dphi(z) / len(a),
                "the square of the loss is still there; its slope is a factor.",
            ),
        ],
        hints=[
            "BP1: ∂C/∂a times the slope of the activation, entry by entry.",
            "∂C/∂a of this loss is 2 (a − y)/m.",
            "The slope is taken where the activation is applied: dphi(z). * multiplies entries.",
        ],
        reason="BP1: ∂C/∂a = 2 (a − y)/m, times φ′(z), entry by entry.",
    ),
    Code(
        id="03-hidden_delta",
        title="BP2 as a formula",
        question=(
            "Layer 1 has an activation φ and feeds layer 2. Type a formula for its delta, "
            "∂<var>C</var>/∂<var>z</var><sup>[1]</sup>, for a batch."
        ),
        names={
            "delta2": "delta of layer 2, shape (<var>m</var>, <var>k</var>)",
            "W2": "weights into layer 2, shape (<var>k</var>, <var>n</var>)",
            "z1": "weighted sums of layer 1, shape (<var>m</var>, <var>n</var>)",
            "phi": "the activation, a function",
            "dphi": "its slope φ′, a function",
        },
        cases=hidden_delta_cases,
        solution=hidden_delta,
        alternatives=[
            lambda delta2, W2, z1, phi, dphi: dphi(z1) * (W2.T @ delta2.T).T,
            lambda delta2, W2, z1, phi, dphi: np.einsum("mk,kn,mn->mn", delta2, W2, dphi(z1)),
        ],
        mistakes=[
            Mistake(
                "no slope",
                lambda delta2, W2, z1, phi, dphi: delta2 @ W2,
                "that is ∂C/∂a of layer 1. From a to z the slope of its activation is a factor.",
            ),
            Mistake(
                "phi for its slope",
                lambda delta2, W2, z1, phi, dphi: delta2 @ W2 * phi(z1),
                "you multiplied by φ itself; its slope is the factor.",
            ),
            Mistake(
                "slope at a",
                lambda delta2, W2, z1, phi, dphi: delta2 @ W2 * dphi(phi(z1)),
                "the slope is taken at a. φ is applied to z, so its slope is wanted there.",
            ),
            Mistake(
                "transposed",
                lambda delta2, W2, z1, phi, dphi: delta2 @ W2.T * dphi(z1),
                "with a batch in rows, delta goes back over W as it is, without a transpose.",
            ),
            Mistake(
                "no weights",
                lambda delta2, W2, z1, phi, dphi: delta2 * dphi(z1),
                "the weights are missing: delta comes back over them.",
            ),
            Mistake(
                "entry by entry",
                lambda delta2, W2, z1, phi, dphi: delta2 * W2 * dphi(z1),
                "* multiplies entry by entry. Over the weights the paths add up: that is @.",
            ),
            Mistake(
                "mean",
                lambda delta2, W2, z1, phi, dphi: delta2 @ W2 * dphi(z1) / len(z1),
                "1/m stands in the loss, and so in the last delta already.",
            ),
        ],
        hints=[
            "BP2: what comes back over the weights, times the slope of the activation.",
            "What comes back has the shape (m, n): from (m, k) and (k, n).",
            "delta2 @ W2 comes back. Which factor is still missing?",
        ],
        reason="BP2: δ<sup>[2]</sup> W<sup>[2]</sup> comes back, times φ′(z<sup>[1]</sup>).",
    ),
    Code(
        id="03-weight_gradient",
        title="BP4 as a formula",
        question=(
            "Layer 2 gets the activations of layer 1. Type a formula for the gradient of its "
            "weights, ∂<var>C</var>/∂<var>W</var><sup>[2]</sup>, over a batch. It has the shape of "
            "<var>W</var><sup>[2]</sup>, (<var>k</var>, <var>n</var>)."
        ),
        names={
            "delta2": "delta of layer 2, shape (<var>m</var>, <var>k</var>), 1/<var>m</var> in it",
            "a1": "activations of layer 1, shape (<var>m</var>, <var>n</var>)",
        },
        cases=weight_gradient_cases,
        solution=weight_gradient,
        alternatives=[
            lambda delta2, a1: (a1.T @ delta2).T,
            lambda delta2, a1: np.einsum("mk,mn->kn", delta2, a1),
            lambda delta2, a1: sum(np.outer(d, a) for d, a in zip(delta2, a1, strict=True)),
        ],
        mistakes=[
            Mistake(
                "transposed",
                lambda delta2, a1: a1.T @ delta2,
                "rows and columns are exchanged: the row of a weight is the unit it leads to.",
            ),
            Mistake(
                "mean",
                lambda delta2, a1: delta2.T @ a1 / len(a1),
                "1/m is in delta already; BP4 is a plain sum over the examples.",
            ),
            Mistake(
                "sums first",
                lambda delta2, a1: np.outer(delta2.sum(axis=0), a1.sum(axis=0)),
                "you added up the examples before you multiplied. Each example has its own "
                "product.",
            ),
            Mistake(
                "no transpose",
                lambda delta2, a1: delta2 @ a1,
                "@ adds over columns of the left and rows of the right. The sum is over the "
                "examples, which are rows of both.",
            ),
            Mistake(
                "entry by entry",
                lambda delta2, a1: delta2 * a1,
                "* multiplies entry by entry; here each delta meets each activation.",
            ),
            Mistake(
                "gradient of the bias",
                lambda delta2, a1: delta2.sum(axis=0),
                "that is BP3, the gradient of the bias. A weight's has an activation in it.",
            ),
            Mistake(
                "first example only",
                lambda delta2, a1: np.outer(delta2[0], a1[0]),
                "that is the first example alone; a batch adds up all of them.",
            ),
        ],
        hints=[
            "For one example: delta of the unit it leads to, times the activation it carries.",
            "Add over the examples: the axis m must meet itself in @.",
            "The result is (k, n), so the factors are (k, m) and (m, n).",
        ],
        reason="BP4: each example adds δ<sub>j</sub> a<sub>k</sub>, and @ adds them over the rows.",
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
            "BP2: row <var>i</var> of <code>delta @ W</code> adds up, for each unit, the paths "
            "to the next layer. The slope leads from <var>a</var> to <var>z</var>."
        ),
    ),
    Code(
        id="03-mended_gradients",
        title="Mend a backward pass",
        question=(
            "Two layers of sigmoids with the loss <code>bce</code>. This program was tried where "
            "everything is 2: inputs, units, examples. It ran, and all shapes were right. Still "
            "it is wrong, in two places. Mend it. <code>X</code> has the shape (<var>m</var>, "
            "<var>p</var>), <code>A1</code> (<var>m</var>, <var>q</var>), <code>A2</code> and "
            "<code>Y</code> (<var>m</var>, <var>r</var>), <code>W2</code> (<var>r</var>, "
            "<var>q</var>); the two results have the shapes of W1, (<var>q</var>, "
            "<var>p</var>), and W2."
        ),
        cases=two_layer_batches,
        solution=mended_gradients,
        made_of=gradients_with,
        given=mended_gradients_given,
        alternatives=[
            gradients_by_examples,
            lambda X, A1, A2, Y, W2: [
                np.einsum("mr,rq,mq,mp->qp", (A2 - Y) / len(X), W2, A1 * (1 - A1), X),
                (A1.T @ (A2 - Y)).T / len(X),
            ],
        ],
        mistakes=[
            Mistake(
                "transpose on the way back",
                {"down": lambda delta, W, A: delta @ W.T * A * (1 - A)},
                "W2 is transposed on the way back. With examples in rows it is delta @ W; with W.T "
                "it runs only where W is square, and is wrong there.",
            ),
            Mistake(
                "first gradient transposed",
                {"first": lambda delta, X, A: X.T @ delta},
                "the gradient of W1 is transposed: a row for each unit, as in W1.",
            ),
            Mistake(
                "first gradient without transpose",
                {"first": lambda delta, X, A: delta @ X},
                "in the gradient of W1 no transpose is left. The sum runs over the examples, the "
                "first index of both.",
            ),
            Mistake(
                "own activation",
                {"first": lambda delta, X, A: delta.T @ A},
                "the gradient of W1 has the layer's own activations. W1 carries X.",
            ),
            Mistake(
                "second gradient transposed",
                {"second": lambda delta, A: A.T @ delta},
                "the gradient of W2 is transposed now. It was right.",
            ),
            Mistake(
                "no slope",
                {"down": lambda delta, W, A: delta @ W},
                "the slope of the hidden layer is gone. It was right.",
            ),
            Mistake(
                "deltas turned round",
                {"down": lambda delta, W, A: delta.T @ W * A * (1 - A)},
                "on the way back delta2 is transposed. Each row is an example and stays where it "
                "is: delta @ W.",
            ),
            Mistake(
                "slope at the output",
                {"start": lambda A, Y: (A - Y) * A * (1 - A) / len(Y)},
                "the output delta has a slope now. With <code>bce</code> it cancels.",
            ),
            Mistake(
                "1/m once more",
                {"down": lambda delta, W, A: delta @ W * A * (1 - A) / len(A)},
                "delta1 has one more 1/m now. It came with the loss, once, and is in delta2.",
            ),
            Mistake(
                "no 1/m",
                {"start": lambda A, Y: A - Y},
                "the 1/m is gone from the output delta. It was right.",
            ),
        ],
        hints=[
            "Write the shape of every array beside its line, with m, p, q and r.",
            "(m, r) times (r, q) gives (m, q). Which of the two has the transpose, W2 or none?",
            "A gradient is delta.T @ what came in: the shape of the weights.",
        ],
        reason=(
            "BP2 has no transpose in code, and BP4 has it on delta. Where everything is 2, no "
            "shape tells; so try a program on layers of different widths, and nudge."
        ),
    ),
    Code(
        id="03-softmax_delta",
        title="Back through a softmax",
        question=(
            "Write <code>softmax_delta(a, g)</code>: the delta of a softmax output with any loss. "
            "<code>a</code> holds the outputs, one example per row, <code>g</code> is "
            "∂<var>C</var>/∂<var>a</var>; both and the result have the shape (<var>m</var>, "
            "<var>n</var>)."
        ),
        cases=softmax_cases,
        solution=softmax_delta,
        alternatives=[
            softmax_delta_by_jacobian,
            lambda a, g: g * a - a * np.einsum("mj,mj->m", g, a)[:, None],
            lambda a, g: a * (g - np.diag(g @ a.T)[:, None]),
        ],
        mistakes=[
            Mistake(
                "diagonal of the Jacobian",
                lambda a, g: g * a * (1 - a),
                "that is the diagonal of the Jacobian alone. Each output depends on all logits of "
                "its row, so all outputs send something back to each.",
            ),
            Mistake(
                "no keepdims",
                lambda a, g: a * (g - (g * a).sum(axis=1)),
                "the sums have lost their axis. Of shape (m,), they are spread over the columns, "
                "or fit nowhere: keepdims=True keeps each at its row.",
            ),
            Mistake(
                "sum over the examples",
                lambda a, g: a * (g - (g * a).sum(axis=0)),
                "the sum runs down the columns, over the examples. It runs over the outputs of one "
                "example.",
            ),
            Mistake(
                "one sum for all",
                lambda a, g: a * (g - (g * a).sum()),
                "that is one sum for the whole batch. Each example, a row, has its own.",
            ),
            Mistake(
                "mean",
                lambda a, g: a * (g - (g * a).mean(axis=1, keepdims=True)),
                "you took the mean of g a over the outputs; their sum is subtracted.",
            ),
            Mistake(
                "outputs left out of the sum",
                lambda a, g: a * (g - g.sum(axis=1, keepdims=True)),
                "in the sum each g is multiplied by its a.",
            ),
            Mistake(
                "first term only",
                lambda a, g: g * a,
                "that is the first of two terms. The sum that all outputs share is missing.",
            ),
            Mistake(
                "outputs left out in front",
                lambda a, g: g - (g * a).sum(axis=1, keepdims=True),
                "the bracket is right. It is multiplied by a.",
            ),
            Mistake(
                "second term without its output",
                lambda a, g: g * a - (g * a).sum(axis=1, keepdims=True),
                "the sum that is subtracted is multiplied by a, too: the a stands before the "
                "bracket.",
            ),
            Mistake(
                "plus",
                lambda a, g: a * (g + (g * a).sum(axis=1, keepdims=True)),
                "the sum is subtracted: raising one logit lowers the other outputs.",
            ),
            Mistake(
                "pairs of examples",
                lambda a, g: a * (g - (g @ a.T).sum(axis=1, keepdims=True)),
                "g @ a.T pairs each example with every other one. Multiply entry by entry, then "
                "add up each row.",
            ),
            Mistake(
                "no Jacobian",
                lambda a, g: g.copy(),
                "that is ∂C/∂a itself. The way back through the softmax is missing.",
            ),
        ],
        hints=[
            "SM2, row by row. No matrix is needed.",
            "For each example one sum: g times a, added up over its outputs.",
            "a * (g − s) with s = (g * a).sum(axis=1, keepdims=True).",
        ],
        reason=(
            "SM2. With <var>g</var> = −<var>y</var>/<var>a</var> over <var>m</var> it becomes the "
            "plain error, as the next section shows."
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
                "one bias per layer",
                {"bias": lambda delta: delta.sum()},
                "the weights are right. The biases got one number per layer: add up the examples "
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
                "units.",
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
    Code(
        id="03-one_step",
        title="Put a step of learning in order",
        question=(
            "Here are the lines of one step of learning, out of order: forward, backward, and the "
            "step against the gradient, for two layers of sigmoids with the loss "
            "<code>bce</code>. Put them in order and take away their number signs. All gradients "
            "must belong to the parameters that were handed in. <code>X</code> and <code>Y</code> "
            "have one example per row, <code>lr</code> is the learning rate η."
        ),
        cases=one_step_cases,
        solution=one_step,
        made_of=step_with,
        given=one_step_given,
        alternatives=[one_step_from_gradients, step_with()],
        mistakes=[
            Mistake(
                "updated too early",
                {"down": lambda delta, W, new, A: delta @ new * A * (1 - A)},
                "W2 is updated before delta1 is made of it, so the gradients of layer 1 belong to "
                "weights that the forward pass never saw. The loss may still fall; that is what "
                "makes it hard to find.",
            ),
            Mistake(
                "nothing moved",
                {"move": lambda p, gradient, lr: p},
                "the parameters come back as they went in. Are the lines still comments?",
            ),
            Mistake(
                "uphill",
                {"move": lambda p, gradient, lr: p + lr * gradient},
                "that step goes with the gradient, uphill. It goes against it: minus.",
            ),
            Mistake(
                "no learning rate",
                {"move": lambda p, gradient, lr: p - gradient},
                "the learning rate is missing: a step is lr times the gradient.",
            ),
            Mistake(
                "the step alone",
                {"move": lambda p, gradient, lr: -lr * gradient},
                "that is the step. The new value is the old one plus the step.",
            ),
            Mistake(
                "gradients",
                {"move": lambda p, gradient, lr: gradient},
                "those are the gradients. The parameters after the step are asked for.",
            ),
            Mistake(
                "biases left",
                {"bias": lambda delta: 0 * delta.sum(axis=0)},
                "the weights move, the biases stay. They take their step, too.",
            ),
            Mistake(
                "slope at the output",
                {"start": lambda A, Y: (A - Y) * A * (1 - A) / len(Y)},
                "the output delta has a slope too many: with <code>bce</code> it cancels.",
            ),
            Mistake(
                "no 1/m",
                {"start": lambda A, Y: A - Y},
                "the 1/m of the loss is missing in the output delta.",
            ),
            Mistake(
                "no slope",
                {"down": lambda delta, W, new, A: delta @ W},
                "the slope of the hidden layer is missing in delta1.",
            ),
            Mistake(
                "mean for the bias",
                {"bias": lambda delta: delta.mean(axis=0)},
                "the biases take the mean over the examples. It is a sum; the 1/m is in delta.",
            ),
        ],
        hints=[
            "A line can only use what a line above it has made.",
            "Forward: A1, A2. Backward: delta2, delta1. Then the four updates, in any order.",
            "One order runs and is still wrong: W2 = ... above the line of delta1. Why?",
        ],
        reason=(
            "First all gradients, then the update: <code>delta1</code> needs the <code>W2</code> "
            "that the forward pass has used. Repeat this step, and a network learns."
        ),
    ),
    Numeric(
        id="03-cost-of-a-pass",
        title="The cost of a gradient",
        question=(
            "A {p}-{q}-{r} network and a batch of {m} examples. How many multiplications in matrix "
            "products do the forward pass and the backward pass take together?"
        ),
        draw=lambda rng: dict(
            zip(
                ("p", "q", "r", "m"),
                (int(v) for v in rng.choice(np.arange(2, 12), size=4, replace=False)),
                strict=True,
            )
        ),
        answer=lambda p, q, r, m: 3 * m * (q * p + r * q) - m * q * p,
        mistakes=[
            Mistake(
                "forward only",
                lambda p, q, r, m: m * (q * p + r * q),
                "that is the forward pass alone. The way back makes products, too.",
            ),
            Mistake(
                "backward only",
                lambda p, q, r, m: 2 * m * (q * p + r * q) - m * q * p,
                "that is the way back alone, and it is right. The forward pass comes on top.",
            ),
            Mistake(
                "three times",
                lambda p, q, r, m: 3 * m * (q * p + r * q),
                "that is three forward passes. One product is never made: the inputs need no "
                "delta.",
            ),
            Mistake(
                "twice",
                lambda p, q, r, m: 2 * m * (q * p + r * q),
                "that is two forward passes. The way back has two products per layer, BP4 and BP2.",
            ),
            Mistake(
                "one example",
                lambda p, q, r, m: 3 * (q * p + r * q) - q * p,
                "that is for one example. Each further one costs as much again.",
            ),
            Mistake(
                "wrong product left out",
                lambda p, q, r, m: 3 * m * (q * p + r * q) - m * r * q,
                "you left out the product with the weights of the last layer. The one with those "
                "of the first layer is never made.",
            ),
            Mistake(
                "widths multiplied",
                lambda p, q, r, m: m * p * q * r,
                "you multiplied all widths. Each layer has its own product; they add up.",
            ),
        ],
        hints=[
            "A product (m, p)(p, n) takes m p n multiplications. List all products that are made.",
            "Forward: one for each layer. Back: BP4 for each layer, BP2 for the last one only.",
            "3 · {m} · ({q} · {p} + {r} · {q}), less {m} · {q} · {p}.",
        ],
        solution=(
            "One forward pass takes <var>F</var> = {m} · ({q} · {p} + {r} · {q}) = {F}. Together: "
            "3 · {F} − {m} · {q} · {p} = <b>{answer}</b>."
        ),
        steps=lambda p, q, r, m: {"F": str(m * (q * p + r * q))},
    ),
    Code(
        id="03-skip_back",
        title="Back through a skip connection",
        question=(
            "Forward, <var>c</var> = <var>a</var> + σ(<var>w</var> <var>a</var>), entry by entry, "
            "with one number <var>w</var>. Write <code>skip_back(g, a, w)</code>: "
            "∂<var>C</var>/∂<var>a</var>, where <code>g</code> is ∂<var>C</var>/∂<var>c</var>. "
            "<code>g</code>, <code>a</code> and the result have one shape."
        ),
        made_of=skip_with,
        cases=lambda rng: [
            (np.array([2.0]), np.array([0.5]), 3.0),
            (rng.normal(size=3), rng.normal(size=3), -2.0),
            (rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), 0.5),
        ],
        solution=skip_back,
        alternatives=[
            lambda g, a, w: g + g * sigmoid_prime(w * a) * w,
            lambda g, a, w: g * (1 + w / (2 + np.exp(w * a) + np.exp(-w * a))),
        ],
        mistakes=[
            Mistake(
                "no skip path",
                {"direct": lambda g: 0 * g},
                "that is the path through the sigmoid. a goes into c directly, too: two paths.",
            ),
            Mistake(
                "skip path only",
                {"carried": lambda g: 0 * g},
                "that is the direct path. a goes through the sigmoid, too: two paths.",
            ),
            Mistake(
                "no weight",
                {"link": lambda w, a: 1},
                "on the path through the sigmoid the weight is missing: from w a to a it is one "
                "more link.",
            ),
            Mistake(
                "a for the weight",
                {"link": lambda w, a: a},
                "the link from w a to a is w, not a.",
            ),
            Mistake(
                "subtracted",
                {"link": lambda w, a: -w},
                "the two paths are added up; you subtracted one.",
            ),
            Mistake(
                "slope at a",
                {"slope": lambda w, a: sigmoid_prime(a)},
                "the slope of the sigmoid belongs to what goes into it: w a, not a.",
            ),
            Mistake(
                "sigma for sigma prime",
                {"slope": lambda w, a: sigmoid(w * a)},
                "you used σ(w a) where its slope belongs: s (1 − s).",
            ),
            Mistake(
                "no slope",
                {"slope": lambda w, a: 1},
                "on the path through the sigmoid its slope is missing.",
            ),
            Mistake(
                "g on the direct path only",
                {"carried": lambda g: 1},
                "g comes back over both paths. On the one through the sigmoid it is missing.",
            ),
            Mistake(
                "g on the other path only",
                {"direct": lambda g: 1},
                "g comes back over both paths. On the direct one it is missing.",
            ),
            Mistake(
                "no g",
                {"direct": lambda g: 1, "carried": lambda g: 1},
                "that is ∂c/∂a. To get to the loss, multiply by g.",
            ),
            Mistake(
                "gradient of w",
                {"direct": lambda g: 0 * g, "link": lambda w, a: a},
                "that is what comes back to w. a is asked for, and it has two paths.",
            ),
        ],
        hints=[
            "a is used twice. What comes back over both paths is added up.",
            "Over the direct path comes g, as it is.",
            "Over the other one comes g · s (1 − s) · w with s = σ(w a).",
        ],
        reason="SK: the 1 in the bracket is a path that no saturated unit can close.",
    ),
]
