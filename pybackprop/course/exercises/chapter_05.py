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


def stopping_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    zero = np.zeros(1)
    return [
        (zero, toward_three, toward_one, 0.1, 2, 20),
        (zero, toward_three, bumpy, 0.05, 2, 40),
        (zero, toward_three, bumpy, 0.05, 3, 60),
        (np.array([0.5, -0.5]), toward_three, bumpy, 0.03, 4, 25),
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
        noise = rng.uniform(-0.12, 0.12, size=12)
        losses = np.round(0.9 * 0.75 ** np.arange(12) + 0.3 + noise, 2).tolist()
        if len(set(losses)) == len(losses) and stop_epoch(losses, 3) < len(losses):
            return {"losses": losses, "shown": commas(losses), "p": 3}


def commas(numbers: list[float]) -> str:
    return ", ".join(f"{number:.2f}" for number in numbers)


EXERCISES = [
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
                "that is one update an example; here it is one a batch.",
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
]
