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
            "A chain of sigmoid neurons, one per layer; every weight is {w}, and every weighted "
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
        id="09-sum-variance",
        title="How wide is a weighted sum?",
        question=(
            "A neuron has {n} inputs. Their mean square is {q}, and they are independent of the "
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
        title="Weights for a relu layer",
        question=(
            "A relu layer has {k} inputs and {n} neurons. Which standard deviation do its weights "
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
                "the 2 is missing: relu throws away half of the signal, and He makes up for it.",
            ),
            Mistake(
                "Xavier",
                lambda k, n: math.sqrt(2 / (k + n)),
                "that is Xavier's (Glorot's), for layers like tanh: it looks at inputs and "
                "neurons.",
            ),
            Mistake(
                "neurons",
                lambda k, n: math.sqrt(2 / n),
                "you took the number of neurons. A sum grows with its number of terms, the inputs.",
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
    Choice(
        id="09-dead-relu",
        title="Dead or asleep?",
        question=(
            "A relu neuron of the first layer has a bias of −20. For every example of the training "
            "set its weighted sum is below 0. What does gradient descent do with its weights?"
        ),
        right=Option(
            "nothing: they never move again",
            "its slope is 0 for every example, so its delta is 0, and with it all its gradients.",
        ),
        wrong=[
            Option(
                "it raises the bias until the neuron wakes up",
                "for that the bias needs a gradient. It is delta, and delta has the slope as a "
                "factor.",
            ),
            Option(
                "it moves them slowly, like those of a saturated sigmoid",
                "a saturated sigmoid has a small slope. That of relu below 0 is exactly 0.",
            ),
            Option(
                "it moves the weights, but not the bias",
                "both gradients have the same delta as a factor.",
            ),
        ],
        hints=[
            "What is the slope of relu below 0?",
            "Delta has that slope as a factor.",
            "Both gradients, of weights and bias, have delta as a factor.",
        ],
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
]
