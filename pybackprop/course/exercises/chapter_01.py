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


def columns_layer(A, W, b):
    """Return the activations of a sigmoid layer, one example per column."""
    Z = W @ A + b[:, None]
    return 1 / (1 + np.exp(-Z))


def columns_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), np.array([0.5, -1.0])),
        (rng.normal(size=(3, 1)), rng.normal(size=(2, 3)), rng.normal(size=2)),
        (rng.normal(size=(2, 3)), rng.normal(size=(3, 2)), rng.normal(size=3)),
        (rng.normal(size=(4, 5)), rng.normal(size=(3, 4)), rng.normal(size=3)),
    ]


def hat(x):
    """Return a hat over x: 0 up to -1, 1 at 0, and 0 from 1 on."""
    return np.maximum(x + 1, 0) - 2 * np.maximum(x, 0) + np.maximum(x - 1, 0)


def relu(z: Any) -> Any:
    return np.maximum(z, 0)


def hat_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([0.5, -0.25]),),
        (np.array([-3.0, -1.0, 0.0, 1.0, 3.0]),),
        (rng.uniform(-3, 3, size=(2, 4)),),
    ]


def single_layer(W1, b1, W2, b2):
    """Return W and b of one layer that does what two without a bend do."""
    return W2 @ W1, W2 @ b1 + b2


def single_layer_with(
    weights: Any = lambda W1, W2: W2 @ W1,
    bias: Any = lambda W1, b1, W2, b2: W2 @ b1 + b2,
) -> Any:
    """Return the one layer with one of its two results exchanged, for a mistake in it."""

    def wrong(W1: Any, b1: Any, W2: Any, b2: Any) -> tuple[Any, Any]:
        return weights(W1, W2), bias(W1, b1, W2, b2)

    return wrong


def single_layer_by_probing(W1: Any, b1: Any, W2: Any, b2: Any) -> tuple[Any, Any]:
    """Run 0 and each unit vector through both layers."""

    def run(x: Any) -> Any:
        return W2 @ (W1 @ x + b1) + b2

    b = run(np.zeros(W1.shape[1]))
    return np.stack([run(e) - b for e in np.eye(W1.shape[1])], axis=1), b


def straight_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (
            rng.normal(size=(n[1], n[0])),
            rng.normal(size=n[1]),
            rng.normal(size=(n[2], n[1])),
            rng.normal(size=n[2]),
        )
        for n in [(2, 2, 2), (3, 2, 1), (2, 4, 3)]
    ]


def two_layers(X, W1, b1, W2, b2):
    Z1 = X @ W1.T + b1
    A1 = 1 / (1 + np.exp(-Z1))
    Z2 = A1 @ W2.T + b2
    return 1 / (1 + np.exp(-Z2))


def two_layers_given(X, W1, b1, W2, b2):
    """Return the outputs of two layers of sigmoids, one example per row."""
    Z1 = X @ W1.T + b1[:, None]
    A1 = 1 / (1 + np.exp(-Z1))
    Z2 = A1 @ W2 + b2
    return 1 / (1 + np.exp(-Z2))


def two_layers_with(
    first: Any = lambda X, W, b: X @ W.T + b,
    hidden: Any = sigmoid,
    second: Any = lambda A, W, b: A @ W.T + b,
    output: Any = sigmoid,
) -> Any:
    """Return two layers with one of their lines exchanged, for a mistake in it."""

    def wrong(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        return output(second(hidden(first(X, W1, b1)), W2, b2))

    return wrong


def two_layers_by_rows(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return [sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2) for x in X]


def two_layer_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Batches for networks; in the first one, everything is 2."""
    return [
        (rng.normal(size=(m, W1.shape[1])), W1, b1, W2, b2)
        for m, (W1, b1, W2, b2) in zip((2, 4, 5), straight_cases(rng), strict=True)
    ]


def three_widths(rng: np.random.Generator) -> list[int]:
    return [int(n) for n in rng.choice(np.arange(2, 10), size=3, replace=False)]


EXERCISES = [
    Numeric(
        id="01-one-neuron",
        title="The output of one unit",
        question=(
            "A unit has the weights <var>w</var> = ({w1}, {w2}), the bias <var>b</var> = {b} and "
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
    Numeric(
        id="01-two-layers",
        title="The output of two layers",
        question=(
            "A 1-2-1 network of sigmoids. Its input is <var>x</var> = {x}. The hidden units have "
            "the weights {w1} and {w2} and the biases {b1} and {b2}. The output unit has the "
            "weights {v1} and {v2}, in this order, and the bias {c}. What is the output "
            "<var>a</var><sup>[2]</sup>?"
        ),
        draw=lambda rng: {
            "x": between(rng, -2, 2, avoid=0.0),
            "w1": between(rng, -1, 1),
            "w2": between(rng, -1, 1),
            "b1": between(rng, -1, 1),
            "b2": between(rng, -1, 1),
            "v1": between(rng, -2, 2),
            "v2": between(rng, -2, 2),
            "c": between(rng, -1, 1),
        },
        answer=lambda x, w1, w2, b1, b2, v1, v2, c: sigmoid(
            v1 * sigmoid(w1 * x + b1) + v2 * sigmoid(w2 * x + b2) + c
        ),
        digits=3,
        mistakes=[
            Mistake(
                "no activation at the output",
                lambda x, w1, w2, b1, b2, v1, v2, c: (
                    v1 * sigmoid(w1 * x + b1) + v2 * sigmoid(w2 * x + b2) + c
                ),
                "that is z of the output unit, and it is right. One step is left: its sigmoid.",
            ),
            Mistake(
                "no activation in the hidden layer",
                lambda x, w1, w2, b1, b2, v1, v2, c: sigmoid(
                    v1 * (w1 * x + b1) + v2 * (w2 * x + b2) + c
                ),
                "the hidden units passed on z in place of σ(z). What you made of it is right.",
            ),
            Mistake(
                "no hidden biases",
                lambda x, w1, w2, b1, b2, v1, v2, c: sigmoid(
                    v1 * sigmoid(w1 * x) + v2 * sigmoid(w2 * x) + c
                ),
                "the biases of the hidden units are missing. What you made of it is right.",
            ),
            Mistake(
                "no output bias",
                lambda x, w1, w2, b1, b2, v1, v2, c: sigmoid(
                    v1 * sigmoid(w1 * x + b1) + v2 * sigmoid(w2 * x + b2)
                ),
                "the hidden layer is right. The output unit has a bias, too.",
            ),
            Mistake(
                "output weights crossed",
                lambda x, w1, w2, b1, b2, v1, v2, c: sigmoid(
                    v2 * sigmoid(w1 * x + b1) + v1 * sigmoid(w2 * x + b2) + c
                ),
                "the hidden layer is right. The weights of the output unit are crossed: the "
                "first one belongs to the first hidden unit.",
            ),
            Mistake(
                "hidden biases crossed",
                lambda x, w1, w2, b1, b2, v1, v2, c: sigmoid(
                    v1 * sigmoid(w1 * x + b2) + v2 * sigmoid(w2 * x + b1) + c
                ),
                "the biases of the hidden units are crossed. What you made of it is right.",
            ),
            Mistake(
                "first hidden unit only",
                lambda x, w1, w2, b1, b2, v1, v2, c: sigmoid(v1 * sigmoid(w1 * x + b1) + c),
                "only the first hidden unit got through. The output unit adds up both.",
            ),
            Mistake(
                "past the hidden layer",
                lambda x, w1, w2, b1, b2, v1, v2, c: sigmoid((v1 + v2) * x + c),
                "the output unit got x itself. Its inputs are the two hidden activations.",
            ),
            Mistake(
                "sign in the hidden exponent",
                lambda x, w1, w2, b1, b2, v1, v2, c: sigmoid(
                    v1 * sigmoid(-w1 * x - b1) + v2 * sigmoid(-w2 * x - b2) + c
                ),
                "in the hidden layer that is σ(−z): the exponent of the sigmoid is −z. What you "
                "made of it is right.",
            ),
        ],
        hints=[
            "From the left to the right: the hidden activations first, then the output.",
            "The first hidden unit: σ({w1:p} · {x:p} + {b1:p}). The second one the same way.",
            "The output: σ of {v1:p} times the first, plus {v2:p} times the second, plus {c:p}.",
        ],
        solution=(
            "The hidden activations are σ({z1}) = {a1} and σ({z2}) = {a2}. The output unit has "
            "<var>z</var> = {v1:p} · {a1} + {v2:p} · {a2} + {c:p} = {z}, and "
            "<var>a</var><sup>[2]</sup> = <b>{answer}</b>."
        ),
        steps=lambda x, w1, w2, b1, b2, v1, v2, c: {
            "z1": w1 * x + b1,
            "z2": w2 * x + b2,
            "a1": sigmoid(w1 * x + b1),
            "a2": sigmoid(w2 * x + b2),
            "z": v1 * sigmoid(w1 * x + b1) + v2 * sigmoid(w2 * x + b2) + c,
        },
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
    Code(
        id="01-single_layer",
        title="Two layers become one",
        question=(
            "Two layers without activation: <code>W2 @ (W1 @ x + b1) + b2</code>. Write "
            "<code>single_layer(W1, b1, W2, b2)</code>. It returns the weights and the bias of the "
            "one layer that gives the same for every <code>x</code>. With layers of <var>p</var>, "
            "<var>q</var> and <var>r</var> numbers the arguments have the shapes "
            "(<var>q</var>, <var>p</var>), (<var>q</var>,), (<var>r</var>, <var>q</var>) and "
            "(<var>r</var>,)."
        ),
        cases=straight_cases,
        solution=single_layer,
        made_of=single_layer_with,
        alternatives=[
            single_layer_by_probing,
            lambda W1, b1, W2, b2: (
                np.einsum("rq,qp->rp", W2, W1),
                np.array([sum(w * b for w, b in zip(row, b1, strict=True)) for row in W2]) + b2,
            ),
            lambda W1, b1, W2, b2: [(W1.T @ W2.T).T, b1 @ W2.T + b2],
        ],
        mistakes=[
            Mistake(
                "order of the matrices",
                {"weights": lambda W1, W2: W1 @ W2},
                "the two matrices stand the wrong way round. The one that acts on x first stands "
                "next to it, on the right. Only square ones let you do it otherwise.",
            ),
            Mistake(
                "entry by entry",
                {"weights": lambda W1, W2: W2 * W1},
                "<code>*</code> multiplies entry by entry; the product of two matrices is "
                "<code>@</code>.",
            ),
            Mistake(
                "transposed",
                {"weights": lambda W1, W2: (W2 @ W1).T},
                "the weights are transposed: the one layer takes p numbers and gives r, so its "
                "matrix is (r, p).",
            ),
            Mistake(
                "biases added up",
                {"bias": lambda W1, b1, W2, b2: b1 + b2},
                "you added the two biases. The first one passes through the second layer's weights "
                "before it meets the other.",
            ),
            Mistake(
                "no second bias",
                {"bias": lambda W1, b1, W2, b2: W2 @ b1},
                "the second layer's bias is missing.",
            ),
            Mistake(
                "no first bias",
                {"bias": lambda W1, b1, W2, b2: b2},
                "the first layer's bias got lost: what W2 does to it is left over.",
            ),
            Mistake(
                "both biases through W2",
                {"bias": lambda W1, b1, W2, b2: W2 @ (b1 + b2)},
                "the second bias is added after W2; it does not pass through it.",
            ),
            Mistake(
                "first bias through W1",
                {"bias": lambda W1, b1, W2, b2: W1 @ b1 + b2},
                "the first bias is added after W1. It passes through W2, not through W1.",
            ),
            Mistake(
                "W2 transposed",
                {"bias": lambda W1, b1, W2, b2: W2.T @ b1 + b2},
                "for the bias you transposed W2. It acts on b1 as it acts on an activation.",
            ),
        ],
        hints=[
            "Multiply the brackets out.",
            "What stands before x is the new W; all the rest is the new b.",
            "W2 @ W1, and W2 @ b1 + b2.",
        ],
        reason="N3, read from the left to the right. That is why a network needs its bends.",
    ),
    Numeric(
        id="01-bend",
        title="Where it bends",
        question=(
            "A hidden unit with one input computes relu(<var>w</var> <var>x</var> + "
            "<var>b</var>) with <var>w</var> = {w} and <var>b</var> = {b}. At which <var>x</var> "
            "does its line bend?"
        ),
        draw=lambda rng: {
            "w": between(rng, -4, 4, avoid=0.0),
            "b": between(rng, -4, 4, avoid=0.0),
        },
        answer=lambda w, b: -b / w,
        digits=2,
        mistakes=[
            Mistake(
                "sign",
                lambda w, b: b / w,
                "the size is right, the sign is not: at the bend w x + b is 0, so w x = −b.",
            ),
            Mistake(
                "the bias itself",
                lambda w, b: b,
                "that is the bias: the weighted sum at x = 0. Where is the sum 0?",
            ),
            Mistake(
                "no weight",
                lambda w, b: -b,
                "that would be right for the weight 1. Solve w x = −b for x.",
            ),
            Mistake(
                "upside down",
                lambda w, b: -w / b,
                "that is upside down: solve w x = −b for x.",
            ),
            Mistake(
                "product",
                lambda w, b: -b * w,
                "you multiplied by the weight. To solve w x = −b for x, divide by it.",
            ),
            Mistake(
                "where the sum is 1",
                lambda w, b: (1 - b) / w,
                "there the weighted sum is 1. A ReLU bends where its sum is 0.",
            ),
        ],
        hints=[
            "relu(<var>z</var>) bends at <var>z</var> = 0.",
            "Solve <var>w</var> <var>x</var> + <var>b</var> = 0 for <var>x</var>.",
            "{w:p} · <var>x</var> + {b:p} = 0.",
        ],
        solution=(
            "The line bends where {w:p} · <var>x</var> + {b:p} = 0, at <var>x</var> = "
            "<b>{answer}</b>."
        ),
    ),
    Code(
        id="01-hat",
        title="A hat from three pieces",
        question=(
            "Write <code>hat(x)</code> for an array <code>x</code> of any shape, as a sum of three "
            "pieces that bend: 0 up to <var>x</var> = −1, in a straight line up to 1 at "
            "<var>x</var> = 0, in a straight line down to 0 at <var>x</var> = 1, and 0 from there "
            "on. A ReLU is <code>np.maximum(z, 0)</code>."
        ),
        cases=hat_cases,
        solution=hat,
        alternatives=[
            lambda x: np.maximum(1 - np.abs(x), 0),
            lambda x: np.interp(x, [-1, 0, 1], [0, 1, 0]),
            lambda x: np.minimum(relu(x + 1), relu(1 - x)),
        ],
        mistakes=[
            Mistake(
                "two pieces",
                lambda x: relu(x + 1) - 2 * relu(x),
                "from x = 1 on it keeps falling. A third piece has to bend it back.",
            ),
            Mistake(
                "slopes for changes of slope",
                lambda x: relu(x + 1) - relu(x),
                "it rises to 1 and stays there. A piece's weight is not the new slope but the "
                "change: from 1 to −1, what is that?",
            ),
            Mistake(
                "the same weights",
                lambda x: relu(x + 1) - relu(x) - relu(x - 1),
                "between 0 and 1 it stays at 1, and then it falls for ever. What does each bend "
                "add to the slope?",
            ),
            Mistake(
                "no bends",
                lambda x: (x + 1) - 2 * x + (x - 1),
                "it is 0 everywhere: straight lines add up to a straight line, and to bend their "
                "sum does not help. Each piece goes through a ReLU of its own.",
            ),
            Mistake(
                "below the brim",
                lambda x: 1 - np.abs(x),
                "it is right from −1 to 1. Outside it goes on, below 0.",
            ),
            Mistake(
                "rising and falling added",
                lambda x: relu(x + 1) + relu(1 - x),
                "you added a piece that rises and one that falls. Where both are above 0, their "
                "sum is 2, a flat roof.",
            ),
            Mistake(
                "a parabola",
                lambda x: relu(x + 1) * relu(1 - x),
                "a product of two lines is a parabola. The sides of the hat are straight.",
            ),
        ],
        hints=[
            "It bends at −1, 0 and 1. So the pieces are relu(x + 1), relu(x) and relu(x − 1).",
            "The weight of a piece is by how much the slope changes there.",
            "The slopes are 0, 1, −1 and 0. So they change by 1, −2 and 1.",
        ],
        reason=(
            "Three hidden units, one output unit with the weights 1, −2 and 1. Hats of all "
            "heights, side by side, follow nearly any curve."
        ),
    ),
    Choice(
        id="01-saturated",
        title="Where a unit listens",
        question=(
            "Predict: the weighted sum of a sigmoid unit grows from 0 to 1. Another one's grows "
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
            "A layer has {n} units and takes {k} inputs. A batch of {m} examples goes through it "
            "as <code>A @ W.T + b</code>. What is the shape of <code>W</code>?"
        ),
        draw=lambda rng: dict(zip(("n", "k", "m"), three_widths(rng), strict=True)),
        answer=lambda n, k, m: (n, k),
        mistakes=[
            Mistake(
                "transposed",
                lambda n, k, m: (k, n),
                "that is the shape of W.T. W has one row for each unit.",
            ),
            Mistake(
                "shape of z",
                lambda n, k, m: (m, n),
                "that is the shape of the result, one row per example. Weights know nothing of m.",
            ),
            Mistake(
                "shape of the batch",
                lambda n, k, m: (m, k),
                "that is the shape of the batch A. Weights know nothing of m.",
            ),
            Mistake(
                "shape of the batch, turned round",
                lambda n, k, m: (k, m),
                "that is the shape of A.T. Weights know nothing of m.",
            ),
            Mistake(
                "shape of the bias",
                lambda n, k, m: (n,),
                "that is the shape of the bias, one number for each unit.",
            ),
            Mistake(
                "bias inside",
                lambda n, k, m: (n, k + 1),
                "no column for the bias: it has an array b of its own.",
            ),
        ],
        hints=[
            "Does the number of examples change the weights of a layer?",
            "Row j of W holds the weights of unit j.",
            "As many rows as units, as many columns as inputs.",
        ],
        solution=(
            "One row for each of the {n} units, one column for each of the {k} inputs: "
            "<b>{answer}</b>. Then <code>A @ W.T</code> is ({m}, {k}) times ({k}, {n})."
        ),
    ),
    Code(
        id="01-sigmoid_layer",
        title="One layer, a whole batch",
        question=(
            "Write <code>sigmoid_layer(A, W, b)</code>: the activations of a sigmoid layer. "
            "<code>A</code> has shape (<var>m</var>, <var>k</var>), one example per row, "
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
                "W stands there without its transpose. With one example per row it is A @ W.T; "
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
                "the examples ended up in columns. The result has one example per row.",
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
    Code(
        id="01-columns_layer",
        title="One example per column",
        question=(
            "Many texts lay a batch the other way: one example per column. Write "
            "<code>columns_layer(A, W, b)</code> for them, a layer of sigmoids: <code>A</code> has "
            "shape (<var>k</var>, <var>m</var>), <code>W</code> (<var>n</var>, <var>k</var>) and "
            "<code>b</code> (<var>n</var>,), as always; the result has shape (<var>n</var>, "
            "<var>m</var>)."
        ),
        cases=columns_cases,
        solution=columns_layer,
        alternatives=[
            lambda A, W, b: sigmoid_layer(A.T, W, b).T,
            lambda A, W, b: 1 / (1 + np.exp(-(W @ A + b.reshape(-1, 1)))),
            lambda A, W, b: np.stack([sigmoid(W @ a + b) for a in A.T], axis=1),
        ],
        mistakes=[
            Mistake(
                "bias along the examples",
                lambda A, W, b: sigmoid(W @ A + b),
                "b of shape (n,) is added along the columns, the examples, and runs only where n "
                "and m are the same. Each row needs its own bias: make b a column.",
            ),
            Mistake(
                "the product for rows",
                lambda A, W, b: sigmoid(A @ W.T + b),
                "that is the layer for one example per row. With columns it is W times A, as on "
                "paper.",
            ),
            Mistake(
                "W transposed",
                lambda A, W, b: sigmoid(W.T @ A + b[:, None]),
                "W is transposed. With columns it stands as it does on paper: W @ A.",
            ),
            Mistake(
                "turned back",
                lambda A, W, b: sigmoid_layer(A.T, W, b),
                "the numbers are right, but the examples lie in rows: turn the result, too.",
            ),
            Mistake(
                "no activation",
                lambda A, W, b: W @ A + b[:, None],
                "that is Z. The activation, σ, is missing.",
            ),
            Mistake(
                "no bias",
                lambda A, W, b: sigmoid(W @ A),
                "the bias is missing.",
            ),
            Mistake(
                "bias outside",
                lambda A, W, b: sigmoid(W @ A) + b[:, None],
                "the bias is added after the sigmoid; it belongs inside.",
            ),
        ],
        hints=[
            "With one example per column, the product is the one on paper.",
            "W @ A has the shape (n, m). Which shape must b have, to be added to each column?",
            "Z = W @ A + b[:, None]: the bias as a column (n, 1), spread over the examples.",
        ],
        reason=(
            "(<var>n</var>, <var>k</var>) times (<var>k</var>, <var>m</var>) gives (<var>n</var>, "
            "<var>m</var>). NumPy adds a vector along the last axis, here the examples; as a "
            "column it is spread over them."
        ),
    ),
    Code(
        id="01-two_layers",
        title="Mend a forward pass",
        question=(
            "This program was tried on a 2-2-2 network with a batch of two. It ran, and the result "
            "had the right shape. Still it is wrong, in two places. Mend it. <code>X</code> has "
            "shape (<var>m</var>, <var>p</var>), <code>W1</code> (<var>q</var>, <var>p</var>), "
            "<code>b1</code> (<var>q</var>,), <code>W2</code> (<var>r</var>, <var>q</var>), "
            "<code>b2</code> (<var>r</var>,); the result has shape (<var>m</var>, <var>r</var>)."
        ),
        cases=two_layer_cases,
        solution=two_layers,
        made_of=two_layers_with,
        given=two_layers_given,
        alternatives=[
            two_layers_by_rows,
            lambda X, W1, b1, W2, b2: sigmoid_layer(sigmoid_layer(X, W1, b1), W2, b2),
            lambda X, W1, b1, W2, b2: sigmoid(W2 @ sigmoid(W1 @ X.T + b1[:, None]) + b2[:, None]).T,
        ],
        mistakes=[
            Mistake(
                "bias as a column",
                {"first": lambda X, W, b: X @ W.T + b[:, None]},
                "in the first layer the bias is a column, so each <i>example</i> gets one of its "
                "entries. Each unit has one: NumPy adds b as it is to each row.",
            ),
            Mistake(
                "no transpose",
                {"second": lambda A, W, b: A @ W + b},
                "in the second layer W stands without its transpose. It runs only where W is "
                "square, and is wrong there.",
            ),
            Mistake(
                "no transpose in the first layer",
                {"first": lambda X, W, b: X @ W + b},
                "in the first layer W has lost its transpose. It was right.",
            ),
            Mistake(
                "bias as a column in the second layer",
                {"second": lambda A, W, b: A @ W.T + b[:, None]},
                "in the second layer the bias is a column now. It was right as it was.",
            ),
            Mistake(
                "no first bias",
                {"first": lambda X, W, b: X @ W.T},
                "the first layer has lost its bias.",
            ),
            Mistake(
                "no second bias",
                {"second": lambda A, W, b: A @ W.T},
                "the second layer has lost its bias.",
            ),
            Mistake(
                "no hidden activation",
                {"hidden": lambda Z: Z},
                "the second layer gets Z1 in place of A1.",
            ),
            Mistake(
                "no output activation",
                {"output": lambda Z: Z},
                "that is Z2. The output layer has sigmoids, too.",
            ),
        ],
        hints=[
            "Write the shape of every array beside its line, with m, p, q and r.",
            "(m, q) plus (q, 1): which m and q does that fit, and what is added to what?",
            "Both layers are of the form a @ W.T + b.",
        ],
        reason=(
            "<code>b1[:, None]</code> and the missing transpose both pass unseen where everything "
            "is 2. Try a program on layers of different widths."
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
                "those are the weights alone. Each unit has a bias, too.",
            ),
            Mistake(
                "biases for inputs",
                lambda p, q, r: p * q + q * r + p + q + r,
                "inputs are given, not computed: they have no bias.",
            ),
            Mistake(
                "one bias per layer",
                lambda p, q, r: p * q + q * r + 2,
                "that is one bias per layer; it is one per unit.",
            ),
            Mistake(
                "one product",
                lambda p, q, r: p * q * r,
                "the sizes of all layers are multiplied. Each layer has its own matrix; "
                "their entries add up.",
            ),
            Mistake(
                "units",
                lambda p, q, r: p + q + r,
                "those are the units and inputs. Each connection has a weight.",
            ),
        ],
        hints=[
            "Count layer by layer. The input is layer 0 and has no weights.",
            "A layer of <var>n</var> units with <var>k</var> inputs has <var>n</var> "
            "<var>k</var> weights and <var>n</var> biases.",
            "({p} + 1) · {q} for the hidden layer. The same way for the output layer.",
        ],
        solution="{q} · {p} + {q} + {r} · {q} + {r} = <b>{answer}</b>.",
    ),
]
