"""Exercises of chapter 9, when learning stalls."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math
from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def clip_gradient(grad, limit):
    length = np.sqrt((grad**2).sum())
    return grad * (limit / length) if length > limit else grad


def clip_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([3.0, -4.0]), 1.0),
        (np.array([0.3, -0.4]), 1.0),
        (np.array([-0.6, 0.9]), 0.5),
        (rng.normal(size=8), 2.0),
        (np.zeros(3), 1.0),
    ]


def rescaled(grad: Any, limit: Any) -> Any:
    """Every gradient brought to the limit's length, short ones too."""
    return grad * limit / np.sqrt((grad**2).sum())


def clip_blocks(grads, limit):
    length = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
    factor = limit / length if length > limit else 1.0
    return {name: factor * grad for name, grad in grads.items()}


def clip_blocks_given(grads, limit):
    """Return a network's gradient, clipped at the length limit."""
    clipped = {}
    for name, grad in grads.items():
        length = np.sqrt((grad**2).sum())
        clipped[name] = limit / length * grad if length > limit else grad
    return clipped


def length_of(parts: Any) -> Any:
    return np.sqrt(sum((part**2).sum() for part in parts))


def clip_blocks_with(
    length: Any = length_of,
    factor: Any = lambda length, limit: min(1.0, limit / length),
) -> Any:
    """Return the clipping by one length with one of its pieces exchanged, for a mistake in it."""

    def wrong(grads: Any, limit: Any) -> dict[str, Any]:
        by = factor(length(list(grads.values())), limit)
        return {name: by * grad for name, grad in grads.items()}

    return wrong


def clip_while_it_grows(grads: Any, limit: Any) -> dict[str, Any]:
    squares, clipped = 0.0, {}
    for name, grad in grads.items():
        squares += (grad**2).sum()
        clipped[name] = grad * min(1.0, limit / np.sqrt(squares))
    return clipped


def clip_as_one_vector(grads: Any, limit: Any) -> dict[str, Any]:
    whole = np.concatenate([grad.ravel() for grad in grads.values()])
    clipped, found = clip_gradient(whole, limit), {}
    for name, grad in grads.items():
        found[name], clipped = clipped[: grad.size].reshape(grad.shape), clipped[grad.size :]
    return found


def blocks_of(rng: np.random.Generator, scale: float = 1.0) -> dict[str, Any]:
    shapes = {"W[1]": (3, 2), "b[1]": (3,), "W[2]": (2, 3), "b[2]": (2,)}
    return {name: (scale * rng.normal(size=shape)).round(3) for name, shape in shapes.items()}


def block_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        ({"W[1]": np.array([[3.0, 0.0]]), "b[1]": np.array([-4.0])}, 1.0),
        ({"W[1]": np.array([[0.6, 0.0]]), "b[1]": np.array([-0.5])}, 2.0),
        (blocks_of(rng), 1.5),
        (blocks_of(rng, 0.1), 1.0),
    ]


def delta_norms(delta, W, z):
    """Return the length of delta in each layer, by its number."""
    norms = {max(W): np.linalg.norm(delta)}
    for l in sorted(W, reverse=True):
        a = 1 / (1 + np.exp(-z[l - 1]))
        delta = (W[l].T @ delta) * a * (1 - a)
        norms[l - 1] = np.linalg.norm(delta)
    return norms


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def delta_norms_with(
    back: Any = lambda W, delta: W.T @ delta,
    slope: Any = lambda z, l: sigmoid(z[l - 1]) * (1 - sigmoid(z[l - 1])),
    handed_on: Any = lambda new, first: new,
    size: Any = np.linalg.norm,
) -> Any:
    """Return the walk back with one of its pieces exchanged, for a mistake in it."""

    def wrong(delta: Any, W: Any, z: Any) -> dict[int, float]:
        first, norms = delta, {max(W): size(delta)}
        for l in range(max(W), 1, -1):
            new = back(W[l], delta) * slope(z, l)
            norms[l - 1], delta = size(new), handed_on(new, first)
        return norms

    return wrong


def norms_before_the_slope(delta: Any, W: Any, z: Any) -> dict[int, Any]:
    norms = {max(W): np.linalg.norm(delta)}
    for l in range(max(W), 1, -1):
        norms[l - 1] = np.linalg.norm(delta @ W[l])
        delta = delta @ W[l] * sigmoid(z[l - 1]) * sigmoid(-z[l - 1])
    return norms


def norms_but_the_first(delta: Any, W: Any, z: Any) -> dict[int, Any]:
    norms = delta_norms(delta, W, z)
    return {l: norms[l] for l in norms if l > 1}


def norms_by_factors(delta: Any, W: Any, z: Any) -> dict[int, float]:
    """Each delta at once, by the product of all factors on the way."""
    norms, way = {}, np.eye(len(delta))
    for l in range(max(W) + 1, 1, -1):
        if l <= max(W):
            way = (way @ W[l]) * (sigmoid(z[l - 1]) * sigmoid(-z[l - 1]))
        norms[l - 1] = np.sqrt(((delta @ way) ** 2).sum())
    return norms


def way_back(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Deltas, weights and weighted sums; in the first network, all layers are of width 2."""
    return [
        (
            rng.normal(size=n[-1]),
            {l: 2 * rng.normal(size=(n[l - 1], n[l - 2])) for l in range(2, len(n) + 1)},
            {l: rng.normal(size=n[l - 1]) for l in range(1, len(n))},
        )
        for n in [(2, 2, 2), (3, 2, 4, 2), (5, 4, 3, 2, 3)]
    ]


def initial_weights(R, rule):
    """Return the weights that a rule makes of the random numbers R."""
    neurons, inputs = R.shape
    variance = 2 / inputs if rule == "he" else 2 / (inputs + neurons)
    return np.sqrt(variance) * R


def initial_weights_with(
    he: Any = lambda inputs, neurons: 2 / inputs,
    xavier: Any = lambda inputs, neurons: 2 / (inputs + neurons),
    size: Any = np.sqrt,
) -> Any:
    """Return the initial weights with one of their pieces exchanged, for a mistake in it."""

    def wrong(R: Any, rule: Any) -> Any:
        chosen = {"he": he, "xavier": xavier}[rule]
        return size(chosen(R.shape[1], R.shape[0])) * R

    return wrong


def weight_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (rng.normal(size=shape).round(2), rule)
        for shape in [(3, 2), (2, 8), (5, 3)]
        for rule in ("he", "xavier")
    ]


def dead_share(W, b, X):
    """Return the share of a layer's ReLU units that are dead."""
    z = X @ W.T + b
    return (z <= 0).all(axis=0).mean()


def dead_share_with(
    sums: Any = lambda W, b, X: X @ W.T + b,
    off: Any = lambda z: z <= 0,
    dead: Any = lambda off: off.all(axis=0),
    share: Any = np.mean,
) -> Any:
    """Return the share of dead units with one of its pieces exchanged, for a mistake in it."""
    return lambda W, b, X: float(share(dead(off(sums(W, b, X)))))


def dead_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Layers with dead units, units that only sleep for some, and a sum of exactly 0."""
    small = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0], [-1.0, 0.0], [1.0, 2.0]])
    seen = np.array([[1.0, 2.0], [2.0, 1.0]])
    return [
        (small, np.array([0.0, -2.0, -1.5, 0.5, 0.0]), seen),
        (rng.normal(size=(40, 3)), rng.normal(-2, 2, size=40), rng.normal(size=(7, 3))),
        (rng.normal(size=(30, 4)), rng.normal(-3, 1, size=30), rng.normal(size=(12, 4))),
    ]


def step_by_weights(W, grad, lr):
    """Return by layer the length of a step over that of its weights."""
    return {l: lr * np.linalg.norm(grad[l]) / np.linalg.norm(W[l]) for l in W}


def step_by_weights_with(
    step: Any = lambda lr, grad: lr * grad,
    ratio: Any = lambda step, W: np.linalg.norm(step) / np.linalg.norm(W),
) -> Any:
    """Return the ratios with one of their pieces exchanged, for a mistake in it."""
    return lambda W, grad, lr: {l: float(ratio(step(lr, grad[l]), W[l])) for l in W}


def step_by_weights_of_all(W: Any, grad: Any, lr: Any) -> dict[int, float]:
    size = {"W": 0.0, "grad": 0.0}
    for l in W:
        size["W"] += (W[l] ** 2).sum()
        size["grad"] += (grad[l] ** 2).sum()
    return dict.fromkeys(W, lr * math.sqrt(size["grad"] / size["W"]))


def step_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        ({1: np.array([[3.0, 4.0]])}, {1: np.array([[0.6, -0.8]])}, 0.1),
        *(
            (
                {l: rng.normal(size=shape) for l, shape in enumerate(shapes, start=1)},
                {l: rng.normal(size=shape) / 10**l for l, shape in enumerate(shapes, start=1)},
                lr,
            )
            for shapes, lr in [([(3, 2), (2, 3)], 0.5), ([(4, 3), (3, 4), (2, 3)], 0.05)]
        ),
    ]


def he_weights(draws, n_in, n_out):
    return draws * np.sqrt(2 / n_in)


def he_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [(rng.normal(size=(k, n)), n, k) for k, n in [(3, 8), (4, 5), (6, 2)]]


EXERCISES = [
    Choice(
        id="09-first-layers",
        title="Which layer learns least?",
        question=(
            "Predict: a deep network of narrow sigmoid layers, with small random weights, is "
            "trained with plain gradient descent. Which layers hardly change?"
        ),
        right=Option(
            "the first ones, next to the input",
            "delta is multiplied by less than one in each layer on its way back, and the way to "
            "the first layers is the longest.",
        ),
        wrong=[
            Option(
                "the last ones, next to the output",
                "their deltas come straight from the loss, without passing a slope of a hidden "
                "layer.",
            ),
            Option(
                "all the same",
                "that would need a factor of about 1 in each layer. A slope is at most a quarter.",
            ),
            Option(
                "the middle ones",
                "delta shrinks in every layer, not only up to the middle.",
            ),
        ],
        hints=[
            "Follow delta from the loss back.",
            "Each sigmoid layer multiplies it by a slope of at most 0.25, and by small weights.",
            "Where is it smallest?",
        ],
    ),
    Numeric(
        id="09-vanishing-delta",
        title="A delta on its way down",
        question=(
            "A chain of sigmoid units, one per layer; every weight is {w}, and every weighted "
            "sum happens to be 0, where the slope is largest. By which factor is delta multiplied "
            "on its way through {k} layers?"
        ),
        draw=lambda rng: {"w": between(rng, 0.8, 3.2), "k": int(rng.integers(2, 6))},
        answer=lambda w, k: (w / 4) ** k,
        digits=4,
        mistakes=[
            Mistake(
                "no weights",
                lambda w, k: 0.25**k,
                "that is what the slopes do. Each layer also multiplies by its weight.",
            ),
            Mistake(
                "no slopes",
                lambda w, k: w**k,
                "those are the weights alone. Each sigmoid brings its slope.",
            ),
            Mistake(
                "added up",
                lambda w, k: k * w / 4,
                "the factors of the layers multiply; you added them up.",
            ),
            Mistake(
                "slope once",
                lambda w, k: 0.25 * w**k,
                "there is a slope in every layer, not only in one.",
            ),
            Mistake(
                "activation",
                lambda w, k: (w / 2) ** k,
                "σ(0) is one half, but its slope belongs there: one quarter.",
            ),
        ],
        hints=[
            "What happens to delta in one layer?",
            "Times the weight, times the slope a (1 − a) with a = 0.5.",
            "({w} · 0.25) to the power of {k}.",
        ],
        solution=(
            "Each layer multiplies by {w} · 0.25 = {one}. After {k} layers: {one}<sup>{k}</sup> = "
            "<b>{answer}</b>."
        ),
        steps=lambda w, k: {"one": w / 4},
    ),
    Numeric(
        id="09-way-around",
        title="A delta with a path around",
        question=(
            "The chain again: every weight is {w}, every weighted sum happens to be 0. But now "
            "each layer hands on its input <b>plus</b> what it computes. By which factor is delta "
            "multiplied on its way through {k} layers?"
        ),
        draw=lambda rng: {"w": between(rng, -1.5, 1.8, avoid=0), "k": int(rng.integers(3, 6))},
        answer=lambda w, k: (1 + w / 4) ** k,
        digits=4,
        mistakes=[
            Mistake(
                "no path around",
                lambda w, k: (w / 4) ** k,
                "that is the chain without a path around: the input that is added has the slope 1.",
            ),
            Mistake(
                "one path around all",
                lambda w, k: 1 + (w / 4) ** k,
                "the 1 is added once, for the whole chain. Every layer has its own path around.",
            ),
            Mistake(
                "added up",
                lambda w, k: k * (1 + w / 4),
                "the factors of the layers multiply; you added them up.",
            ),
            Mistake(
                "terms added up",
                lambda w, k: 1 + k * w / 4,
                "that is the beginning of the product only: multiply the factors, with all terms.",
            ),
            Mistake(
                "one layer",
                lambda w, k: 1 + w / 4,
                "that is one layer. There are more.",
            ),
            Mistake(
                "no slopes",
                lambda w, k: (1 + w) ** k,
                "the slope of the sigmoid is missing beside the weight.",
            ),
            Mistake(
                "activation",
                lambda w, k: (1 + w / 2) ** k,
                "σ(0) is one half, but its slope belongs there: one quarter.",
            ),
            Mistake(
                "slope around, too",
                lambda w, k: ((1 + w) / 4) ** k,
                "the slope stands at what the layer computes. The path around does not pass "
                "through the sigmoid.",
            ),
        ],
        hints=[
            "What is the slope of input plus something?",
            "In one layer 1 + w σ′(z), with the slope one quarter.",
            "(1 + {w:p} · 0.25) to the power of {k}.",
        ],
        solution=(
            "Each layer multiplies by 1 + {w:p} · 0.25 = {one}. After {k} layers: "
            "{one}<sup>{k}</sup> = <b>{answer}</b>. Without the path around it would be {without}."
        ),
        steps=lambda w, k: {"one": 1 + w / 4, "without": (w / 4) ** k},
    ),
    Code(
        id="09-delta_norms",
        title="Look at delta, yourself",
        question=(
            "A network of sigmoids, one example. <code>delta</code> is the delta of the last "
            "layer <var>L</var>. Two dicts: the weights <code>W</code>, by layer, 2 to "
            "<var>L</var>, and the weighted sums <code>z</code>, 1 to <var>L</var> − 1. Write "
            "<code>delta_norms(delta, W, z)</code>: carry delta back to the first layer, and "
            "return its length in each layer, a dict with the keys 1 to <var>L</var>."
        ),
        cases=way_back,
        solution=delta_norms,
        made_of=delta_norms_with,
        alternatives=[delta_norms_with(), norms_by_factors],
        mistakes=[
            Mistake(
                "no slope",
                {"slope": lambda z, l: 1},
                "delta goes through the weights and forgets the slopes. Its first length is "
                "right, and the others follow rightly from the wrong deltas.",
            ),
            Mistake(
                "activation for slope",
                {"slope": lambda z, l: sigmoid(z[l - 1])},
                "you multiplied by the activation a. The slope is a (1 − a).",
            ),
            Mistake(
                "slope at z",
                {"slope": lambda z, l: z[l - 1] * (1 - z[l - 1])},
                "z (1 − z) is not the slope: it is a (1 − a), with a = σ(z).",
            ),
            Mistake(
                "slope at a",
                {"slope": lambda z, l: sigmoid(sigmoid(z[l - 1])) * sigmoid(-sigmoid(z[l - 1]))},
                "the sigmoid is taken once too often: a is σ(z) already, and the slope a (1 − a).",
            ),
            Mistake(
                "slope of tanh",
                {"slope": lambda z, l: 1 - sigmoid(z[l - 1]) ** 2},
                "1 − a² is the slope of tanh. These are sigmoids.",
            ),
            Mistake(
                "slope of a quarter",
                {"slope": lambda z, l: 0.25},
                "a quarter is the slope at z = 0 only, the largest. Take it at each z.",
            ),
            Mistake(
                "not transposed",
                {"back": lambda W, delta: W @ delta},
                "delta goes back through the transposed weights: W[l].T @ delta.",
            ),
            Mistake(
                "without weights",
                {"back": lambda W, delta: delta.sum() * np.ones(W.shape[1])},
                "the deltas of the layer above are added up without their weights.",
            ),
            Mistake(
                "never handed on",
                {"handed_on": lambda new, first: first},
                "each layer is worked out from the last delta. The delta of a layer is made from "
                "that of the layer above it: hand it on.",
            ),
            Mistake(
                "before the slope",
                norms_before_the_slope,
                "the length is taken before the slope comes in. Delta is what has both factors, "
                "weights and slope.",
            ),
            Mistake(
                "stops at layer 2",
                norms_but_the_first,
                "the first layer is missing. W[2] leads to it: go down to l = 2.",
            ),
            Mistake(
                "squared length",
                {"size": lambda delta: (delta**2).sum()},
                "that is the square of the length; the root is missing.",
            ),
            Mistake(
                "largest entry",
                {"size": lambda delta: abs(delta).max()},
                "that is the largest entry. The length is the root of the sum of squares.",
            ),
            Mistake(
                "sum of sizes",
                {"size": lambda delta: abs(delta).sum()},
                "that is the sum of the sizes. The length is the root of the sum of squares.",
            ),
            Mistake(
                "mean square",
                {"size": lambda delta: np.sqrt((delta**2).mean())},
                "that is the root of the <i>mean</i> square. A length adds the squares up.",
            ),
        ],
        hints=[
            "Begin with the length of what is given, then go from layer L down to 2.",
            "One step is BP2: through W[l].T, then times the slope at z[l − 1].",
            "delta = (W[l].T @ delta) * a * (1 - a), and note np.linalg.norm(delta) for layer "
            "l − 1.",
        ],
        reason=(
            "The quotient of the first by the last is what the chapter calls <i>first by last</i>. "
            "It is there before the first step of training."
        ),
    ),
    Numeric(
        id="09-sum-variance",
        title="How wide is a weighted sum?",
        question=(
            "A unit has {n} inputs. Their mean square is {q}, and they are independent of the "
            "weights, which are random with mean 0 and standard deviation {s}. The bias is 0. What "
            "is the <b>standard deviation</b> of its weighted sum?"
        ),
        draw=lambda rng: {
            "n": int(rng.choice([50, 100, 200, 400, 500])),
            "q": between(rng, 0.2, 1.5, avoid=1),
            "s": float(rng.choice([0.05, 0.1, 0.2])),
        },
        answer=lambda n, q, s: s * math.sqrt(n * q),
        digits=3,
        mistakes=[
            Mistake(
                "variance",
                lambda n, q, s: n * s**2 * q,
                "that is its variance. The standard deviation is the root.",
            ),
            Mistake(
                "deviations added",
                lambda n, q, s: n * s * math.sqrt(q),
                "you added standard deviations. Of independent terms the variances add up.",
            ),
            Mistake(
                "one term",
                lambda n, q, s: s * math.sqrt(q),
                "that is one term of the sum. There are many.",
            ),
            Mistake(
                "inputs left out",
                lambda n, q, s: s * math.sqrt(n),
                "the inputs are missing: each weight is multiplied by one.",
            ),
            Mistake(
                "no root of q",
                lambda n, q, s: s * math.sqrt(n) * q,
                "the inputs enter with the root of their mean square.",
            ),
        ],
        hints=[
            "Variances of independent terms add up.",
            "One term, weight times input, has the variance {s}² · {q}.",
            "The root of {n} · {s}² · {q}.",
        ],
        solution="√({n} · {s}² · {q}) = √{v} = <b>{answer}</b>.",
        steps=lambda n, q, s: {"v": n * s**2 * q},
    ),
    Numeric(
        id="09-he-start",
        title="Weights for a ReLU layer",
        question=(
            "A ReLU layer has {k} inputs and {n} units. Which standard deviation do its weights "
            "get in He's initialization?"
        ),
        draw=lambda rng: {"k": int(rng.integers(20, 400)), "n": int(rng.integers(20, 400))},
        answer=lambda k, n: math.sqrt(2 / k),
        digits=4,
        mistakes=[
            Mistake(
                "variance",
                lambda k, n: 2 / k,
                "that is the variance. The standard deviation is its root.",
            ),
            Mistake(
                "no 2",
                lambda k, n: math.sqrt(1 / k),
                "the 2 is missing: ReLU throws away half of the signal, and He makes up for it.",
            ),
            Mistake(
                "root of the inputs alone",
                lambda k, n: 2 / math.sqrt(k),
                "the 2 belongs under the root, too.",
            ),
            Mistake(
                "half",
                lambda k, n: math.sqrt(1 / (2 * k)),
                "the 2 is on the wrong side: ReLU throws half away, so the weights are larger, "
                "not smaller.",
            ),
            Mistake(
                "Xavier",
                lambda k, n: math.sqrt(2 / (k + n)),
                "that is Xavier's (Glorot's), for layers like tanh: it looks at inputs and units.",
            ),
            Mistake(
                "units",
                lambda k, n: math.sqrt(2 / n),
                "you took the number of units. A sum grows with its number of terms, the inputs.",
            ),
        ],
        hints=[
            "It depends on the number of terms in a weighted sum.",
            "The variance of the weights is 2 over that number.",
            "√(2 / {k}).",
        ],
        solution=(
            "√(2 / {k}) = <b>{answer}</b>. Then the mean square of the signals stays the same from "
            "layer to layer."
        ),
    ),
    Code(
        id="09-initial_weights",
        title="Weights by rule",
        question=(
            "<code>R</code> holds random numbers of mean 0 and standard deviation 1, in the shape "
            "of a layer's weights: (units, inputs). Write <code>initial_weights(R, rule)</code>: "
            'the weights that He\'s rule makes of them if <code>rule</code> is "he", and '
            'Xavier\'s if it is "xavier".'
        ),
        cases=weight_cases,
        solution=initial_weights,
        made_of=initial_weights_with,
        alternatives=[
            initial_weights_with(),
            lambda R, rule: (
                R / np.sqrt(len(R[0]) / 2)
                if rule == "he"
                else [[x * math.sqrt(2 / sum(R.shape)) for x in row] for row in R]
            ),
        ],
        mistakes=[
            Mistake(
                "no root",
                {"size": lambda variance: variance},
                "you multiplied by the variance. A random number times s has the standard "
                "deviation s: take the root.",
            ),
            Mistake(
                "squared",
                {"size": lambda variance: variance**2},
                "you squared the variance; its root is needed.",
            ),
            Mistake(
                "divided",
                {"size": lambda variance: 1 / np.sqrt(variance)},
                "you divided by the standard deviation. The random numbers have 1; multiply.",
            ),
            Mistake(
                "units for inputs",
                {"he": lambda inputs, neurons: 2 / neurons},
                "one rule is right. In He's you took the number of units, the rows. A sum grows "
                "with its number of terms, the inputs.",
            ),
            Mistake(
                "no 2 in He's",
                {"he": lambda inputs, neurons: 1 / inputs},
                "one rule is right. In He's the 2 is missing: ReLU throws half away.",
            ),
            Mistake(
                "He's everywhere",
                {"xavier": lambda inputs, neurons: 2 / inputs},
                "one rule is right. Xavier's rule looks at inputs and units.",
            ),
            Mistake(
                "Xavier's everywhere",
                {"he": lambda inputs, neurons: 2 / (inputs + neurons)},
                "one rule is right. He's rule looks at the inputs alone.",
            ),
            Mistake(
                "no 2 in Xavier's",
                {"xavier": lambda inputs, neurons: 1 / (inputs + neurons)},
                "one rule is right. Xavier's variance lies between 1 over the inputs and 1 over "
                "the units: 2 over the sum.",
            ),
            Mistake(
                "inputs alone",
                {"xavier": lambda inputs, neurons: 1 / inputs},
                "one rule is right. 1 over the inputs is what the way forward asks for. "
                "Xavier's rule lies between that and the way back.",
            ),
            Mistake(
                "product",
                {"xavier": lambda inputs, neurons: 2 / (inputs * neurons)},
                "one rule is right. In Xavier's inputs and units are added, not multiplied.",
            ),
            Mistake(
                "rules exchanged",
                lambda R, rule: initial_weights(R, "xavier" if rule == "he" else "he"),
                "the two rules are exchanged.",
            ),
        ],
        hints=[
            "R.shape is (units, inputs).",
            "Variances: 2 over the inputs; 2 over inputs plus units.",
            "Times a number s, the standard deviation becomes s. So s is the root of the variance.",
        ],
        reason="A sum over the inputs has as many terms as W has columns.",
    ),
    Code(
        id="09-he_weights",
        title="He's initialization as a formula",
        question=(
            "Random numbers with mean 0 and standard deviation 1 are drawn, one for each weight of "
            "a ReLU layer. Type a formula that makes He's initial weights of them."
        ),
        names={
            "draws": "the random numbers, shape (<code>n_out</code>, <code>n_in</code>)",
            "n_in": "number of inputs of the layer",
            "n_out": "number of its units",
        },
        cases=he_cases,
        solution=he_weights,
        alternatives=[
            lambda draws, n_in, n_out: draws / np.sqrt(n_in / 2),
            lambda draws, n_in, n_out: draws * (2 / draws.shape[1]) ** 0.5,
        ],
        mistakes=[
            Mistake(
                "units for inputs",
                lambda draws, n_in, n_out: draws * np.sqrt(2 / n_out),
                "the number of units decides; a weighted sum has one term an input.",
            ),
            Mistake(
                "no root",
                lambda draws, n_in, n_out: draws * (2 / n_in),
                "that is He's variance. Numbers are scaled by a standard deviation, its root.",
            ),
            Mistake(
                "no 2",
                lambda draws, n_in, n_out: draws * np.sqrt(1 / n_in),
                "that keeps the size without an activation. ReLU takes half of it away.",
            ),
            Mistake(
                "Xavier",
                lambda draws, n_in, n_out: draws * np.sqrt(2 / (n_in + n_out)),
                "that is Xavier's initialization, for tanh. He looks at one of the two numbers.",
            ),
            Mistake(
                "upside down",
                lambda draws, n_in, n_out: draws * np.sqrt(n_in / 2),
                "it is upside down: the more inputs, the smaller the weights.",
            ),
            Mistake(
                "uniform",
                lambda draws, n_in, n_out: draws * np.sqrt(6 / n_in),
                "that is the largest number of a uniform draw; a standard deviation is asked for.",
            ),
        ],
        hints=[
            "Which standard deviation do He's weights have?",
            "Their variance is 2 over the number of inputs.",
            "Numbers that are multiplied by s have s times the standard deviation.",
        ],
        reason="He's variance is 2/n<sub>in</sub>, so the draws are multiplied by its root.",
    ),
    Choice(
        id="09-dead-relu",
        title="Dead or asleep?",
        question=(
            "A ReLU unit of the first layer has a bias of −20. For every example of the training "
            "set its weighted sum is below 0. What does gradient descent do with its weights?"
        ),
        right=Option(
            "nothing: they never move again",
            "its slope is 0 for every example, so its delta is 0, and with it all its gradients.",
        ),
        wrong=[
            Option(
                "it raises the bias until the unit wakes up",
                "for that the bias needs a gradient. It is delta, and delta has the slope as a "
                "factor.",
            ),
            Option(
                "it moves them slowly, like those of a saturated sigmoid",
                "a saturated sigmoid has a small slope. That of ReLU below 0 is exactly 0.",
            ),
            Option(
                "it moves the weights, but not the bias",
                "both gradients have the same delta as a factor.",
            ),
        ],
        hints=[
            "What is the slope of ReLU below 0?",
            "Delta has that slope as a factor.",
            "Both gradients, of weights and bias, have delta as a factor.",
        ],
    ),
    Code(
        id="09-dead_share",
        title="Count the dead",
        question=(
            "A ReLU layer with the weights <code>W</code>, shape (units, inputs), and the "
            "biases <code>b</code>; <code>X</code> has an example in each row. Write "
            "<code>dead_share(W, b, X)</code>: the share of the units that are dead, a number "
            "from 0 to 1."
        ),
        cases=dead_cases,
        solution=dead_share,
        made_of=dead_share_with,
        alternatives=[
            dead_share_with(),
            lambda W, b, X: np.mean(np.maximum(W @ X.T + b[:, None], 0).max(axis=1) == 0),
            lambda W, b, X: (
                sum(max(w @ x + c for x in X) <= 0 for w, c in zip(W, b, strict=True)) / len(b)
            ),
        ],
        mistakes=[
            Mistake(
                "asleep once",
                {"dead": lambda off: off.any(axis=0)},
                "those are units that are below zero for <i>some</i> example. A dead one is so "
                "for all.",
            ),
            Mistake(
                "entries",
                {"dead": lambda off: off},
                "that is the share of zeros among all activations. A unit is dead if all of its "
                "own are 0.",
            ),
            Mistake(
                "examples",
                {"dead": lambda off: off.all(axis=1)},
                "those are examples that reach no unit. Look along the other axis: units "
                "that no example reaches.",
            ),
            Mistake(
                "count",
                {"share": np.sum},
                "that is their number. Their share is asked for.",
            ),
            Mistake(
                "alive",
                {"share": lambda dead: 1 - np.mean(dead)},
                "that is the share of those that live.",
            ),
            Mistake(
                "zero lives",
                {"off": lambda z: z < 0},
                "a sum of exactly 0 passes nothing on either: ReLU is 0 there, and so is the "
                "slope that is taken.",
            ),
            Mistake(
                "turned around",
                {"off": lambda z: z > 0},
                "the comparison is turned around: a ReLU is off where its sum is not above 0.",
            ),
            Mistake(
                "mean below zero",
                {"dead": lambda off: off.mean(axis=0) > 0.5},
                "those are off for most examples. A dead one is off for all.",
            ),
            Mistake(
                "no bias",
                {"sums": lambda W, b, X: X @ W.T},
                "the bias is missing in the weighted sum; it is what kills most of them.",
            ),
            Mistake(
                "bias subtracted",
                {"sums": lambda W, b, X: X @ W.T - b},
                "the bias is added, not taken away.",
            ),
            Mistake(
                "mean sum",
                lambda W, b, X: np.mean((X @ W.T + b).mean(axis=0) <= 0),
                "you look at the mean of a unit's sums. One example above 0 keeps it alive, "
                "however low the others are.",
            ),
        ],
        hints=[
            "First all weighted sums: a row for each example, a column for each unit.",
            "A unit is dead if its whole column is at or below 0.",
            "<code>(z &lt;= 0).all(axis=0)</code> says it of each unit; the mean of True and "
            "False is a share.",
        ],
        reason="all(axis=0) asks all examples about each unit, and the mean counts.",
    ),
    Code(
        id="09-step_by_weights",
        title="How long is a step?",
        question=(
            "<code>W</code> and <code>grad</code> are dicts of the weights and of their gradients, "
            "by layer. Write <code>step_by_weights(W, grad, lr)</code>: for each layer the length "
            "of the step that plain gradient descent takes, by the length of the weights that it "
            "changes. (The length of a matrix is the root of the sum of all its squares.)"
        ),
        cases=step_cases,
        solution=step_by_weights,
        made_of=step_by_weights_with,
        alternatives=[
            step_by_weights_with(),
            lambda W, grad, lr: {
                l: math.sqrt(((lr * grad[l]) ** 2).sum() / (W[l] ** 2).sum()) for l in W
            },
        ],
        mistakes=[
            Mistake(
                "no rate",
                {"step": lambda lr, grad: grad},
                "that is gradient by weights. The step is the gradient times the rate.",
            ),
            Mistake(
                "divided by the rate",
                {"step": lambda lr, grad: grad / lr},
                "you divided by the rate. A step is the rate times the gradient.",
            ),
            Mistake(
                "turned around",
                {"ratio": lambda step, W: np.linalg.norm(W) / np.linalg.norm(step)},
                "that is weights by step. A step of a thousandth would come out as 1000.",
            ),
            Mistake(
                "squares",
                {"ratio": lambda step, W: (step**2).sum() / (W**2).sum()},
                "those are the squares of the lengths: the roots are missing.",
            ),
            Mistake(
                "entry by entry",
                {"ratio": lambda step, W: np.mean(abs(step / W))},
                "you took the ratio of each entry and its mean. One weight near 0 spoils that: "
                "first the two lengths, then their ratio.",
            ),
            Mistake(
                "length of the ratios",
                {"ratio": lambda step, W: np.linalg.norm(step / W)},
                "you took the ratio of each entry and its length. First the two lengths, then "
                "their ratio.",
            ),
            Mistake(
                "sums of sizes",
                {"ratio": lambda step, W: abs(step).sum() / abs(W).sum()},
                "those are sums of sizes. A length is the root of a sum of squares.",
            ),
            Mistake(
                "largest entries",
                {"ratio": lambda step, W: abs(step).max() / abs(W).max()},
                "you compare the largest entries. A length is the root of a sum of squares.",
            ),
            Mistake(
                "spectral norm",
                {"ratio": lambda step, W: np.linalg.norm(step, 2) / np.linalg.norm(W, 2)},
                "of a matrix <code>norm(W, 2)</code> is another length, its largest stretch. "
                "<code>norm(W)</code> takes all entries.",
            ),
            Mistake(
                "new weights below",
                {"ratio": lambda step, W: np.linalg.norm(step) / np.linalg.norm(W - step)},
                "you divide by the weights after the step; by those before it is asked for.",
            ),
            Mistake(
                "all layers together",
                step_by_weights_of_all,
                "that is one ratio for the whole network. A layer that stands still is hidden in "
                "it: one for each layer.",
            ),
        ],
        hints=[
            "For each layer two lengths and their ratio.",
            "np.linalg.norm takes a matrix, too. The step is lr * grad[l].",
            "A dict with l: lr * np.linalg.norm(grad[l]) / np.linalg.norm(W[l]) for each l.",
        ],
        reason="Near a thousandth all is well; a millionth stands still; a tenth burns.",
    ),
    Code(
        id="09-clip_gradient",
        title="Clipping a gradient",
        question=(
            "Write <code>clip_gradient(grad, limit)</code>: a gradient longer than "
            "<code>limit</code> is shortened to that length, in the same direction; a shorter one "
            "comes back as it is. (The length is the root of the sum of squares.)"
        ),
        cases=clip_cases,
        solution=clip_gradient,
        alternatives=[
            lambda grad, limit: grad * min(1.0, limit / max(np.linalg.norm(grad), 1e-300)),
            lambda grad, limit: [
                g / max(1.0, math.sqrt(sum(x * x for x in grad)) / limit) for g in grad
            ],
        ],
        mistakes=[
            Mistake(
                "entry by entry",
                lambda grad, limit: np.clip(grad, -limit, limit),
                "each entry is clipped for itself, which changes the direction. Shorten them all "
                "by one factor.",
            ),
            Mistake(
                "short ones too",
                rescaled,
                "short gradients are stretched to the limit (and a gradient of zeros gives NaN). "
                "They should come back as they are.",
            ),
            Mistake(
                "no root",
                lambda grad, limit: (
                    grad * limit / (grad**2).sum() if (grad**2).sum() > limit else grad
                ),
                "you took the square of the length for the length.",
            ),
            Mistake(
                "unit length",
                lambda grad, limit: (
                    grad / np.linalg.norm(grad) if np.linalg.norm(grad) > limit else grad
                ),
                "long gradients end with the length 1, not with that of the limit.",
            ),
            Mistake(
                "set to zero",
                lambda grad, limit: grad * (np.linalg.norm(grad) <= limit),
                "long gradients are thrown away; shorten them.",
            ),
            Mistake(
                "largest entry",
                lambda grad, limit: grad * min(1.0, limit / max(abs(grad).max(), 1e-300)),
                "you took the largest entry for the length.",
            ),
            Mistake(
                "direction only",
                lambda grad, limit: limit * np.sign(grad) if np.linalg.norm(grad) > limit else grad,
                "only the signs are left of long gradients; keep the direction.",
            ),
        ],
        hints=[
            "Work out the length first.",
            "If it is above the limit, one factor brings it down; the same for all entries.",
            "The factor is limit / length.",
        ],
        reason="One factor for all entries changes the length and keeps the direction.",
    ),
    Code(
        id="09-clip_blocks",
        title="Clipped, and turned aside",
        question=(
            "<code>grads</code> is a dict of the gradients of a network, block by block. The "
            "program should bring them to the length <code>limit</code> where they are longer "
            "<b>together</b>: the gradient of the network is one vector, and clipping keeps its "
            "direction. A test finds that the direction changes. Find the mistake and mend it."
        ),
        cases=block_cases,
        solution=clip_blocks,
        given=clip_blocks_given,
        made_of=clip_blocks_with,
        alternatives=[clip_blocks_with(), clip_as_one_vector],
        mistakes=[
            Mistake(
                "each for itself",
                clip_blocks_given,
                "each block is clipped by its own length. Long blocks are cut and short ones are "
                "not, so the direction of the whole changes: one length, one factor.",
            ),
            Mistake(
                "lengths added",
                {"length": lambda parts: sum(np.linalg.norm(x) for x in parts)},
                "the lengths of the blocks are added up. Lengths do not add, their squares do.",
            ),
            Mistake(
                "while it grows",
                clip_while_it_grows,
                "the squares are summed and the blocks clipped in one loop, so each block has the "
                "length up to itself. Two loops: first the length of all, then the factor.",
            ),
            Mistake(
                "longest block",
                {"length": lambda parts: max(np.linalg.norm(x) for x in parts)},
                "you took the length of the longest block. All blocks together are longer.",
            ),
            Mistake(
                "last block",
                {"length": lambda parts: np.linalg.norm(parts[-1])},
                "the length is that of the last block only. Sum all squares before you clip.",
            ),
            Mistake(
                "first block",
                {"length": lambda parts: np.linalg.norm(parts[0])},
                "the length is that of the first block only. Sum all squares before you clip.",
            ),
            Mistake(
                "mean square",
                {"length": lambda parts: length_of(parts) / np.sqrt(sum(map(np.size, parts)))},
                "you took the root of the mean square. A length adds the squares up.",
            ),
            Mistake(
                "no root",
                {"length": lambda parts: length_of(parts) ** 2},
                "you took the square of the length for the length.",
            ),
            Mistake(
                "short ones too",
                {"factor": lambda length, limit: limit / length},
                "short gradients are stretched to the limit. They should come back as they are.",
            ),
            Mistake(
                "unit length",
                {"factor": lambda length, limit: 1 / length if length > limit else 1},
                "long gradients end with the length 1, not with that of the limit.",
            ),
            Mistake(
                "limit shared out",
                lambda grads, limit: {
                    name: clip_gradient(grad, limit / math.sqrt(len(grads)))
                    for name, grad in grads.items()
                },
                "each block gets a share of the limit and is still clipped for itself. One factor "
                "for all keeps the direction.",
            ),
            Mistake(
                "entry by entry",
                lambda grads, limit: {
                    name: np.clip(grad, -limit, limit) for name, grad in grads.items()
                },
                "each entry is clipped for itself, which changes the direction.",
            ),
        ],
        hints=[
            "Two vectors have one direction if one is the other times a number.",
            "So one factor for all blocks. Its length is that of all blocks together.",
            "First sum the squares of all blocks, then take the root, then go through the blocks.",
        ],
        reason=(
            "The square of the whole length is the sum of the squares of the blocks' lengths, "
            "whatever their shapes."
        ),
    ),
]
