"""Exercises of chapter 5, the training loop."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math
from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def shuffled_batches(X, Y, order, size):
    X, Y = X[order], Y[order]
    starts = range(0, len(X), size)
    return [(X[i : i + size], Y[i : i + size]) for i in starts]


def batch_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (rng.normal(size=(3, 1)), np.array([[0.0], [1.0], [2.0]]), np.array([2, 0, 1]), 2),
        (rng.normal(size=(4, 2)), rng.normal(size=(4, 1)), np.array([1, 3, 0, 2]), 2),
        (rng.normal(size=(7, 3)), rng.normal(size=(7, 2)), rng.permutation(7), 3),
        (rng.normal(size=(2, 2)), rng.normal(size=(2, 1)), np.array([1, 0]), 5),
    ]


def cut(X: Any, Y: Any, size: int, last: bool = True) -> list[tuple[Any, Any]]:
    """Batches of X and Y as they stand, with or without a shorter last one."""
    stop = len(X) if last else len(X) - size + 1
    return [(X[i : i + size], Y[i : i + size]) for i in range(0, stop, size)]


def early_stopping(theta, gradient, validation, lr, patience, epochs):
    best, lowest, waited, epoch = theta, np.inf, 0, 0
    while epoch < epochs and waited < patience:
        epoch += 1
        theta = theta - lr * gradient(theta)
        loss = validation(theta)
        if loss < lowest:
            best, lowest, waited = theta, loss, 0
        else:
            waited += 1
    return best, epoch


def from_lists(
    theta: Any, gradient: Any, validation: Any, lr: Any, patience: Any, epochs: Any
) -> Any:
    path = [theta]
    losses: list[float] = []
    while len(losses) < epochs:
        path.append(path[-1] - lr * gradient(path[-1]))
        losses.append(validation(path[-1]))
        if len(losses) - 1 - int(np.argmin(losses)) >= patience:
            break
    return [path[1 + int(np.argmin(losses))].tolist(), len(losses)]


def stopping_with(
    improved: Any = lambda loss, lowest, before: loss < lowest,
    reset: bool = True,
    wait: int = 0,
    give: Any = lambda best, last: best,
    count: int = 0,
    stops: bool = True,
    sign: int = -1,
) -> Any:
    """Return training with early stopping in which one thing is changed, for that mistake."""

    def wrong(
        theta: Any, gradient: Any, validation: Any, lr: Any, patience: Any, epochs: Any
    ) -> Any:
        best, lowest, before, waited, epoch = theta, math.inf, math.inf, 0, 0
        while epoch < epochs and not (stops and waited == patience + wait):
            epoch += 1
            theta = theta + sign * lr * gradient(theta)
            loss = validation(theta)
            if improved(loss, lowest, before):
                best, lowest = theta, loss
                waited = 0 if reset else waited
            else:
                waited += 1
            before = loss
        return give(best, theta), epoch + count

    return wrong


def toward_three(theta: Any) -> Any:
    """The gradient of the training loss, (theta - 3)² / 2."""
    return theta - 3


def bumpy(theta: Any) -> float:
    """A validation loss that rises and falls on the way, and is lowest near 1.9."""
    return float(np.sum((theta - 1.9) ** 2 + 0.3 * np.cos(20 * theta)))


def toward_one(theta: Any) -> float:
    """A validation loss that is lowest at 1."""
    return float(np.sum((theta - 1) ** 2))


def in_stairs(theta: Any) -> float:
    return round(toward_one(theta), 1)


def stopping_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    zero = np.zeros(1)
    return [
        (zero, toward_three, toward_one, 0.1, 2, 20),
        (zero, toward_three, bumpy, 0.05, 2, 40),
        (zero, toward_three, bumpy, 0.05, 3, 60),
        (np.array([0.5, -0.5]), toward_three, bumpy, 0.03, 4, 25),
        (zero + 1.0, toward_three, toward_one, 0.1, 3, 10),  # no step is better than the start
        (zero, toward_three, in_stairs, 0.1, 3, 30),  # the same loss is no new low
    ]


def stop_epoch(losses: list[float], patience: int) -> int:
    """The epoch after which training stops: when no new low has been set for some epochs."""
    for epoch in range(1, len(losses) + 1):
        if epoch - 1 - int(np.argmin(losses[:epoch])) == patience:
            return epoch
    return len(losses) + 1


def worse_in_all(losses: list[float], patience: int) -> int:
    """The same, if epochs without a new low are counted in all."""
    worse = [k for k in range(1, len(losses)) if losses[k] >= min(losses[:k])]
    return worse[patience - 1] + 1


def rises(losses: list[float], patience: int) -> int:
    """The same, if each loss is compared with the one before it."""
    for k in range(patience, len(losses)):
        if all(losses[j] >= losses[j - 1] for j in range(k - patience + 1, k + 1)):
            return k + 1
    return len(losses)


def draw_losses(rng: np.random.Generator) -> dict[str, Any]:
    """Losses that fall with some noise, until patience of 3 ends before the list does."""
    while True:
        noise = rng.uniform(-0.2, 0.2, size=12)
        losses = np.round(0.9 * 0.85 ** np.arange(12) + 0.3 + noise, 2).tolist()
        if len(set(losses)) == len(losses) and stop_epoch(losses, 3) < len(losses):
            return {"losses": losses, "shown": commas(losses), "p": 3}


def commas(numbers: list[float]) -> str:
    return ", ".join(f"{number:.2f}" for number in numbers)


def share_right(Z, Y):
    """Return the accuracy: the share of rows whose largest z is at the target."""
    return np.mean(Z.argmax(axis=1) == Y.argmax(axis=1))


def softmax(Z: Any) -> Any:
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def share_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    Z = np.array([[2.0, 1.0, 0.0], [0.4, 0.3, 1.0], [-1.0, 0.4, 0.2]])
    cases = [(Z, np.eye(3)[[0, 1, 1]])]
    for m, n in [(4, 3), (7, 4), (10, 3)]:
        Y = np.eye(n)[rng.integers(0, n, size=m)]
        cases.append((np.round(rng.normal(size=(m, n)) + 0.7 * Y, 2), Y))
    return cases


def one_epoch(w, X, y, order, size, lr):
    """Return the weights after an epoch, and its mean loss over the examples."""
    total = 0.0
    for start in range(0, len(X), size):
        batch = order[start : start + size]
        error = X[batch] @ w - y[batch]
        total += np.sum(error**2) / 2
        w = w - lr * X[batch].T @ error / len(batch)
    return w, total / len(X)


def epoch_with(
    inputs: Any = lambda order: order,
    targets: Any = lambda order: order,
    starts: Any = lambda m, size: range(0, m, size),
    shown: Any = lambda before, after: before,
    error: Any = lambda a, y: a - y,
    count: Any = lambda m, size, n: m,
    stay: bool = False,
    sign: int = -1,
    losses: Any = lambda each, sizes, m: np.dot(each, sizes) / m,
) -> Any:
    """Return an epoch with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(w: Any, X: Any, y: Any, order: Any, size: Any, lr: Any) -> Any:
        first, each, sizes = w, [], []
        for start in starts(len(X), size):
            part = slice(start, start + size)
            some, wanted = X[inputs(order)][part], y[targets(order)][part]
            slope = error(some @ (first if stay else w), wanted)
            new = w + sign * lr * some.T @ slope / count(len(some), size, len(X))
            at = some @ shown(first if stay else w, new) - wanted
            w = new
            each.append(np.mean(at**2) / 2)
            sizes.append(len(some))
        return w, losses(np.array(each), np.array(sizes), len(X))

    return wrong


def piled_up(w: Any, X: Any, y: Any, order: Any, size: Any, lr: Any) -> Any:
    """Step along the sum of all gradients so far."""
    total, gradient = 0.0, np.zeros_like(w)
    for start in range(0, len(X), size):
        batch = order[start : start + size]
        error = X[batch] @ w - y[batch]
        total += np.sum(error**2) / 2
        gradient = gradient + X[batch].T @ error / len(batch)
        w = w - lr * gradient
    return w, total / len(X)


def loss_at_the_end(w: Any, X: Any, y: Any, order: Any, size: Any, lr: Any) -> Any:
    new, _ = one_epoch(w, X, y, order, size, lr)
    return new, np.mean((X @ new - y) ** 2) / 2


def epoch_by_examples(w: Any, X: Any, y: Any, order: Any, size: Any, lr: Any) -> Any:
    w, total = list(w), 0.0
    for start in range(0, len(order), size):
        batch = list(order[start : start + size])
        errors = [sum(X[i] * w) - y[i] for i in batch]
        total += sum(e * e / 2 for e in errors) / len(X)
        for j in range(len(w)):
            w[j] -= lr * sum(e * X[i][j] for e, i in zip(errors, batch, strict=True)) / len(batch)
    return w, total


def epoch_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (rng.normal(size=n), rng.normal(size=(m, n)), rng.normal(size=m), np.array(order), size, lr)
        for m, n, order, size, lr in [
            (3, 1, [1, 2, 0], 2, 0.5),
            (5, 3, [3, 0, 4, 2, 1], 2, 0.1),
            (8, 2, [5, 7, 0, 2, 6, 1, 4, 3], 3, 0.2),
        ]
    ]


def keep_best(theta, gradient, validation, lr, epochs):
    """Return the theta with the lowest validation loss, and that loss."""
    theta = theta.copy()
    best, lowest = theta.copy(), np.inf
    for _ in range(epochs):
        theta -= lr * gradient(theta)
        loss = validation(theta)
        if loss < lowest:
            best, lowest = theta.copy(), loss
    return best, lowest


def keep_best_given(theta, gradient, validation, lr, epochs):
    """Return the theta with the lowest validation loss, and that loss."""
    theta = theta.copy()
    best, lowest = theta, np.inf
    for _ in range(epochs):
        theta -= lr * gradient(theta)
        loss = validation(theta)
        if loss < lowest:
            best, lowest = theta, loss
    return best, lowest


def keep_best_with(
    better: Any = lambda loss, lowest, before: loss < lowest,
    kept: Any = lambda old, new: new,
    give: Any = lambda best, lowest, theta, loss, start: (best, lowest),
    measured: bool = False,
    sign: int = -1,
) -> Any:
    """Return training that keeps the best, with one of its pieces exchanged."""

    def wrong(theta: Any, gradient: Any, validation: Any, lr: Any, epochs: Any) -> Any:
        start, best, lowest, before = theta, theta, math.inf, math.inf
        if measured:
            lowest = validation(theta)
        for _ in range(epochs):
            new = theta + sign * lr * gradient(theta)
            loss = validation(new)
            if better(loss, lowest, before):
                best, lowest = kept(theta, new), loss
            theta, before = new, loss
        return give(best, lowest, theta, before, start)

    return wrong


def keep_best_from_path(theta: Any, gradient: Any, validation: Any, lr: Any, epochs: Any) -> Any:
    path = [theta]
    for _ in range(epochs):
        path.append(path[-1] - lr * gradient(path[-1]))
    best = min(path[1:], key=validation)
    return best, validation(best)


def keep_best_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    zero = np.zeros(1)
    return [
        (zero, toward_three, toward_one, 0.1, 6),
        (zero, toward_three, bumpy, 0.05, 30),
        (np.array([1.0, 1.0]), toward_three, toward_one, 0.2, 4),
        (np.array([0.5, -0.5]), toward_three, bumpy, 0.03, 25),
    ]


def standardized(train, other):
    """Return both, scaled so that the training set has mean 0 and deviation 1."""
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / deviation, (other - mean) / deviation


def standardized_with(
    center: Any = lambda X: X.mean(axis=0),
    width: Any = lambda X: X.std(axis=0),
    seen: Any = lambda train, other: (train, train),
    scaled: Any = lambda X, center, width: (X - center) / width,
) -> Any:
    """Return both data sets scaled in another way, for a mistake."""

    def wrong(train: Any, other: Any) -> Any:
        return tuple(
            scaled(X, center(known), width(known))
            for X, known in zip((train, other), seen(train, other), strict=True)
        )

    return wrong


def standardized_by_columns(train: Any, other: Any) -> Any:
    """Scale column by column, with the mean square less the squared mean."""
    new, others = np.array(train), np.array(other)
    for j in range(len(train[0])):
        column = [row[j] for row in train]
        mean = sum(column) / len(column)
        width = math.sqrt(sum(v * v for v in column) / len(column) - mean**2)
        new[:, j] = (new[:, j] - mean) / width
        others[:, j] = (others[:, j] - mean) / width
    return [new, others]


def standardized_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (
            rng.normal(size=(m, n)) * rng.uniform(1, 5, n) + rng.normal(size=n),
            rng.normal(size=(k, n)),
        )
        for m, k, n in [(3, 2, 2), (5, 3, 3), (6, 4, 2)]
    ]


def draw_fall(rng: np.random.Generator) -> dict[str, Any]:
    """Three losses that go down a geometric path, each exact as it is shown."""
    end, distance = between(rng, 0.1, 0.9), between(rng, 0.6, 2.0)
    r = float(rng.choice([0.6, 0.7, 0.8, 0.9]))
    c1, c2, c3 = (round(end + distance * r**k, 4) for k in range(3))
    return {"c1": c1, "c2": c2, "c3": c3}


def still_to_go(change: float, r: float) -> float:
    return r / (1 - r) * change


EXERCISES = [
    Code(
        id="05-share_right",
        title="The accuracy, counted",
        question=(
            "Write <code>share_right(Z, Y)</code>: the accuracy. A row of <code>Z</code> holds the "
            "<var>z</var> of the output layer for one example, <code>Y</code> the one-hot targets; "
            "both are (<var>m</var>, <var>n</var>). An example counts as right if its largest "
            "<var>z</var> is at the target. Softmax is not needed for that: it keeps the order."
        ),
        cases=share_cases,
        solution=share_right,
        alternatives=[
            lambda Z, Y: (
                sum(np.argmax(z) == np.argmax(y) for z, y in zip(Z, Y, strict=True)) / len(Z)
            ),
            lambda Z, Y: np.mean(np.sum(Z * Y, axis=1) == Z.max(axis=1)),
            lambda Z, Y: np.sum(Y[np.arange(len(Y)), np.argmax(softmax(Z), axis=1)]) / len(Y),
        ],
        mistakes=[
            Mistake(
                "column by column",
                lambda Z, Y: np.mean(Z.argmax(axis=0) == Y.argmax(axis=0)),
                "you looked for the largest of each column, that is over the examples. An example "
                "is a row.",
            ),
            Mistake(
                "places of the targets",
                lambda Z, Y: np.mean(Z.argmax(axis=1) == Y),
                "you compared places with the one-hot rows themselves. Where is the 1 of each row? "
                "That takes an argmax, too.",
            ),
            Mistake(
                "rows against columns",
                lambda Z, Y: np.mean(Z.argmax(axis=1) == Y.argmax(axis=0)),
                "the two argmax go along different axes. Both go along the rows: axis 1.",
            ),
            Mistake(
                "entry by entry",
                lambda Z, Y: np.mean((Z > 0) == (Y > 0)),
                "you compared entry by entry. Most entries of a one-hot target are 0, so that is "
                "mostly right of itself: an example is right or wrong as a whole.",
            ),
            Mistake(
                "entry by entry, above a half",
                lambda Z, Y: np.mean((Z > 0.5) == (Y > 0)),
                "you compared entry by entry, with a half as the border. An example is right or "
                "wrong as a whole, and a z may well be right below a half.",
            ),
            Mistake(
                "entry by entry, rounded",
                lambda Z, Y: np.mean(np.round(Z) == Y),
                "you rounded each z and compared entry by entry. A z is no probability, and an "
                "example is right or wrong as a whole.",
            ),
            Mistake(
                "values compared",
                lambda Z, Y: np.mean(Z.max(axis=1) == Y.max(axis=1)),
                "you compared the largest values. Compare the places where they stand: argmax.",
            ),
            Mistake(
                "probabilities rounded",
                lambda Z, Y: np.mean(np.all(np.round(softmax(Z)) == Y, axis=1)),
                "you rounded the probabilities. With three classes and more the largest may well "
                "lie below one half.",
            ),
            Mistake(
                "number",
                lambda Z, Y: np.sum(Z.argmax(axis=1) == Y.argmax(axis=1)),
                "that is the number of the right ones. Their share is asked for.",
            ),
            Mistake(
                "share of the wrong ones",
                lambda Z, Y: np.mean(Z.argmax(axis=1) != Y.argmax(axis=1)),
                "that is the share of the wrong ones.",
            ),
            Mistake(
                "percent",
                lambda Z, Y: 100 * np.mean(Z.argmax(axis=1) == Y.argmax(axis=1)),
                "that is in percent; a share lies between 0 and 1.",
            ),
            Mistake(
                "all entries counted",
                lambda Z, Y: np.sum(Z.argmax(axis=1) == Y.argmax(axis=1)) / Y.size,
                "you divided by the number of entries. How many examples are there?",
            ),
            Mistake(
                "divided by the classes",
                lambda Z, Y: np.sum(Z.argmax(axis=1) == Y.argmax(axis=1)) / Y.shape[1],
                "you divided by the number of classes. How many examples are there?",
            ),
            Mistake(
                "one place for all",
                lambda Z, Y: np.mean(Z.argmax() == Y.argmax()),
                "without an axis, argmax looks for one place in the whole matrix. Each row has "
                "its own.",
            ),
            Mistake(
                "smallest",
                lambda Z, Y: np.mean(Z.argmin(axis=1) == Y.argmax(axis=1)),
                "you took the smallest z of each row.",
            ),
            Mistake(
                "mean probability",
                lambda Z, Y: np.mean(np.sum(softmax(Z) * Y, axis=1)),
                "that is the mean probability of the target. The accuracy asks only whether it is "
                "the largest.",
            ),
        ],
        hints=[
            "For each row: where is the largest z? Where is the 1 of the target?",
            "<code>argmax(axis=1)</code> gives one place for each row.",
            "The mean of the comparison is the share: True counts as 1.",
        ],
        reason=(
            "Both argmax give one class for each row, and the mean of a comparison is the share "
            "that holds."
        ),
    ),
    Numeric(
        id="05-epoch-loss",
        title="The loss of an epoch",
        question=(
            "The batches of an epoch had 32, 32 and {n} examples, and the mean losses {l1}, {l2} "
            "and {l3}. What is the mean loss over the examples of the epoch?"
        ),
        draw=lambda rng: {
            "n": int(rng.integers(2, 16)),
            "l1": between(rng, 0.3, 1.5),
            "l2": between(rng, 0.3, 1.5),
            "l3": between(rng, 0.3, 2.5),
        },
        answer=lambda n, l1, l2, l3: (32 * l1 + 32 * l2 + n * l3) / (64 + n),
        digits=4,
        mistakes=[
            Mistake(
                "mean of means",
                lambda n, l1, l2, l3: (l1 + l2 + l3) / 3,
                "that is the mean over the batches. The short batch has fewer examples, so it "
                "counts less.",
            ),
            Mistake(
                "short batch left out",
                lambda n, l1, l2, l3: (l1 + l2) / 2,
                "the short batch is missing.",
            ),
            Mistake(
                "last batch",
                lambda n, l1, l2, l3: l3,
                "that is the last batch alone.",
            ),
            Mistake(
                "full batches assumed",
                lambda n, l1, l2, l3: (32 * l1 + 32 * l2 + n * l3) / 96,
                "you divided by 96, as if all batches were full. How many examples are there?",
            ),
            Mistake(
                "all alike",
                lambda n, l1, l2, l3: 32 * (l1 + l2 + l3) / (64 + n),
                "you gave the short batch the weight of a full one.",
            ),
            Mistake(
                "not divided",
                lambda n, l1, l2, l3: 32 * l1 + 32 * l2 + n * l3,
                "that is what all examples lost together; the mean is asked for.",
            ),
            Mistake(
                "divided by the batches",
                lambda n, l1, l2, l3: (32 * l1 + 32 * l2 + n * l3) / 3,
                "you divided by the number of batches. The sum goes over examples.",
            ),
        ],
        hints=[
            "A mean over examples: what did all examples together lose?",
            "A batch of 32 with the mean {l1} lost 32 · {l1} in all.",
            "Divide the total by {n} + 64.",
        ],
        solution="(32 · {l1} + 32 · {l2} + {n} · {l3}) / {all} = <b>{answer}</b>.",
        steps=lambda n, l1, l2, l3: {"all": 64 + n},
    ),
    Code(
        id="05-shuffled_batches",
        title="Shuffled batches",
        question=(
            "Write <code>shuffled_batches(X, Y, order, size)</code>: a list of pairs (inputs, "
            "targets), batch by batch. <code>order</code> is a permutation: the first batch holds "
            "the examples <code>order[0]</code>, <code>order[1]</code>, …. The last batch may be "
            "shorter."
        ),
        cases=batch_cases,
        solution=shuffled_batches,
        alternatives=[
            lambda X, Y, order, size: [
                ([X[i] for i in order[k : k + size]], [Y[i] for i in order[k : k + size]])
                for k in range(0, len(order), size)
            ],
            lambda X, Y, order, size: list(
                zip(
                    np.split(X[order], np.arange(size, len(X), size)),
                    np.split(Y[order], np.arange(size, len(X), size)),
                    strict=True,
                )
            ),
        ],
        mistakes=[
            Mistake(
                "X alone",
                lambda X, Y, order, size: cut(X[order], Y, size),
                "X is shuffled, Y is not: the examples have lost their targets.",
            ),
            Mistake(
                "Y alone",
                lambda X, Y, order, size: cut(X, Y[order], size),
                "Y is shuffled, X is not: the examples have lost their targets.",
            ),
            Mistake(
                "not shuffled",
                lambda X, Y, order, size: cut(X, Y, size),
                "the batches are right, but in the old order.",
            ),
            Mistake(
                "last batch dropped",
                lambda X, Y, order, size: cut(X[order], Y[order], size, last=False),
                "the last, shorter batch is missing.",
            ),
            Mistake(
                "inverse order",
                lambda X, Y, order, size: cut(X[np.argsort(order)], Y[np.argsort(order)], size),
                "the permutation is applied the other way round: example order[0] comes first.",
            ),
            Mistake(
                "overlap",
                lambda X, Y, order, size: [
                    (X[order][i : i + size], Y[order][i : i + size]) for i in range(len(X))
                ],
                "the batches overlap: from one to the next it is size examples on.",
            ),
        ],
        hints=[
            "First put both arrays in the new order, then cut them.",
            "X[order] takes the rows in that order. Do the same with Y.",
            "Slices i : i + size for i = 0, size, 2 size, …; a slice may reach beyond the end.",
        ],
        reason="One permutation for both arrays; a slice that reaches too far is cut by itself.",
    ),
    Code(
        id="05-one_epoch",
        title="A whole epoch",
        question=(
            "A unit without activation and bias has the outputs <code>X @ w</code> and the loss "
            "½ (<var>a</var> − <var>y</var>)². Write <code>one_epoch(w, X, y, order, size, "
            "lr)</code>: minibatches of <code>size</code> examples in the order given, the last "
            "one may be shorter; for each a step of gradient descent with its mean gradient. "
            "Return the new <code>w</code>, and the mean loss over all examples, each as it was "
            "when its minibatch came, before the update."
        ),
        cases=epoch_cases,
        solution=one_epoch,
        made_of=epoch_with,
        alternatives=[epoch_by_examples, epoch_with()],
        mistakes=[
            Mistake(
                "mean of means",
                {"losses": lambda each, sizes, m: np.mean(each)},
                "the weights are right. The loss is the mean over the minibatches; a short one "
                "counts less, by its number of examples.",
            ),
            Mistake(
                "loss of the last minibatch",
                {"losses": lambda each, sizes, m: each[-1]},
                "the weights are right. The loss is that of the last minibatch alone.",
            ),
            Mistake(
                "losses added up",
                {"losses": lambda each, sizes, m: np.dot(each, sizes)},
                "the weights are right. The losses are added up, and not yet divided by the number "
                "of examples.",
            ),
            Mistake(
                "means added up",
                {"losses": lambda each, sizes, m: np.sum(each)},
                "the weights are right. The mean losses of the minibatches are added up; the mean "
                "over the examples is asked for.",
            ),
            Mistake(
                "short one counted as full",
                {"losses": lambda each, sizes, m: np.sum(each) * sizes[0] / m},
                "the weights are right. In the loss the short minibatch counts as a full one.",
            ),
            Mistake(
                "no half in the loss",
                {"losses": lambda each, sizes, m: 2 * np.dot(each, sizes) / m},
                "the weights are right. The ½ is missing in the loss.",
            ),
            Mistake(
                "loss after the update",
                {"shown": lambda before, after: after},
                "the weights are right. Each loss was taken after the update; it belongs to the "
                "weights that the gradient was taken at.",
            ),
            Mistake(
                "loss at the end",
                loss_at_the_end,
                "the weights are right. That is the loss of the last weights on all examples; the "
                "epoch's loss is added up on the way.",
            ),
            Mistake(
                "targets in the old order",
                {"targets": lambda order: np.arange(len(order))},
                "X is taken in the new order, y in the old one: the examples have lost their "
                "targets.",
            ),
            Mistake(
                "inputs in the old order",
                {"inputs": lambda order: np.arange(len(order))},
                "y is taken in the new order, X in the old one: the examples have lost their "
                "targets.",
            ),
            Mistake(
                "not shuffled",
                {
                    "inputs": lambda order: np.arange(len(order)),
                    "targets": lambda order: np.arange(len(order)),
                },
                "the minibatches come in the old order; <code>order</code> is not in use.",
            ),
            Mistake(
                "short one left out",
                {"starts": lambda m, size: range(0, m - size + 1, size)},
                "the last, shorter minibatch is left out.",
            ),
            Mistake(
                "first minibatch only",
                {"starts": lambda m, size: range(1)},
                "it comes back after the first minibatch: the return stands inside of the loop.",
            ),
            Mistake(
                "one by one",
                lambda w, X, y, order, size, lr: one_epoch(w, X, y, order, 1, lr),
                "that is a step for each example. A minibatch makes one step, with its mean "
                "gradient.",
            ),
            Mistake(
                "gradients pile up",
                piled_up,
                "the gradients of earlier minibatches are still in the step. Each step has its own "
                "gradient alone.",
            ),
            Mistake(
                "old weights",
                {"stay": True},
                "all gradients are those of the first weights. Each minibatch is worked out with "
                "the weights that the one before has left.",
            ),
            Mistake(
                "sum in place of mean",
                {"count": lambda m, size, n: 1},
                "each step goes along the sum over its minibatch; the mean is asked for.",
            ),
            Mistake(
                "full minibatches assumed",
                {"count": lambda m, size, n: size},
                "the last step is too short: you divided by size. How many examples does the last "
                "minibatch have?",
            ),
            Mistake(
                "all examples counted",
                {"count": lambda m, size, n: n},
                "each step is divided by the number of all examples. Its mean goes over its own "
                "minibatch.",
            ),
            Mistake(
                "no half",
                {"error": lambda a, y: 2 * (a - y)},
                "the steps are twice as long: the ½ of the loss takes the 2 away.",
            ),
            Mistake(
                "uphill",
                {"sign": 1},
                "the steps lead uphill: subtract the gradient.",
            ),
        ],
        hints=[
            "Two things go along: the weights, and the sum of the losses of all examples so far.",
            "For each minibatch: the error X[batch] @ w − y[batch], add its losses, then step.",
            "The step: w − lr · X[batch].T @ error / len(batch). At the end divide the sum by "
            "len(X).",
        ],
        reason=(
            "One index for X and y, the loss before the update, and the sum of all losses divided "
            "by the number of examples: then a short minibatch counts by its size."
        ),
    ),
    Numeric(
        id="05-count-updates",
        title="How many updates?",
        question=(
            "{n} examples, batches of {size}, reshuffled each epoch, {epochs} epochs; a short last "
            "batch is used, too. How many updates does training make?"
        ),
        draw=lambda rng: {
            "n": int(rng.integers(100, 1000)),
            "size": int(rng.choice([16, 32, 50, 64])),
            "epochs": int(rng.integers(5, 30)),
        },
        answer=lambda n, size, epochs: -(-n // size) * epochs,
        mistakes=[
            Mistake(
                "last batch dropped",
                lambda n, size, epochs: n // size * epochs,
                "the short last batch of each epoch is missing; it makes an update as well.",
            ),
            Mistake(
                "across epochs",
                lambda n, size, epochs: -(-n * epochs // size),
                "you cut all epochs as one long row. Each epoch begins with a new batch.",
            ),
            Mistake(
                "one epoch",
                lambda n, size, epochs: -(-n // size),
                "those are the updates of one epoch.",
            ),
            Mistake(
                "one for each example",
                lambda n, size, epochs: n * epochs,
                "that is one update per example; here it is one per batch.",
            ),
            Mistake(
                "not rounded",
                lambda n, size, epochs: n * epochs / size,
                "there is no part of an update: the short last batch counts as one.",
            ),
        ],
        hints=[
            "How many batches are in one epoch?",
            "{n} / {size}, and what is left over makes one more batch.",
            "That number times {epochs}.",
        ],
        solution="{batches} batches per epoch, {epochs} epochs: <b>{answer}</b>.",
        steps=lambda n, size, epochs: {"batches": -(-n // size)},
    ),
    Numeric(
        id="05-where-it-ends",
        title="Where does the loss end?",
        question=(
            "In three epochs in a row the loss is {c1}, {c2} and {c3}. Suppose it goes on so: each "
            "epoch leaves the same share of the distance to the end. At which loss does it end?"
        ),
        draw=draw_fall,
        answer=lambda c1, c2, c3: c3 - (c2 - c3) / (c1 - c2 - (c2 - c3)) * (c2 - c3),
        digits=2,
        mistakes=[
            Mistake(
                "one more epoch",
                lambda c1, c2, c3: c3 - (c2 - c3) ** 2 / (c1 - c2),
                "that is the loss of the next epoch: the factor is right, and many more epochs "
                "follow.",
            ),
            Mistake(
                "the last change once more",
                lambda c1, c2, c3: c3 - (c2 - c3),
                "you took the last change once more. The changes become smaller, and they go on "
                "for ever.",
            ),
            Mistake(
                "ratio of the losses",
                lambda c1, c2, c3: c3 * c3 / c2,
                "you multiplied the last loss by the ratio of two losses. It is the distances to "
                "the end that have the same ratio, and the changes.",
            ),
            Mistake(
                "ratio",
                lambda c1, c2, c3: (c2 - c3) / (c1 - c2),
                "that is the share of the distance that each epoch leaves, and it is right. How "
                "far is it to the end, then?",
            ),
            Mistake(
                "distance",
                lambda c1, c2, c3: still_to_go(c2 - c3, (c2 - c3) / (c1 - c2)),
                "that is the distance that is left, and it is right. Where does it lead from the "
                "last loss?",
            ),
            Mistake(
                "from the loss before",
                lambda c1, c2, c3: c2 - still_to_go(c2 - c3, (c2 - c3) / (c1 - c2)),
                "the distance is right, but it is what is left after the last epoch: go from the "
                "last loss.",
            ),
            Mistake(
                "last change counted twice",
                lambda c1, c2, c3: c3 - (c2 - c3) / (1 - (c2 - c3) / (c1 - c2)),
                "the factor is right. 1/(1 − r) counts the last change as well, and that one is "
                "done: TL3 has r/(1 − r).",
            ),
            Mistake(
                "at 0",
                lambda c1, c2, c3: 0.0,
                "nothing says that the loss goes to 0. The distances to the end have one ratio, "
                "and so have the changes; the losses themselves have not.",
            ),
            Mistake(
                "up",
                lambda c1, c2, c3: c3 + still_to_go(c2 - c3, (c2 - c3) / (c1 - c2)),
                "the distance is right, but the loss goes on falling.",
            ),
        ],
        hints=[
            "Work out the two changes of the loss. What is their ratio?",
            "The changes shrink by the same factor r as the distances. TL3 gives what is left.",
            "r = ({c2} − {c3}) / ({c1} − {c2}); subtract r/(1 − r) · ({c2} − {c3}) from {c3}.",
        ],
        solution=(
            "The changes are {d1} and {d2}, so r = {r}. Left are r/(1 − r) · {d2} = {left}, and it "
            "ends at {c3} − {left} = <b>{answer}</b>."
        ),
        steps=lambda c1, c2, c3: {
            "d1": c1 - c2,
            "d2": c2 - c3,
            "r": (c2 - c3) / (c1 - c2),
            "left": still_to_go(c2 - c3, (c2 - c3) / (c1 - c2)),
        },
    ),
    Choice(
        id="05-overfitting",
        title="Reading two curves",
        question=(
            "The training loss falls from epoch to epoch. The validation loss falls until epoch 12 "
            "and rises from there. What do you do?"
        ),
        right=Option(
            "take the parameters of epoch 12",
            "from there on the network learns what is special to the training examples: it "
            "overfits.",
        ),
        wrong=[
            Option(
                "train on: the training loss still falls",
                "the examples that count are those the network has not seen, and on them it gets "
                "worse.",
            ),
            Option(
                "lower the learning rate at epoch 12",
                "a rate that is too large shows in the training loss. That one falls as it should.",
            ),
            Option(
                "move the validation examples into the training set and train on",
                "then nothing is left that tells when to stop. More data helps, but measure with "
                "data you hold out.",
            ),
        ],
        hints=[
            "Which of the two curves speaks of examples the network has not learned from?",
            "When was the network at its best on those?",
            "Find the lowest point of that curve, and go back to it.",
        ],
    ),
    Numeric(
        id="05-patience",
        title="When does patience end?",
        question=(
            "Training stops when the validation loss has set no new low for {p} epochs in a row. "
            "The validation losses of epochs 1 to 12 would be {shown}. After which epoch does it "
            "stop?"
        ),
        draw=draw_losses,
        answer=lambda losses, shown, p: stop_epoch(losses, p),
        mistakes=[
            Mistake(
                "best epoch",
                lambda losses, shown, p: 1 + int(np.argmin(losses[: stop_epoch(losses, p)])),
                "that is the epoch of the lowest loss, whose parameters are kept. Training goes on "
                "for a while to find that out.",
            ),
            Mistake(
                "counted in all",
                lambda losses, shown, p: worse_in_all(losses, p),
                "you counted the epochs without a new low in all. Each new low starts the count "
                "again.",
            ),
            Mistake(
                "compared with the last",
                lambda losses, shown, p: rises(losses, p),
                "you compared each loss with the one before it. A new low has to beat the lowest "
                "so far.",
            ),
            Mistake(
                "low counted",
                lambda losses, shown, p: stop_epoch(losses, p) - 1,
                "you counted the epoch of the new low as well. The first one without a new low "
                "comes after it.",
            ),
            Mistake(
                "one late",
                lambda losses, shown, p: stop_epoch(losses, p) + 1,
                "that is one epoch late: it stops as soon as the count is full.",
            ),
            Mistake(
                "lowest of all",
                lambda losses, shown, p: 1 + int(np.argmin(losses)),
                "that is where the lowest of all twelve stands. Training does not get that far: "
                "patience ends before.",
            ),
        ],
        hints=[
            "Mark every loss that is lower than all before it.",
            "Count the epochs since the last mark; each mark sets the count to 0.",
            "It stops when the count reaches {p}.",
        ],
        solution=(
            "The last new low before the end is {low}, in epoch {best}. {p} epochs later, after "
            "epoch <b>{answer}</b>, patience ends."
        ),
        steps=lambda losses, shown, p: {
            "best": stop_epoch(losses, p) - p,
            "low": f"{losses[stop_epoch(losses, p) - p - 1]:.2f}",
        },
    ),
    Code(
        id="05-keep_best",
        title="The best that was not kept",
        question=(
            "Find the mistake. <code>keep_best(theta, gradient, validation, lr, epochs)</code> "
            "makes a step of gradient descent in each epoch, and measures the validation loss "
            "after it. It should return the theta with the lowest of these losses, and that loss "
            "(the start is not measured). The loss is right, but the theta that comes back has "
            "another one."
        ),
        cases=keep_best_cases,
        solution=keep_best,
        given=keep_best_given,
        made_of=keep_best_with,
        alternatives=[keep_best_from_path, keep_best_with()],
        mistakes=[
            Mistake(
                "kept by reference",
                {"give": lambda best, lowest, theta, loss, start: (theta, lowest)},
                "the loss is the lowest, but the theta is the last one. <code>best = theta</code> "
                "makes a second name for the same array, and <code>theta -= …</code> changes that "
                "array.",
            ),
            Mistake(
                "last",
                {"give": lambda best, lowest, theta, loss, start: (theta, loss)},
                "theta and loss are those of the last epoch. Which epoch was the best?",
            ),
            Mistake(
                "start",
                {"give": lambda best, lowest, theta, loss, start: (start, lowest)},
                "the theta of the start came back: it is copied before the loop, and no better one "
                "replaces it.",
            ),
            Mistake(
                "one step early",
                {"kept": lambda old, new: old},
                "the theta that came back is the one before the best step. Its loss was measured "
                "after the step.",
            ),
            Mistake(
                "compared with the last",
                {"better": lambda loss, lowest, before: loss < before},
                "each loss is compared with the one before it; it has to beat the lowest so far.",
            ),
            Mistake(
                "highest",
                {"better": lambda loss, lowest, before: loss > lowest or lowest == math.inf},
                "the comparison is turned around: a higher loss counts as better.",
            ),
            Mistake(
                "start measured",
                {"measured": True},
                "the start takes part, too. Only what comes after a step is measured.",
            ),
            Mistake(
                "uphill",
                {"sign": 1},
                "the steps lead uphill: subtract the gradient.",
            ),
        ],
        hints=[
            "What is <code>best</code> after <code>theta -= …</code>?",
            "Two names for one array, or two arrays?",
            "Keep <code>theta.copy()</code>; or write theta = theta − …, which makes a new array.",
        ],
        reason=(
            "An array has to be copied to be kept, as long as somebody changes it in place. "
            "<code>pb.Patience</code> keeps a copy, too."
        ),
    ),
    Code(
        id="05-early_stopping",
        title="Training with early stopping",
        question=(
            "Write <code>early_stopping(theta, gradient, validation, lr, patience, epochs)</code>. "
            "Each epoch makes one step of gradient descent with <code>gradient(theta)</code> and "
            "then measures <code>validation(theta)</code>. Stop after <code>epochs</code> epochs, "
            "or as soon as <code>patience</code> epochs in a row have set no new low. Of the "
            "thetas measured so, return the one with the lowest validation loss (the start is not "
            "measured), and the number of epochs made."
        ),
        cases=stopping_cases,
        solution=early_stopping,
        made_of=stopping_with,
        alternatives=[from_lists, stopping_with()],
        mistakes=[
            Mistake(
                "last",
                {"give": lambda best, last: last},
                "the last theta came back, not the best. If you did keep the best: theta -= … "
                "changes the array that it points to.",
            ),
            Mistake(
                "no reset",
                {"reset": False},
                "the count of epochs without improvement never goes back to 0. A new low starts "
                "it again.",
            ),
            Mistake(
                "compared with the last",
                {"improved": lambda loss, lowest, before: loss < before},
                "each loss is compared with the one before it; it has to beat the lowest so far.",
            ),
            Mistake(
                "one epoch late",
                {"wait": 1},
                "it stops one epoch late: as soon as the count reaches patience, it is over.",
            ),
            Mistake(
                "never stops",
                {"stops": False},
                "the best theta is right, but it always runs through all epochs.",
            ),
            Mistake(
                "counted from 0",
                {"count": -1},
                "the number of epochs is one too small; the first epoch is number 1.",
            ),
            Mistake(
                "uphill",
                {"sign": 1},
                "the steps lead uphill: subtract the gradient.",
            ),
            Mistake(
                "highest",
                {"improved": lambda loss, lowest, before: loss > lowest or lowest == math.inf},
                "the comparison is turned around: a higher validation loss counts as better.",
            ),
        ],
        hints=[
            "Keep three things: the best theta, its loss, and how many epochs have passed since.",
            "In each epoch: step, measure, compare with the lowest, count or reset, perhaps stop.",
            "Write theta = theta − lr · gradient(theta), so that best stays what it was.",
        ],
        reason=(
            "The lowest loss starts at infinity, so the first epoch is always a new low. "
            "<code>theta = theta − …</code> makes a new array; the best one is left alone."
        ),
    ),
    Choice(
        id="05-which-data",
        title="Which data for which question?",
        question=(
            "You stopped at the epoch with the lowest validation loss. How good is the network? "
            "Which number do you report?"
        ),
        right=Option(
            "its accuracy on a test set that played no part in any choice",
            "the validation set has chosen the epoch, so on it the network looks a little better "
            "than it is.",
        ),
        wrong=[
            Option(
                "its accuracy on the validation set",
                "the epoch was chosen to look good on just these examples.",
            ),
            Option(
                "its accuracy on the training set",
                "that tells how well it remembers.",
            ),
            Option(
                "the mean over training, validation and test set",
                "examples that took part in learning or choosing flatter, in a mean as well.",
            ),
        ],
        hints=[
            "Which examples have had an influence on the network or on your choices?",
            "A choice among many is a kind of learning.",
            "Only examples without influence give an honest number.",
        ],
    ),
    Code(
        id="05-standardized",
        title="Mean 0, deviation 1",
        question=(
            "Write <code>standardized(train, other)</code> for two matrices with one example per "
            "row. Scale each column so that it has mean 0 and deviation 1 in <code>train</code>, "
            "and do the same to <code>other</code>, which takes no part in choosing the numbers. "
            "Return both."
        ),
        cases=standardized_cases,
        solution=standardized,
        made_of=standardized_with,
        alternatives=[standardized_by_columns, standardized_with()],
        mistakes=[
            Mistake(
                "each by its own",
                {"seen": lambda train, other: (train, other)},
                "the training set is right. The other one was scaled with its own mean and "
                "deviation: the same patient would become another input there.",
            ),
            Mistake(
                "own mean",
                lambda train, other: (
                    standardized(train, other)[0],
                    (other - other.mean(axis=0)) / train.std(axis=0),
                ),
                "the training set is right. From the other one you subtracted its own mean; the "
                "training set's belongs there.",
            ),
            Mistake(
                "row by row",
                {
                    "center": lambda X: X.mean(axis=1, keepdims=True),
                    "width": lambda X: X.std(axis=1, keepdims=True),
                    "seen": lambda train, other: (train, other),
                },
                "each row was scaled by itself. A row is an example, with numbers in different "
                "units; each column gets mean 0.",
            ),
            Mistake(
                "both together",
                {
                    "seen": lambda train, other: (
                        np.concatenate([train, other]),
                        np.concatenate([train, other]),
                    )
                },
                "mean and deviation are those of both sets together: the other set has had a say. "
                "It stands for examples that nobody has seen.",
            ),
            Mistake(
                "one number for all columns",
                {"center": lambda X: X.mean(), "width": lambda X: X.std()},
                "that is one mean and one deviation for all columns. Each has its own, in its own "
                "unit.",
            ),
            Mistake(
                "variance",
                {"width": lambda X: X.var(axis=0)},
                "you divided by the variance. Its root is the deviation.",
            ),
            Mistake(
                "one less",
                {"width": lambda X: X.std(axis=0, ddof=1)},
                "the deviation is divided by one example less, as pandas does. Here it is the root "
                "of the mean square, as <code>std</code> of NumPy has it.",
            ),
            Mistake(
                "not centered",
                {"scaled": lambda X, center, width: X / width},
                "the deviation is 1, but the mean is not 0 yet.",
            ),
            Mistake(
                "not scaled",
                {"scaled": lambda X, center, width: X - center},
                "the mean is 0, but the deviation is not 1 yet.",
            ),
            Mistake(
                "no parentheses",
                {"scaled": lambda X, center, width: X - center / width},
                "<code>X - mean / deviation</code> divides the mean alone. Parentheses: first the "
                "difference, then the division.",
            ),
            Mistake(
                "mean after the division",
                {"scaled": lambda X, center, width: X / width - center},
                "you divided first, and then subtracted the mean of before. Both stand in the "
                "fraction.",
            ),
            Mistake(
                "from 0 to 1",
                {
                    "center": lambda X: X.min(axis=0),
                    "width": lambda X: X.max(axis=0) - X.min(axis=0),
                },
                "that brings each column to the range from 0 to 1. Mean 0 and deviation 1 are "
                "asked for.",
            ),
            Mistake(
                "other left alone",
                lambda train, other: (standardized(train, other)[0], other),
                "the training set is right; the other one was left as it is. The network would "
                "get inputs of another size there.",
            ),
            Mistake(
                "scaled back",
                {"scaled": lambda X, center, width: X * width + center},
                "that is the way back, from scaled numbers to the real ones.",
            ),
        ],
        hints=[
            "Two rows of numbers are needed, one number for each column. From which set?",
            "<code>train.mean(axis=0)</code> and <code>train.std(axis=0)</code>.",
            "Subtract the mean, then divide by the deviation: in both sets by the same numbers.",
        ],
        reason=(
            "Mean and deviation are learned from the training set, like weights; whatever comes "
            "later is only scaled with them."
        ),
    ),
    Numeric(
        id="05-class-weight",
        title="The weight of a rare class",
        question=(
            "Of {m} training examples {k} are a yes, the others a no. Each example gets a weight, "
            "so that both classes count the same and the weights are 1 on average. Which weight "
            "does a yes get?"
        ),
        draw=lambda rng: {"m": int(rng.integers(200, 1000)), "k": int(rng.integers(12, 60))},
        answer=lambda m, k: m / (2 * k),
        digits=3,
        mistakes=[
            Mistake(
                "no half",
                lambda m, k: m / k,
                "with that the yeses alone weigh as much as all examples. Each class gets one "
                "half.",
            ),
            Mistake(
                "the other class",
                lambda m, k: m / (2 * (m - k)),
                "that is the weight of a no. A yes is rarer, so it weighs more.",
            ),
            Mistake(
                "noes for each yes",
                lambda m, k: (m - k) / k,
                "that is how many noes there are for each yes: the ratio of the two weights, not "
                "the weight itself.",
            ),
            Mistake(
                "half the ratio",
                lambda m, k: (m - k) / (2 * k),
                "you shared half of the noes among the yeses. Share half of <b>all</b> examples "
                "among them.",
            ),
            Mistake(
                "share of the noes",
                lambda m, k: (m - k) / m,
                "that is the share of the noes. With it a yes still weighs less than 1.",
            ),
            Mistake(
                "share",
                lambda m, k: k / m,
                "that is the share of the yeses. The weight goes the other way: what is rare gets "
                "a large one.",
            ),
            Mistake(
                "not by the number of examples",
                lambda m, k: 1 / (2 * k),
                "with that all weights together are 1. They should be 1 on average.",
            ),
            Mistake(
                "upside down",
                lambda m, k: 2 * k / m,
                "that is upside down: what is rare gets a large weight.",
            ),
        ],
        hints=[
            "All weights together are {m}. How much of that falls to the yeses?",
            "One half of it, shared by {k} examples.",
            "{m} / (2 · {k}).",
        ],
        solution=(
            "All weights together are {m}; half of that falls to the {k} yeses: {m} / (2 · {k}) = "
            "<b>{answer}</b>. A no gets {no}."
        ),
        steps=lambda m, k: {"no": m / (2 * (m - k))},
    ),
]
