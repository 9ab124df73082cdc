"""Exercises of chapter 1, the forward pass."""

# mypy: allow-untyped-defs, allow-untyped-calls

from typing import Any

import numpy as np

from ...activations import ACTIVATIONS
from .model import Choice, Code, Mistake, Numeric, Option, between

sigmoid = ACTIVATIONS["sigmoid"]


def sigmoid_layer(A, W, b):
    Z = A @ W.T + b
    return 1 / (1 + np.exp(-Z))


def layer_by_loops(A: Any, W: Any, b: Any) -> Any:
    out = []
    for row in A:
        sums = [sum(w * x for w, x in zip(W[j], row, strict=True)) + b[j] for j in range(len(W))]
        out.append([1 / (1 + np.exp(-z)) for z in sums])
    return out


def layer_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), np.array([0.5, -1.0])),
        (rng.normal(size=(1, 3)), rng.normal(size=(2, 3)), rng.normal(size=2)),
        (rng.normal(size=(5, 4)), rng.normal(size=(3, 4)), rng.normal(size=3)),
    ]


def three_widths(rng: np.random.Generator) -> list[int]:
    return [int(n) for n in rng.choice(np.arange(2, 10), size=3, replace=False)]


EXERCISES = [
    Numeric(
        id="01-one-neuron",
        title="The output of one neuron",
        question=(
            "A neuron has the weights <var>w</var> = ({w1}, {w2}), the bias <var>b</var> = {b} and "
            "a sigmoid. Its input is <var>x</var> = ({x1}, {x2}). What is its activation "
            "<var>a</var>?"
        ),
        draw=lambda rng: {
            "w1": between(rng, -1, 1),
            "w2": between(rng, -1, 1),
            "b": between(rng, -1, 1),
            "x1": between(rng, -2, 2),
            "x2": between(rng, -2, 2),
        },
        answer=lambda w1, w2, b, x1, x2: sigmoid(w1 * x1 + w2 * x2 + b),
        digits=4,
        mistakes=[
            Mistake(
                "no activation",
                lambda w1, w2, b, x1, x2: w1 * x1 + w2 * x2 + b,
                "that is z, the weighted sum. The activation is σ(z).",
            ),
            Mistake(
                "no bias",
                lambda w1, w2, b, x1, x2: sigmoid(w1 * x1 + w2 * x2),
                "the bias is missing: z is the weighted sum plus b.",
            ),
            Mistake(
                "sign in the exponent",
                lambda w1, w2, b, x1, x2: sigmoid(-(w1 * x1 + w2 * x2 + b)),
                "that is σ(−z): the exponent of the sigmoid is −z. The larger z, the larger a.",
            ),
            Mistake(
                "crossed",
                lambda w1, w2, b, x1, x2: sigmoid(w1 * x2 + w2 * x1 + b),
                "the weights are crossed: the first weight belongs to the first input.",
            ),
            Mistake(
                "tanh",
                lambda w1, w2, b, x1, x2: np.tanh(w1 * x1 + w2 * x2 + b),
                "that is tanh(z). A sigmoid gives numbers between 0 and 1.",
            ),
            Mistake(
                "slope",
                lambda w1, w2, b, x1, x2: (
                    sigmoid(w1 * x1 + w2 * x2 + b) * (1 - sigmoid(w1 * x1 + w2 * x2 + b))
                ),
                "that is σ′(z), the slope of the sigmoid; its value is asked for.",
            ),
        ],
        hints=[
            "Two steps: first the weighted sum with the bias, then the sigmoid.",
            "<var>z</var> = {w1:p} · {x1:p} + {w2:p} · {x2:p} + {b:p}.",
            "<var>a</var> = 1 / (1 + e<sup>−<var>z</var></sup>).",
        ],
        solution=(
            "<var>z</var> = {w1:p} · {x1:p} + {w2:p} · {x2:p} + {b:p} = {z}, and <var>a</var> = "
            "σ({z}) = <b>{answer}</b>."
        ),
        steps=lambda w1, w2, b, x1, x2: {"z": w1 * x1 + w2 * x2 + b},
    ),
    Choice(
        id="01-straight-layers",
        title="A hundred straight layers",
        question=(
            "A network has a hundred layers of different widths and no activation function: each "
            "layer is <var>W</var><var>a</var> + <var>b</var> and no more. What can it compute?"
        ),
        right=Option(
            "exactly what some single layer can",
            "straight maps in a row are one straight map, with the product of all matrices for W.",
        ),
        wrong=[
            Option(
                "polynomials up to degree 100",
                "a product of two different matrices of weights is no power of x: x enters once.",
            ),
            Option(
                "nearly every function, as deep networks do",
                "depth alone does not help: without a bend between them, two layers are one.",
            ),
            Option(
                "as much as one layer, but only if all layers have the same width",
                "matrices of different widths can be multiplied, too, as long as neighbors fit.",
            ),
        ],
        hints=[
            "Try two layers first, on paper.",
            "<var>W</var>₂(<var>W</var>₁<var>x</var> + <var>b</var>₁) + <var>b</var>₂: multiply "
            "it out.",
            "What is in front of <var>x</var> is again a matrix.",
        ],
    ),
    Choice(
        id="01-saturated",
        title="Where a neuron listens",
        question=(
            "Predict: the weighted sum of a sigmoid neuron grows from 0 to 1. Another one's grows "
            "from 5 to 6. Whose activation changes more, and about how much more?"
        ),
        right=Option(
            "the first one's, about fifty times as much",
            "σ(1) − σ(0) = 0.2311, and σ(6) − σ(5) = 0.0042. The second one is saturated.",
        ),
        wrong=[
            Option(
                "the first one's, about twice as much",
                "the curve is far flatter out there: at 5 its slope is 0.0066, in the middle 0.25.",
            ),
            Option(
                "both by the same amount",
                "a straight line would do that. The sigmoid is steep in the middle, flat outside.",
            ),
            Option(
                "the second one's, because its activation is larger",
                "a large activation is near its limit of 1, and has little room left to grow.",
            ),
        ],
        hints=[
            "Picture the curve. How steep is it at 0, how steep at 5?",
            "The slope is <var>a</var> (1 − <var>a</var>).",
            "At 5, 1 − <var>a</var> is less than one hundredth.",
        ],
    ),
    Numeric(
        id="01-shape-of-w",
        title="The shape of a weight matrix",
        question=(
            "A layer has {n} neurons and takes {k} inputs. A batch of {m} examples goes through it "
            "as <code>A @ W.T + b</code>. What is the shape of <code>W</code>?"
        ),
        draw=lambda rng: dict(zip(("n", "k", "m"), three_widths(rng), strict=True)),
        answer=lambda n, k, m: (n, k),
        mistakes=[
            Mistake(
                "transposed",
                lambda n, k, m: (k, n),
                "that is the shape of W.T. W has one row for each neuron.",
            ),
            Mistake(
                "shape of z",
                lambda n, k, m: (m, n),
                "that is the shape of the result, one row an example. Weights know nothing of m.",
            ),
            Mistake(
                "shape of the batch",
                lambda n, k, m: (m, k),
                "that is the shape of the batch A. Weights know nothing of m.",
            ),
            Mistake(
                "bias inside",
                lambda n, k, m: (n, k + 1),
                "no column for the bias: it has an array b of its own.",
            ),
        ],
        hints=[
            "Does the number of examples change the weights of a layer?",
            "Row j of W holds the weights of neuron j.",
            "As many rows as neurons, as many columns as inputs.",
        ],
        solution=(
            "One row for each of the {n} neurons, one column for each of the {k} inputs: "
            "<b>{answer}</b>. Then <code>A @ W.T</code> is ({m}, {k}) times ({k}, {n})."
        ),
    ),
    Code(
        id="01-sigmoid_layer",
        title="One layer, a whole batch",
        question=(
            "Write <code>sigmoid_layer(A, W, b)</code>: the activations of a sigmoid layer. "
            "<code>A</code> has shape (<var>m</var>, <var>k</var>), one example a row, "
            "<code>W</code> (<var>n</var>, <var>k</var>), <code>b</code> (<var>n</var>,); "
            "the result has shape (<var>m</var>, <var>n</var>)."
        ),
        cases=layer_cases,
        solution=sigmoid_layer,
        alternatives=[
            layer_by_loops,
            lambda A, W, b: 1 / (1 + np.exp(-np.einsum("mk,nk->mn", A, W) - b)),
            lambda A, W, b: np.tanh((A @ W.T + b) / 2) / 2 + 0.5,
        ],
        mistakes=[
            Mistake(
                "no transpose",
                lambda A, W, b: sigmoid(A @ W + b),
                "W stands there without its transpose. With one example a row it is A @ W.T; "
                "A @ W runs only where W is square, and is wrong there.",
            ),
            Mistake(
                "no activation",
                lambda A, W, b: A @ W.T + b,
                "that is Z. The activation, σ, is missing.",
            ),
            Mistake(
                "no bias",
                lambda A, W, b: sigmoid(A @ W.T),
                "the bias is missing: z = a Wᵀ + b.",
            ),
            Mistake(
                "bias subtracted",
                lambda A, W, b: sigmoid(A @ W.T - b),
                "the bias is subtracted; it is added to the weighted sum.",
            ),
            Mistake(
                "bias outside",
                lambda A, W, b: sigmoid(A @ W.T) + b,
                "the bias is added after the sigmoid; it belongs inside.",
            ),
            Mistake(
                "sign in the exponent",
                lambda A, W, b: sigmoid(-(A @ W.T + b)),
                "that is σ(−z): check the sign in the exponent.",
            ),
            Mistake(
                "columns",
                lambda A, W, b: sigmoid(W @ A.T + b[:, None]),
                "the examples ended up in columns. The result has one example a row.",
            ),
        ],
        hints=[
            "Two lines: the weighted sums of all examples, then the sigmoid of each entry.",
            "Shapes decide: (m, k) times something of shape (k, n) gives (m, n).",
            "Z = A @ W.T + b, then 1 / (1 + np.exp(−Z)).",
        ],
        reason=(
            "Row <var>i</var> of <code>A @ W.T</code> is <var>W</var> times example <var>i</var>. "
            "NumPy adds <code>b</code> to each row."
        ),
    ),
    Numeric(
        id="01-count-parameters",
        title="How many parameters?",
        question="How many weights and biases has the {p}-{q}-{r} network in all?",
        draw=lambda rng: dict(zip(("p", "q", "r"), three_widths(rng), strict=True)),
        answer=lambda p, q, r: p * q + q + q * r + r,
        mistakes=[
            Mistake(
                "no biases",
                lambda p, q, r: p * q + q * r,
                "those are the weights alone. Each neuron has a bias, too.",
            ),
            Mistake(
                "biases for inputs",
                lambda p, q, r: p * q + q * r + p + q + r,
                "inputs are given, not computed: they have no bias.",
            ),
            Mistake(
                "one bias a layer",
                lambda p, q, r: p * q + q * r + 2,
                "that is one bias a layer; it is one a neuron.",
            ),
            Mistake(
                "one product",
                lambda p, q, r: p * q * r,
                "the sizes of all layers are multiplied. Each layer has its own matrix; "
                "their entries add up.",
            ),
            Mistake(
                "neurons",
                lambda p, q, r: p + q + r,
                "those are the neurons and inputs. Each connection has a weight.",
            ),
        ],
        hints=[
            "Count layer by layer. The input is no layer of its own.",
            "A layer of <var>n</var> neurons with <var>k</var> inputs has <var>n</var> "
            "<var>k</var> weights and <var>n</var> biases.",
            "({p} + 1) · {q} for the hidden layer. The same way for the output layer.",
        ],
        solution="{q} · {p} + {q} + {r} · {q} + {r} = <b>{answer}</b>.",
    ),
]
