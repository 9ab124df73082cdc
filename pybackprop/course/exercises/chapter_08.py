"""Exercises of chapter 8, bugs that still learn."""

# mypy: allow-untyped-defs, allow-untyped-calls

import copy
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


def whole_gradient(W1, b1, W2, b2, X, Y):
    a1 = np.tanh(X @ W1.T + b1)
    a2 = a1 @ W2.T + b2
    delta2 = (a2 - Y) / len(X)
    delta1 = delta2 @ W2 * (1 - a1**2)
    return delta1.T @ X, delta1.sum(axis=0), delta2.T @ a1, delta2.sum(axis=0)


def whole_gradient_given(W1, b1, W2, b2, X, Y):
    """Return the gradients of W1, b1, W2 and b2."""
    a1 = np.tanh(X @ W1.T + b1)
    a2 = a1 @ W2.T + b2
    delta2 = (a2 - Y) / len(X)
    delta1 = delta2 @ W2 * (1 - a1**2) / len(X)
    return delta1.T @ X, delta1.sum(axis=0), delta2.T @ a1, delta2.sum(axis=0)


def whole_gradient_with(
    output: Any = lambda off: off / len(off),
    back: Any = lambda delta2, W2: delta2 @ W2,
    slope: Any = lambda z1, a1: 1 - a1**2,
    again: Any = lambda delta1: delta1,
    below: Any = lambda X, a1: X,
    weights: Any = lambda delta, a: delta.T @ a,
    bias: Any = lambda delta: delta.sum(axis=0),
) -> Any:
    """Return forward and backward pass with one line exchanged, for a mistake in it."""

    def wrong(W1: Any, b1: Any, W2: Any, b2: Any, X: Any, Y: Any) -> tuple[Any, ...]:
        z1 = X @ W1.T + b1
        a1 = np.tanh(z1)
        delta2 = output(a1 @ W2.T + b2 - Y)
        delta1 = again(back(delta2, W2) * slope(z1, a1))
        return weights(delta1, below(X, a1)), bias(delta1), weights(delta2, a1), bias(delta2)

    return wrong


def whole_gradient_by_rows(W1: Any, b1: Any, W2: Any, b2: Any, X: Any, Y: Any) -> list[Any]:
    """One example after the other, and the mean of their gradients."""
    total = [np.zeros(x.shape) for x in (W1, b1, W2, b2)]
    for x, y in zip(X, Y, strict=True):
        a1 = np.tanh(W1 @ x + b1)
        delta2 = W2 @ a1 + b2 - y
        delta1 = W2.T @ delta2 * (1 - a1 * a1)
        one = [np.outer(delta1, x), delta1, np.outer(delta2, a1), delta2]
        total = [so_far + more for so_far, more in zip(total, one, strict=True)]
    return [part / len(X) for part in total]


def network_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Networks with two outputs or more; in the first, all widths and the batch are 2."""
    return [
        (
            rng.normal(size=(h, n)),
            rng.normal(size=h),
            rng.normal(size=(k, h)),
            rng.normal(size=k),
            rng.normal(size=(m, n)),
            rng.normal(size=(m, k)),
        )
        for n, h, k, m in [(2, 2, 2, 2), (2, 3, 2, 4), (4, 3, 2, 5)]
    ]


def train_in_parts(theta, batches, gradient, lr, decay):
    for batch in batches:
        total = 0
        for part in batch:
            total = total + gradient(theta, part)
        theta = theta - lr * total / len(batch)
        lr = lr * decay
    return theta


def train_in_parts_given(theta, batches, gradient, lr, decay):
    """Return theta after one step for each batch, and a lower rate after each."""
    # for part in batch:
    # lr = lr * decay
    # return theta
    # total = total + gradient(theta, part)
    # for batch in batches:
    # theta = theta - lr * total / len(batch)
    # total = 0


def train_in_parts_with(
    reset: str = "batch", step: str = "batch", slower: str = "after", stop: bool = False
) -> Any:
    """Return the loop with one of its lines at another place, for a mistake in their order."""

    def wrong(theta: Any, batches: Any, gradient: Any, lr: Any, decay: Any) -> Any:
        total: Any = 0
        for batch in batches:
            total = 0 if reset == "batch" else total
            lr = lr * decay if slower == "before" else lr
            for part in batch:
                total = 0 if reset == "part" else total
                total = total + gradient(theta, part)
                theta = theta - lr * total / len(batch) if step == "part" else theta
                lr = lr * decay if slower == "part" else lr
            theta = theta - lr * total / len(batch) if step == "batch" else theta
            lr = lr * decay if slower == "after" else lr
            if stop:
                return theta
        return theta - lr * total / len(batch) if step == "end" else theta

    return wrong


def train_in_parts_inside(theta: Any, batches: Any, gradient: Any, lr: Any, decay: Any) -> Any:
    """All of it in the inner loop."""
    for batch in batches:
        for part in batch:
            total = gradient(theta, part)
            theta = theta - lr * total / len(batch)
            lr = lr * decay
    return theta


def train_in_parts_behind(theta: Any, batches: Any, gradient: Any, lr: Any, decay: Any) -> Any:
    """Everything is added up, and one step is taken at the end."""
    total: Any = sum(gradient(theta, part) for batch in batches for part in batch)
    return theta - lr * total / len(batches[-1])


def train_by_means(theta: Any, batches: Any, gradient: Any, lr: Any, decay: Any) -> Any:
    for t, batch in enumerate(batches):
        theta = theta - lr * decay**t * np.mean([gradient(theta, x) for x in batch], axis=0)
    return theta


def towards(theta: Any, part: Any) -> Any:
    """The gradient of half the squared distance to the part."""
    return theta - part


def uneven(theta: Any, part: Any) -> Any:
    return np.sin(theta) * part


def batch_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([1.0, 0.0]), [[np.array([2.0, 1.0]), np.array([0.0, 3.0])]], towards, 0.5, 0.5),
        (
            np.array([1.0, -2.0]),
            [list(rng.normal(size=(k, 2)).round(2)) for k in (2, 3, 2)],
            towards,
            0.4,
            0.5,
        ),
        (
            rng.normal(size=3),
            [list(rng.normal(size=(k, 3))) for k in (3, 1, 2, 4)],
            uneven,
            0.3,
            0.9,
        ),
    ]


def logit_loss(z, labels):
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(z)), labels].mean()


def logit_loss_given(z, labels):
    """Return the mean cross-entropy of a batch of logits."""
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    log_p = p - np.log(np.exp(p).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(z)), labels].mean()


def log_softmax(z: Any) -> Any:
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def logit_loss_with(
    log_p: Any = log_softmax,
    chosen: Any = lambda log_p, labels: log_p[np.arange(len(labels)), labels],
    mean: Any = lambda values: -values.mean(),
) -> Any:
    """Return the loss of logits with one of its lines exchanged, for a mistake in it."""
    return lambda z, labels: mean(chosen(log_p(z), labels))


def logit_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[2.0, -1.0], [0.5, 1.0]]), np.array([0, 0])),
        (rng.normal(size=(3, 3)), np.array([2, 0, 1])),
        (5 * rng.normal(size=(4, 3)), np.array([2, 0, 1, 1])),
    ]


def loss_and_delta(a, y):
    off = a - y[:, None]
    return (off**2).mean(), 2 * off / len(y)


def loss_and_delta_given(a, y):
    """Return the mean squared error, and its delta in the shape of a."""
    off = a - y
    return (off**2).mean(), 2 * off / len(y)


def loss_and_delta_with(
    loss: Any = lambda a, y: ((a[:, 0] - y) ** 2).mean(),
    delta: Any = lambda a, y: 2 * (a - y[:, None]) / len(y),
) -> Any:
    """Return the loss and its delta with one of both exchanged, for a mistake in it."""
    return lambda a, y: (loss(a, y), delta(a, y))


def output_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[1.0], [3.0]]), np.array([0.0, 1.0])),
        (rng.normal(size=(3, 1)), rng.normal(size=3)),
        (rng.normal(size=(5, 1)), rng.normal(size=5)),
    ]


def pixel_error(guess, image):
    return abs(guess.astype(float) - image).mean()


def pixel_error_given(guess, image):
    """Return how far the pixels of two pictures are apart, on average."""
    return abs(guess - image).mean()


def picture_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[3, 10]], np.uint8), np.array([[5, 7]], np.uint8)),
        (np.array([[0, 200], [30, 90]], np.uint8), np.array([[255, 60], [35, 70]], np.uint8)),
        tuple(rng.integers(0, 256, size=(4, 3), dtype=np.uint8) for _ in range(2)),
    ]


def scaled(train, test):
    mean, spread = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / spread, (test - mean) / spread


def scaled_given(train, test):
    """Return both data sets with columns of mean 0 and deviation 1."""
    train = (train - train.mean(axis=0)) / train.std(axis=0)
    test = (test - test.mean(axis=0)) / test.std(axis=0)
    return train, test


def scaled_in_turn(train: Any, test: Any) -> tuple[Any, ...]:
    train = (train - train.mean(axis=0)) / train.std(axis=0)
    return train, (test - train.mean(axis=0)) / train.std(axis=0)


def scaled_with(
    centre: Any = lambda train, test: (train.mean(axis=0), train.mean(axis=0)),
    width: Any = lambda train, test: (train.std(axis=0), train.std(axis=0)),
) -> Any:
    """Return the scaling with its mean or deviation exchanged, for a mistake in it."""

    def wrong(train: Any, test: Any) -> tuple[Any, ...]:
        parts = zip((train, test), centre(train, test), width(train, test), strict=True)
        return tuple((x - mean) / spread for x, mean, spread in parts)

    return wrong


def data_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[1.0, 10.0], [3.0, 40.0]]), np.array([[2.0, 10.0], [5.0, 20.0]])),
        (
            rng.normal(3, 2, size=(6, 3)) * [1, 10, 0.1],
            rng.normal(4, 1, size=(4, 3)) * [1, 10, 0.1],
        ),
    ]


def largest_moves(step, blocks):
    """Return the size of the largest change in each block, by name."""
    moved = {name: block.copy() for name, block in blocks.items()}
    step(moved)
    return {name: abs(moved[name] - blocks[name]).max() for name in blocks}


def largest_moves_with(
    off: Any = lambda after, before: abs(after - before), over: Any = np.max
) -> Any:
    """Return the moves with one of their pieces exchanged, for a mistake in it."""

    def wrong(step: Any, blocks: Any) -> dict[str, Any]:
        moved = copy.deepcopy(blocks)
        step(moved)
        return {name: float(over(off(moved[name], blocks[name]))) for name in blocks}

    return wrong


def largest_moves_by_reference(step: Any, blocks: Any) -> dict[str, Any]:
    before = dict(blocks)
    step(blocks)
    return {name: abs(blocks[name] - before[name]).max() for name in blocks}


def largest_moves_of_nothing(step: Any, blocks: Any) -> dict[str, Any]:
    before = blocks
    step(blocks)
    return {name: abs(blocks[name] - before[name]).max() for name in blocks}


def largest_move_of_all(step: Any, blocks: Any) -> dict[str, Any]:
    moves = largest_moves(step, blocks)
    return dict.fromkeys(moves, max(moves.values()))


def forgets_a_bias(blocks: Any) -> None:
    """A step that leaves the last block where it is."""
    for name in list(blocks)[:-1]:
        blocks[name] -= 0.1 * np.cos(blocks[name])


def pulls_down(blocks: Any) -> None:
    """A step that makes everything smaller, in place."""
    for k, name in enumerate(blocks, start=1):
        blocks[name] -= 0.01 * k * blocks[name] ** 2


def makes_anew(blocks: Any) -> None:
    """A step that puts new arrays in the place of the old ones."""
    for name in blocks:
        blocks[name] = 0.9 * blocks[name] + 0.02


def step_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    blocks = {"W[1]": (2, 2), "b[1]": (2,), "W[2]": (3, 2), "b[2]": (3,)}
    return [
        (step, {name: rng.normal(size=blocks[name]).round(2) for name in names})
        for step, names in [
            (forgets_a_bias, ["W[1]", "b[1]"]),
            (pulls_down, list(blocks)),
            (makes_anew, list(blocks)),
        ]
    ]


def influence(losses, X):
    """Return how much each example's input moves another's loss."""
    before, found = losses(X), np.zeros(len(X))
    for k in range(len(X)):
        changed = X.copy()
        changed[k] = 0
        off = abs(losses(changed) - before)
        off[k] = 0
        found[k] = off.max()
    return found


def influence_of_all(losses: Any, X: Any) -> Any:
    """All changes at once: a row for each example that changes, a column for each loss."""
    changed = [losses(np.where(np.arange(len(X))[:, None] == k, 0, X)) for k in range(len(X))]
    return np.max(abs(np.array(changed) - losses(X)) * (1 - np.eye(len(X))), axis=1)


def influence_with(
    zeros: Any = lambda k, shape: np.arange(shape[0])[:, None] == k,
    off: Any = lambda after, before: abs(after - before),
    others: Any = lambda k, m: np.arange(m) != k,
    over: Any = np.max,
) -> Any:
    """Return the influence with one of its pieces exchanged, for a mistake in it."""

    def wrong(losses: Any, X: Any) -> Any:
        m, before = len(X), losses(X)
        changed = [losses(np.where(zeros(k, X.shape), 0.0, X)) for k in range(m)]
        return np.array([over(off(changed[k], before)[others(k, m)]) for k in range(m)])

    return wrong


def influence_turned(losses: Any, X: Any) -> Any:
    """How much each loss depends on another's input."""
    changed = [losses(np.where(np.arange(len(X))[:, None] == k, 0, X)) for k in range(len(X))]
    return np.max(abs(np.array(changed) - losses(X)) * (1 - np.eye(len(X))), axis=0)


def influence_of_nothing(losses: Any, X: Any) -> Any:
    """One array with two names."""
    found = np.zeros(len(X))
    for k in range(len(X)):
        changed = X
        changed[k] = 0
        found[k] = abs(np.delete(losses(changed) - losses(X), k)).max()
    return found


def influence_of_leaving_out(losses: Any, X: Any) -> Any:
    before = losses(X)
    return [
        abs(losses(np.delete(X, k, axis=0)) - np.delete(before, k)).max() for k in range(len(X))
    ]


def each_alone(X: Any) -> Any:
    """A loss for each example, of its own input."""
    return np.log(1 + np.exp(X.sum(axis=1))) + X[:, 0] ** 2


def centred_by_batch(X: Any) -> Any:
    """The mean of the batch is taken away, so each loss depends on all inputs."""
    return ((X - X.mean(axis=0)) ** 2).sum(axis=1)


def softmax_over_batch(X: Any) -> Any:
    """A softmax over the wrong axis."""
    return -np.log(np.exp(X) / np.exp(X).sum(axis=0))[:, 0]


def neighbour(X: Any) -> Any:
    """Each loss has the input of the example before it in it."""
    return each_alone(X) + 0.5 * X[np.arange(len(X)) - 1, 0]


def batch_losses(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (centred_by_batch, np.array([[1.0, 2.0], [-1.0, 0.5]])),
        (each_alone, rng.normal(size=(3, 2))),
        (softmax_over_batch, rng.normal(size=(4, 3))),
        (neighbour, rng.normal(size=(4, 2))),
        (centred_by_batch, rng.normal(size=(4, 4))),
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
            "An output unit has δ = {d}; its weight {w} comes from a hidden sigmoid unit with "
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
                "the slope of the hidden unit is missing. This program has one bug, not two.",
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
    Code(
        id="08-whole_gradient",
        title="The map says where",
        question=(
            "A network with a hidden layer of tanh and straight outputs, <code>W1</code> to "
            "<code>b2</code>. Its loss is half of the squared error, summed over the outputs, "
            "averaged over the batch; the rows of <code>X</code> and <code>Y</code> are examples. "
            "The gradient check calls <code>W2</code> and <code>b2</code> right, <code>W1</code> "
            "and <code>b1</code> wrong, and every wrong entry by the same factor. Find the "
            "mistake and mend it."
        ),
        cases=network_cases,
        solution=whole_gradient,
        given=whole_gradient_given,
        made_of=whole_gradient_with,
        alternatives=[whole_gradient_with(), whole_gradient_by_rows],
        mistakes=[
            Mistake(
                "1/m again",
                {"again": lambda delta1: delta1 / len(delta1)},
                "the 1/m of the loss is in delta2 already, and delta1 is made from it. Divided "
                "once more, the whole layer is too small by the size of the batch.",
            ),
            Mistake(
                "no 1/m",
                {"output": lambda off: off},
                "now no delta has the 1/m of the loss in it, and all gradients are too large by "
                "the size of the batch. It stands once, in delta2.",
            ),
            Mistake(
                "1/m at the weights",
                {"weights": lambda delta, a: delta.T @ a / len(a)},
                "the gradients of the weights are divided by m once more. The 1/m is in the "
                "deltas.",
            ),
            Mistake(
                "no slope",
                {"slope": lambda z1, a1: 1},
                "delta1 lacks the slope of tanh. What is made of it is right.",
            ),
            Mistake(
                "slope at z",
                {"slope": lambda z1, a1: 1 - z1**2},
                "the slope of tanh is 1 − a², with what comes out of it; you took what goes in.",
            ),
            Mistake(
                "slope at a",
                {"slope": lambda z1, a1: 1 - np.tanh(a1) ** 2},
                "tanh is taken once more: a1 is tanh(z1) already, and the slope is 1 − a1².",
            ),
            Mistake(
                "slope of the sigmoid",
                {"slope": lambda z1, a1: a1 * (1 - a1)},
                "a (1 − a) is the slope of the sigmoid. The hidden layer has tanh.",
            ),
            Mistake(
                "slope not squared",
                {"slope": lambda z1, a1: 1 - a1},
                "the slope of tanh is 1 − a²; the square is missing.",
            ),
            Mistake(
                "delta without weights",
                {"back": lambda delta2, W2: delta2.sum(axis=1, keepdims=True)},
                "delta2 is added up over the outputs without their weights. Each way back has the "
                "weight of its connection for a factor: delta2 @ W2.",
            ),
            Mistake(
                "transposed weights",
                {"back": lambda delta2, W2: delta2 @ W2.T},
                "with examples as rows, delta goes back through W2 itself, not through its "
                "transpose.",
            ),
            Mistake(
                "own activation",
                {"below": lambda X, a1: a1},
                "the gradient of W1 has the layer's own activation in it. It takes what comes "
                "into the layer: X.",
            ),
            Mistake(
                "mean for the bias",
                {"bias": lambda delta: delta.mean(axis=0)},
                "the biases take the mean of the deltas. It is their sum: the 1/m is in them.",
            ),
            Mistake(
                "one sum for all biases",
                {"bias": lambda delta: delta.sum() * np.ones(delta.shape[1])},
                "the deltas of all units are added up. Each bias takes the sum over the "
                "examples of its own: axis=0.",
            ),
        ],
        hints=[
            "Read the map from the right: layer 2 is right, so delta2 is. What is made of it next?",
            "All of layer 1 is wrong, by one factor: the mistake is in delta1, and it is a number.",
            "The factor is 1/m. Where has it come in already?",
        ],
        reason=(
            "1/m lives in the loss, and the loss is met once, at the output. Everything further "
            "back is a plain sum."
        ),
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
                "squared",
                lambda m, lr: lr / m**2,
                "divided by m once is enough: the gradient is m times as long, not m² times.",
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
    Code(
        id="08-train_in_parts",
        title="Seven lines, out of order",
        question=(
            "A batch is too large for the memory. So its gradient comes in parts: they are added "
            "up, and only then a step is taken, with their mean. After each batch the rate is "
            "multiplied by <code>decay</code>. <code>batches</code> is a list of batches, a batch "
            "a list of parts; <code>gradient(theta, part)</code> is the gradient of one part. All "
            "lines are there and right. Put them in order, and indent them."
        ),
        cases=batch_cases,
        solution=train_in_parts,
        given=train_in_parts_given,
        made_of=train_in_parts_with,
        alternatives=[train_in_parts_with(), train_by_means],
        mistakes=[
            Mistake(
                "never reset",
                {"reset": "never"},
                "<code>total = 0</code> stands before both loops, so each batch still has the "
                "gradients of all batches before it in its sum.",
            ),
            Mistake(
                "reset for each part",
                {"reset": "part"},
                "<code>total = 0</code> stands in the inner loop, so only the last part of a "
                "batch is left.",
            ),
            Mistake(
                "step for each part",
                {"step": "part"},
                "the step stands in the inner loop: a step is taken with each part, with a sum "
                "that is not yet whole. It belongs behind that loop.",
            ),
            Mistake(
                "one step at the end",
                {"step": "end"},
                "the step stands behind both loops: there is one step in all, with the last "
                "batch. Each batch has a step.",
            ),
            Mistake(
                "all in the inner loop",
                train_in_parts_inside,
                "sum, step and rate all stand in the inner loop: each part is a batch of its own "
                "now. Once in a batch: set the sum to 0, take the step, lower the rate.",
            ),
            Mistake(
                "all behind the loops",
                train_in_parts_behind,
                "the parts of all batches are added up, and one step is taken behind both loops. "
                "Each batch has a sum and a step of its own.",
            ),
            Mistake(
                "rate before the step",
                {"slower": "before"},
                "the rate falls before the first step. It falls after each batch.",
            ),
            Mistake(
                "rate for each part",
                {"slower": "part"},
                "the rate falls with each part. That is the schedule made for one clock and "
                "called by another: it falls once in a batch.",
            ),
            Mistake(
                "rate never falls",
                {"slower": "end"},
                "the rate stays what it was until all is over: <code>lr = lr * decay</code> "
                "belongs into the outer loop.",
            ),
            Mistake(
                "first batch only",
                {"stop": True},
                "<code>return</code> stands in the outer loop, so the first batch is the last. "
                "It stands behind both.",
            ),
        ],
        hints=[
            "The two lines with <code>for</code>: a batch has parts, so one loop is in the other.",
            "What is done once for all, once in a batch, once for each part?",
            "In a batch: total = 0, then all parts, then the step, then the lower rate.",
        ],
        reason=(
            "Each line runs as often as its indentation says. A sum is set to 0 as often as it is "
            "used: once in a batch."
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
    Code(
        id="08-logit_loss",
        title="Softmax twice, found again",
        question=(
            "The rows of <code>z</code> are logits, a row for each example; "
            "<code>labels</code> are whole numbers. The program below should return the mean "
            "cross-entropy. It has two lines from two authors, and the second takes logits. "
            "Mend it."
        ),
        cases=logit_cases,
        solution=logit_loss,
        given=logit_loss_given,
        made_of=logit_loss_with,
        alternatives=[
            logit_loss_with(),
            lambda z, labels: (
                -np.mean(
                    [
                        np.log(np.exp(row[k]) / np.exp(row).sum())
                        for row, k in zip(z, labels, strict=True)
                    ]
                )
            ),
        ],
        mistakes=[
            Mistake(
                "softmax twice",
                logit_loss_given,
                "softmax is applied twice: the second line makes probabilities of its logits "
                "itself, and what it is given are probabilities already.",
            ),
            Mistake(
                "softmax three times",
                {"log_p": lambda z: log_softmax(np.exp(log_softmax(np.exp(log_softmax(z)))))},
                "there is one softmax more, not one less.",
            ),
            Mistake(
                "no logarithm",
                {"log_p": lambda z: np.exp(log_softmax(z))},
                "those are probabilities; the loss is a mean of their logarithms.",
            ),
            Mistake(
                "logits alone",
                {"log_p": lambda z: z},
                "the logits of the right classes are averaged as they are: no softmax is left.",
            ),
            Mistake(
                "no keepdims",
                {"log_p": lambda z: z - np.log(np.exp(z).sum(axis=1))},
                "the sum over the classes has lost its axis, so NumPy spreads it along the wrong "
                "one. <code>keepdims=True</code> keeps it a column.",
            ),
            Mistake(
                "over the batch",
                {"log_p": lambda z: z - np.log(np.exp(z).sum(axis=0))},
                "the softmax adds up over the examples (axis 0). It adds up over the classes of "
                "one.",
            ),
            Mistake(
                "over all",
                {"log_p": lambda z: z - np.log(np.exp(z).sum())},
                "the softmax adds up over all examples and classes at once. Each row is for "
                "itself.",
            ),
            Mistake(
                "all columns",
                {"chosen": lambda log_p, labels: log_p[:, labels]},
                "<code>log_p[:, labels]</code> takes these columns of <i>every</i> row. One entry "
                "of each row is wanted: two lists of indices, rows and labels.",
            ),
            Mistake(
                "log of the mean",
                {
                    "chosen": lambda log_p, labels: np.exp(log_p[np.arange(len(labels)), labels]),
                    "mean": lambda p: -np.log(p.mean()),
                },
                "you took the logarithm of the mean probability. It is the mean of the logarithms.",
            ),
            Mistake(
                "sum",
                {"mean": lambda values: -values.sum()},
                "the losses are added up. Their mean is asked for.",
            ),
            Mistake(
                "no minus",
                {"mean": lambda values: values.mean()},
                "the minus is missing: the loss is never negative.",
            ),
        ],
        hints=[
            "Which of the two lines has a softmax in it? Look for exp over a sum of exp.",
            "Both have. log_p = z − log Σ exp z is the logarithm of softmax, of logits.",
            "Either line may stay: take the logarithm of p, or give z to the second line.",
        ],
        reason=(
            "The first line is not needed. And with the largest logit taken away from each row, "
            "exp never overflows."
        ),
    ),
    Code(
        id="08-loss_and_delta",
        title="A column and a row",
        question=(
            "A network with one output: <code>a</code> has the shape (m, 1), the targets "
            "<code>y</code> were read from a file and have the shape (m,). The program should "
            "return the loss, the mean of the squared differences, and its delta, of the shape "
            "of <code>a</code>. It runs, the loss falls, and ends at that of a constant answer. "
            "Mend it."
        ),
        cases=output_cases,
        solution=loss_and_delta,
        given=loss_and_delta_given,
        made_of=loss_and_delta_with,
        alternatives=[
            loss_and_delta_with(),
            lambda a, y: (
                np.sum((a - np.reshape(y, (-1, 1))) ** 2) / a.size,
                (a - np.reshape(y, a.shape)) / (a.size / 2),
            ),
        ],
        mistakes=[
            Mistake(
                "m by m",
                loss_and_delta_given,
                "a column of shape (m, 1) less a row of shape (m,) is a table of shape (m, m): "
                "every output less every target. Print the shape of <code>a - y</code>.",
            ),
            Mistake(
                "delta still m by m",
                {"delta": lambda a, y: 2 * (a - y) / len(y)},
                "the loss is mended. In delta a column less a row is still a table (m, m).",
            ),
            Mistake(
                "loss still m by m",
                {"loss": lambda a, y: ((a - y) ** 2).mean()},
                "delta is mended. In the loss per column less a row is still a table (m, m).",
            ),
            Mistake(
                "flat delta",
                {"delta": lambda a, y: 2 * (a[:, 0] - y) / len(y)},
                "the differences are right, and delta has lost its axis: it is asked for in the "
                "shape of a, (m, 1).",
            ),
            Mistake(
                "row of deltas",
                {"delta": lambda a, y: 2 * (a.T - y) / len(y)},
                "the differences are right, and delta is a row. Turn y into a column, not a into "
                "a row.",
            ),
            Mistake(
                "table added up",
                {"delta": lambda a, y: 2 * (a - y).mean(axis=1, keepdims=True) / len(y)},
                "the table (m, m) is brought back to a column by a mean. Each output is then "
                "compared with the mean target: mend the subtraction.",
            ),
            Mistake(
                "no 1/m",
                {"delta": lambda a, y: 2 * (a - y[:, None])},
                "the shapes are mended. Delta has lost the 1/m of the loss.",
            ),
            Mistake(
                "no 2",
                {"delta": lambda a, y: (a - y[:, None]) / len(y)},
                "the shapes are mended. Delta has lost the 2 of the square.",
            ),
            Mistake(
                "sum",
                {"loss": lambda a, y: ((a[:, 0] - y) ** 2).sum()},
                "the shapes are mended. The loss is a sum now; it is a mean.",
            ),
            Mistake(
                "half",
                {"loss": lambda a, y: ((a[:, 0] - y) ** 2).mean() / 2},
                "the shapes are mended. This loss has no half.",
            ),
        ],
        hints=[
            "Which shape has <code>a - y</code> with three examples?",
            "NumPy takes a shape of (3,) for a row, (1, 3), and repeats both to (3, 3).",
            "<code>y[:, None]</code> is a column.",
        ],
        reason=(
            "The table's mean is smallest where all outputs are the mean target: that is why the "
            "loss ends at a constant answer. <code>assert (a - y).shape == a.shape</code> would "
            "have said it at once."
        ),
    ),
    Code(
        id="08-pixel_error",
        title="Three less five",
        question=(
            "Two pictures of one shape, as they come from a file: their pixels are whole numbers "
            "from 0 to 255 of 8 bits (<code>np.uint8</code>). The program should return by how "
            "much their pixels differ on average, without regard to the sign. Mend it."
        ),
        cases=picture_cases,
        solution=pixel_error,
        given=pixel_error_given,
        alternatives=[
            lambda guess, image: np.mean(np.abs(guess.astype(int) - image.astype(int))),
            lambda guess, image: abs(guess.astype(np.int16) - image.astype(np.int16)).mean(),
            lambda guess, image: (np.maximum(guess, image) - np.minimum(guess, image)).mean(),
            lambda guess, image: np.where(guess > image, guess - image, image - guess).mean(),
            lambda guess, image: (
                sum(abs(int(x) - int(y)) for x, y in zip(guess.flat, image.flat, strict=True))
                / guess.size
            ),
        ],
        mistakes=[
            Mistake(
                "8 bits",
                pixel_error_given,
                "8 bits without a sign hold 0 to 255 and nothing else: 3 − 5 is 254, and its size "
                "is 254, too. If you did make it a decimal: not the difference, the pixels, "
                "before you subtract.",
            ),
            Mistake(
                "shorter way around",
                lambda guess, image: np.minimum(guess - image, image - guess).mean(),
                "a difference of more than 128 comes out as 256 less it: the smaller of both "
                "8-bit differences, or a difference read with a sign, is the shorter way around. "
                "Change the pixels, before you subtract.",
            ),
            Mistake(
                "pixels with a sign",
                lambda guess, image: abs(
                    guess.astype(np.int8).astype(float) - image.astype(np.int8)
                ).mean(),
                "8 bits with a sign end at 127: a pixel of 200 becomes −56.",
            ),
            Mistake(
                "larger way around",
                lambda guess, image: np.maximum(guess - image, image - guess).mean(),
                "you take the larger of both differences. With 8 bits 5 − 3 is 2, and 3 − 5 is "
                "254: the right one may be the smaller.",
            ),
            Mistake(
                "negative ones cut off",
                lambda guess, image: np.maximum(guess.astype(float) - image, 0).mean(),
                "where the picture is brighter than the guess, the difference is cut off at 0. "
                "Negative differences count, too.",
            ),
            Mistake(
                "signs kept",
                lambda guess, image: (guess.astype(float) - image).mean(),
                "the bits are mended. Now differences up and down cancel: take the size of each.",
            ),
            Mistake(
                "size of the mean",
                lambda guess, image: abs((guess.astype(float) - image).mean()),
                "the bits are mended. Differences up and down cancel in the mean: sizes first.",
            ),
            Mistake(
                "squares",
                lambda guess, image: ((guess.astype(float) - image) ** 2).mean(),
                "the bits are mended. Those are squares; the sizes of the differences are asked "
                "for.",
            ),
            Mistake(
                "root of the mean square",
                lambda guess, image: np.sqrt(((guess.astype(float) - image) ** 2).mean()),
                "the bits are mended. That is the root of the mean square; the mean of the sizes "
                "is asked for.",
            ),
            Mistake(
                "scaled to 1",
                lambda guess, image: abs(guess / 255 - image / 255).mean(),
                "that is right for pixels from 0 to 1. Here they stay 0 to 255.",
            ),
            Mistake(
                "sum",
                lambda guess, image: abs(guess.astype(float) - image).sum(),
                "the differences are added up. Their mean is asked for.",
            ),
        ],
        hints=[
            "Try it on one pixel: np.array([3], np.uint8) - np.array([5], np.uint8).",
            "−2 is no number of 8 bits without a sign. Which numbers are safe?",
            "<code>guess.astype(float)</code> first, then subtract.",
        ],
        reason="Once one side is a decimal, so is the difference, and it may be below 0.",
    ),
    Code(
        id="08-scaled",
        title="Scaled alike",
        question=(
            "The program brings the columns of both data sets to a mean near 0 and a standard "
            "deviation near 1. A network that learned on <code>train</code> is good there and poor "
            "on <code>test</code>: the same picture means another thing in each. Mend it. "
            "(No column of <code>train</code> is constant.)"
        ),
        cases=data_cases,
        solution=scaled,
        given=scaled_given,
        made_of=scaled_with,
        alternatives=[
            scaled_with(),
            lambda train, test: [
                np.array([(x - c.mean()) / c.std() for x, c in zip(part.T, train.T, strict=True)]).T
                for part in (train, test)
            ],
        ],
        mistakes=[
            Mistake(
                "each by its own",
                scaled_given,
                "each set is scaled by its own numbers, so one and the same picture becomes two. "
                "Both are scaled by the mean and the deviation of train.",
            ),
            Mistake(
                "own deviation",
                {"width": lambda train, test: (train.std(axis=0), test.std(axis=0))},
                "the mean is mended. The deviation is still that of each set itself.",
            ),
            Mistake(
                "own mean",
                {"centre": lambda train, test: (train.mean(axis=0), test.mean(axis=0))},
                "the deviation is mended. The mean is still that of each set itself.",
            ),
            Mistake(
                "train already scaled",
                scaled_in_turn,
                "train is scaled first, and the numbers for test are taken from what it is then: "
                "a mean of 0 and a deviation of 1. Keep mean and deviation before you change it.",
            ),
            Mistake(
                "both together",
                lambda train, test: tuple(
                    (x - np.vstack([train, test]).mean(axis=0))
                    / np.vstack([train, test]).std(axis=0)
                    for x in (train, test)
                ),
                "the numbers come from both sets together. Then the training has seen the test. "
                "Take train alone.",
            ),
            Mistake(
                "test's numbers",
                lambda train, test: tuple(
                    (x - test.mean(axis=0)) / test.std(axis=0) for x in (train, test)
                ),
                "the numbers come from test. When a network learns, there is no test yet.",
            ),
            Mistake(
                "one number for all columns",
                lambda train, test: tuple((x - train.mean()) / train.std() for x in (train, test)),
                "one mean and one deviation for all columns: axis=0 gives each its own.",
            ),
            Mistake(
                "rows",
                lambda train, test: tuple(
                    (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
                    for x in (train, test)
                ),
                "each row is scaled for itself: axis=1 goes along an example. The numbers of a "
                "column are taken along axis=0.",
            ),
            Mistake(
                "smallest to largest",
                lambda train, test: tuple(
                    (x - train.min(axis=0)) / np.ptp(train, axis=0) for x in (train, test)
                ),
                "that brings the columns to 0 and 1, smallest and largest. Mean and standard "
                "deviation are asked for.",
            ),
            Mistake(
                "one example less",
                {"width": lambda train, test: (train.std(axis=0, ddof=1),) * 2},
                "your deviation divides by m − 1 (ddof=1), that of the program by m: leave it.",
            ),
            Mistake(
                "not divided",
                {"width": lambda train, test: (1, 1)},
                "the columns are centered and not divided by their deviation.",
            ),
            Mistake(
                "variance",
                {"width": lambda train, test: (train.var(axis=0), train.var(axis=0))},
                "you divide by the variance. The standard deviation is its root.",
            ),
        ],
        hints=[
            "Take one picture that is in both sets. What becomes of it in each?",
            "The numbers that scale are part of the network: they are learned on train.",
            "Keep train's mean and deviation first, then use them twice.",
        ],
        reason=(
            "Scaling is a layer like any other. It has the same parameters in training and in "
            "the test."
        ),
    ),
    Code(
        id="08-largest_moves",
        title="A test: everything moves",
        question=(
            "Now you write the tests. <code>blocks</code> is a dict of arrays, by name; "
            "<code>step(blocks)</code> makes one training step: it changes the arrays of the dict "
            "in place, or puts new ones there, and returns nothing. Write "
            "<code>largest_moves(step, blocks)</code>: a dict of the same names, with the size of "
            "the largest change of an entry in each block. <code>blocks</code> itself stays as it "
            "is."
        ),
        cases=step_cases,
        solution=largest_moves,
        made_of=largest_moves_with,
        alternatives=[largest_moves_with()],
        mistakes=[
            Mistake(
                "kept by reference",
                largest_moves_by_reference,
                "a step that works in place moves nothing here: a new dict, or a new name, still "
                "holds the same arrays. Keep copies of the arrays.",
            ),
            Mistake(
                "one dict, two names",
                largest_moves_of_nothing,
                "<code>before = blocks</code> is a second name for the same dict, so nothing ever "
                "moves. Keep copies of the arrays.",
            ),
            Mistake(
                "no size",
                {"off": lambda after, before: after - before},
                "a change downwards is a change, too: take the size of each.",
            ),
            Mistake(
                "size at the end",
                {"off": lambda after, before: after - before, "over": lambda x: abs(x.max())},
                "you took the size of the largest change. The largest size may belong to a change "
                "downwards: sizes first.",
            ),
            Mistake(
                "mean",
                {"over": np.mean},
                "that is the mean change of a block. The largest one is asked for.",
            ),
            Mistake(
                "sum",
                {"over": np.sum},
                "that is the sum of all changes of a block. The largest one is asked for.",
            ),
            Mistake(
                "smallest",
                {"over": np.min},
                "that is the smallest change of a block. One entry that stays is no bug; a block "
                "in which all stay is.",
            ),
            Mistake(
                "first entry",
                {"over": lambda x: x.flat[0]},
                "you look at the first entry alone.",
            ),
            Mistake(
                "length",
                {"over": np.linalg.norm},
                "that is the length of the change, over all entries of a block. The largest entry "
                "is asked for.",
            ),
            Mistake(
                "sums compared",
                {"off": lambda after, before: abs(after.sum() - before.sum())},
                "you compare the sums of the blocks. Entries that go up and down cancel there.",
            ),
            Mistake(
                "relative",
                {"off": lambda after, before: abs(after - before) / abs(before)},
                "that is the change relative to the entry. The plain one is asked for.",
            ),
            Mistake(
                "one number for all",
                largest_move_of_all,
                "all blocks get the largest change of all. The block that stands still is then "
                "hidden behind the others.",
            ),
        ],
        hints=[
            "Both, before and after, have to be there at the end, in arrays of their own.",
            "Begin with a dict of copies: <code>moved[name] = blocks[name].copy()</code> for each "
            "name. Let step work on that.",
            "abs(moved[name] - blocks[name]).max() for each name.",
        ],
        reason=(
            "<code>dict(blocks)</code> copies the dict and not its arrays. A block whose largest "
            "change is 0 has no gradient."
        ),
    ),
    Code(
        id="08-influence",
        title="A test: nobody looks at the neighbor",
        question=(
            "<code>losses(X)</code> returns the loss of each example, shape (m,). Write "
            "<code>influence(losses, X)</code>: for each example <var>k</var>, set its row of "
            "<code>X</code> to 0, it alone, and return the size of the largest change that the "
            "loss of any <b>other</b> example shows: an array of shape (m,). In a right program "
            "it is all zeros. <code>X</code> itself stays as it is."
        ),
        cases=batch_losses,
        solution=influence,
        made_of=influence_with,
        alternatives=[influence_with(), influence_of_all],
        mistakes=[
            Mistake(
                "itself counted",
                {"others": lambda k, m: np.arange(m) >= 0},
                "a right program is blamed: the loss of example k itself may change when its "
                "input does. Leave it out.",
            ),
            Mistake(
                "itself only",
                {"others": lambda k, m: np.arange(m) == k},
                "that is how much the loss of example k itself changes. The others are asked for.",
            ),
            Mistake(
                "next one only",
                {"others": lambda k, m: np.arange(m) == (k + 1) % m},
                "you look at one other example only. Look at all of them.",
            ),
            Mistake(
                "never put back",
                {"zeros": lambda k, shape: np.arange(shape[0])[:, None] <= k},
                "the rows that were set to 0 stay 0. Begin with a fresh copy for each example.",
            ),
            Mistake(
                "one array, two names",
                influence_of_nothing,
                "<code>changed = X</code> is a second name for the same array, so both losses are "
                "those of the changed batch. Make a copy.",
            ),
            Mistake(
                "left out",
                influence_of_leaving_out,
                "example k is taken out of the batch. Set its row to 0; the batch keeps its size.",
            ),
            Mistake(
                "columns",
                {"zeros": lambda k, shape: np.arange(shape[1]) == k},
                "a column is set to 0: one input of all examples. Example k is a row.",
            ),
            Mistake(
                "all others",
                {"zeros": lambda k, shape: np.arange(shape[0])[:, None] != k},
                "all other examples are set to 0. Set example k to 0 and look at the others.",
            ),
            Mistake(
                "no size",
                {"off": lambda after, before: after - before},
                "a loss that falls has changed, too: take the size of each change.",
            ),
            Mistake(
                "sum",
                {"over": np.sum},
                "that is the sum of all changes. The largest one is asked for.",
            ),
            Mistake(
                "mean",
                {"over": np.mean},
                "that is the mean change. The largest one is asked for.",
            ),
            Mistake(
                "change of the mean",
                {
                    "over": lambda x: x,
                    "off": lambda after, before: after.mean() - before.mean(),
                    "others": lambda k, m: ...,
                },
                "you look at the mean loss. It changes with the loss of example k itself: look "
                "at each of the others.",
            ),
            Mistake(
                "whose loss",
                influence_turned,
                "that is by how much each loss depends on the others. Asked for is by how much "
                "each example moves the others: place k belongs to the row that was set to 0.",
            ),
        ],
        hints=[
            "For each k: a copy of X, its row k set to 0, the losses once more.",
            "The sizes of the changes are abs(losses(changed) - losses(X)). One of them may be "
            "what it likes.",
            "Set the change of k itself to 0, then take the largest.",
        ],
        reason=(
            "In one example's loss only its own input may stand. A softmax over the wrong axis, or "
            "a mean over the batch, shows at once."
        ),
    ),
]
