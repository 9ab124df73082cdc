"""Exercises of chapter 8, bugs that still learn."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math
from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def alignment(u, v):
    return u @ v / (np.sqrt(u @ u) * np.sqrt(v @ v))


def cosine_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([3.0, 4.0]), np.array([4.0, -3.5])),
        (np.array([1.0, 2.0]), np.array([-2.0, -4.0])),
        (rng.normal(size=5), rng.normal(size=5)),
        (1e3 * rng.normal(size=20), 1e-3 * rng.normal(size=20)),
    ]


def entropy(p: float, q: float) -> float:
    r = 1 - p - q
    return -(p * math.log(p) + q * math.log(q) + r * math.log(r))


def draw_shares(rng: np.random.Generator) -> dict[str, Any]:
    p, q = between(rng, 0.1, 0.45, 2), between(rng, 0.1, 0.45, 2)
    return {"p": p, "q": q, "r": round(1 - p - q, 2)}


EXERCISES = [
    Choice(
        id="08-update-inside",
        title="Updating inside the backward loop",
        question=(
            "Somebody updates each layer inside the backward loop, as soon as its gradient is "
            "there, and only then computes the delta of the layer below. A network has three "
            "layers. Whose gradients are wrong?"
        ),
        right=Option(
            "those of layers 1 and 2",
            "the gradients of layer 3 are made before anything moves. All deltas below pass "
            "through weights that have already moved.",
        ),
        wrong=[
            Option(
                "those of all three layers",
                "the walk begins at layer 3, and its gradients are there before the first update.",
            ),
            Option(
                "those of layer 1 only",
                "the delta of layer 2 passes through W[3]. Has it moved by then?",
            ),
            Option(
                "none: each gradient is used once",
                "each W is used twice: its own gradient is one thing, carrying delta down another.",
            ),
        ],
        hints=[
            "The backward walk begins at the output.",
            "What does the delta of layer 2 pass through?",
            "And when was that updated?",
        ],
    ),
    Numeric(
        id="08-updated-too-early",
        title="What the wrong program computes",
        question=(
            "An output neuron has δ = {d}; its weight {w} comes from a hidden sigmoid neuron with "
            "the activation {a}. A program with η = 1 first updates this weight and then computes "
            "the hidden delta with it. Which hidden delta does the <b>wrong</b> program get?"
        ),
        draw=lambda rng: {
            "d": between(rng, -0.9, 0.9),
            "w": between(rng, -1.5, 1.5),
            "a": between(rng, 0.2, 0.9, avoid=0.5),
        },
        answer=lambda d, w, a: d * (w - d * a) * a * (1 - a),
        digits=4,
        mistakes=[
            Mistake(
                "right program",
                lambda d, w, a: d * w * a * (1 - a),
                "that is what the right program gets, with the old weight.",
            ),
            Mistake(
                "uphill",
                lambda d, w, a: d * (w + d * a) * a * (1 - a),
                "its update is right: the weight moves against its gradient.",
            ),
            Mistake(
                "bias moved",
                lambda d, w, a: d * (w - d) * a * (1 - a),
                "the weight's gradient is δ times the activation; you moved it by δ, like a bias.",
            ),
            Mistake(
                "no slope",
                lambda d, w, a: d * (w - d * a),
                "the slope of the hidden neuron is missing. This program has one bug, not two.",
            ),
            Mistake(
                "new weight",
                lambda d, w, a: w - d * a,
                "that is the updated weight. Now carry delta back over it.",
            ),
        ],
        hints=[
            "First the update: the weight's gradient is δ · {a}.",
            "The new weight is {w} − {d:p} · {a}.",
            "Hidden delta: {d:p} · (new weight) · {a} (1 − {a}).",
        ],
        solution=(
            "The new weight is {w} − {d:p} · {a} = {new}. The wrong delta is {d:p} · {new:p} · {a} "
            "(1 − {a}) = <b>{answer}</b>; the right one, with {w}, is {right}."
        ),
        steps=lambda d, w, a: {"new": w - d * a, "right": d * w * a * (1 - a)},
    ),
    Code(
        id="08-alignment",
        title="How far from the gradient?",
        question=(
            "Write <code>alignment(u, v)</code>: the cosine of the angle between two vectors. It "
            "is above 0 where a small step against <code>u</code> lowers a loss with the gradient "
            "<code>v</code>."
        ),
        cases=cosine_cases,
        solution=alignment,
        alternatives=[
            lambda u, v: np.dot(u / np.linalg.norm(u), v / np.linalg.norm(v)),
            lambda u, v: (
                sum(x * y for x, y in zip(u, v, strict=True)) / math.hypot(*u) / math.hypot(*v)
            ),
        ],
        mistakes=[
            Mistake(
                "dot product",
                lambda u, v: u @ v,
                "that is the dot product; it grows with the lengths. Divide by both of them.",
            ),
            Mistake(
                "no root",
                lambda u, v: u @ v / ((u @ u) * (v @ v)),
                "you divided by the squares of the lengths; their roots are missing.",
            ),
            Mistake(
                "one length",
                lambda u, v: u @ v / np.sqrt(v @ v),
                "you divided by one length only. That is how far u reaches along v.",
            ),
            Mistake(
                "other length",
                lambda u, v: u @ v / np.sqrt(u @ u),
                "you divided by one length only. That is how far v reaches along u.",
            ),
            Mistake(
                "no sign",
                lambda u, v: abs(u @ v) / np.sqrt((u @ u) * (v @ v)),
                "the sign is lost: a direction that leads uphill would look as good as the "
                "gradient.",
            ),
            Mistake(
                "angle",
                lambda u, v: np.arccos(np.clip(alignment(u, v), -1, 1)),
                "that is the angle; its cosine is asked for.",
            ),
            Mistake(
                "entry by entry",
                lambda u, v: u * v / np.sqrt((u @ u) * (v @ v)),
                "the products of the entries are not added up.",
            ),
        ],
        hints=[
            "The dot product is length times length times cosine.",
            "The length of u is the root of u @ u.",
            "u @ v over both lengths.",
        ],
        reason="Whatever the lengths: 1 for equal directions, −1 for opposite ones.",
    ),
    Choice(
        id="08-map-of-errors",
        title="Where the errors stand",
        question=(
            "A gradient check of a three-layer network fails for <code>b[1]</code>, "
            "<code>b[2]</code> and <code>b[3]</code>, and passes for all weights. Where is the bug?"
        ),
        right=Option(
            "in the line that makes bias gradients from delta",
            "the weights' gradients are made from the same deltas, so these are right.",
        ),
        wrong=[
            Option(
                "in the output delta",
                "everything comes from it: a bug there would spoil the weights of all layers, too.",
            ),
            Option(
                "in the slope of the activation",
                "that would spoil all of the layers below the output, weights and biases alike.",
            ),
            Option(
                "in the update of the biases",
                "a gradient check looks at the gradient. What is done with it comes after.",
            ),
        ],
        hints=[
            "What do the wrong numbers have in common, and the right ones?",
            "Both are made from delta. Is delta right?",
            "<code>delta.sum(axis=0)</code>, or should be.",
        ],
    ),
    Numeric(
        id="08-sum-for-mean",
        title="A sum where a mean belongs",
        question=(
            "A program sums the gradient over the batch of {m} where the loss is a mean. Apart "
            "from that it is right, and it uses plain gradient descent. Which learning rate makes "
            "it take the same steps as the right program with η = {lr}?"
        ),
        draw=lambda rng: {
            "m": int(rng.choice([8, 10, 16, 20, 25, 32, 40, 50])),
            "lr": float(rng.choice([0.1, 0.2, 0.5, 1.0])),
        },
        answer=lambda m, lr: lr / m,
        digits=4,
        mistakes=[
            Mistake(
                "larger",
                lambda m, lr: lr * m,
                "that makes it worse: its gradient is too long already.",
            ),
            Mistake(
                "same",
                lambda m, lr: lr,
                "with the same rate its steps are longer by the size of the batch.",
            ),
            Mistake(
                "root",
                lambda m, lr: lr / math.sqrt(m),
                "you divided by the root of the batch size. A sum of m is m times their mean.",
            ),
            Mistake(
                "half",
                lambda m, lr: lr / (2 * m),
                "where does the 2 come from? A sum is m times the mean.",
            ),
        ],
        hints=[
            "By which factor is its gradient too long?",
            "A sum of {m} numbers is {m} times their mean.",
            "The step is rate times gradient: one factor has to undo the other.",
        ],
        solution=(
            "Its gradient is {m} times as long, so the rate has to be {lr} / {m} = "
            "<b>{answer}</b>. With another batch size it would have to be another one: that is why "
            "it is a bug."
        ),
    ),
    Numeric(
        id="08-ignorant-loss",
        title="The loss of a network that knows nothing",
        question=(
            "Three classes have the shares {p}, {q} and {r}. What is the smallest cross-entropy "
            "that a network can reach if it gives every example the same probabilities?"
        ),
        draw=draw_shares,
        answer=lambda p, q, r: entropy(p, q),
        digits=4,
        mistakes=[
            Mistake(
                "equal shares",
                lambda p, q, r: math.log(3),
                "that is the loss with a third for each. These classes are not equally frequent, "
                "and even an ignorant network can learn that.",
            ),
            Mistake(
                "most frequent",
                lambda p, q, r: -math.log(max(p, q, r)),
                "that is the loss of the most frequent class alone. The others lose more.",
            ),
            Mistake(
                "plain sum",
                lambda p, q, r: -(math.log(p) + math.log(q) + math.log(r)),
                "the logarithms are not weighted: a class counts as often as it occurs.",
            ),
            Mistake(
                "base 2",
                lambda p, q, r: entropy(p, q) / math.log(2),
                "that is in bits; the loss has the natural logarithm.",
            ),
            Mistake(
                "no minus",
                lambda p, q, r: -entropy(p, q),
                "the minus is missing: the loss is never negative.",
            ),
            Mistake(
                "errors",
                lambda p, q, r: 1 - max(p, q, r),
                "that is how often it would be wrong. The loss is a mean of logarithms.",
            ),
        ],
        hints=[
            "Its best probabilities are the shares themselves.",
            "An example of a class with the share <var>p</var> then loses −log <var>p</var>.",
            "Weight these losses with the shares: −Σ <var>p</var> log <var>p</var>.",
        ],
        solution=(
            "−({p} log {p} + {q} log {q} + {r} log {r}) = <b>{answer}</b>. A network "
            "that has learned nothing but the shares stays there."
        ),
    ),
]
