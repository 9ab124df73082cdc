"""What training hands out: the moment after an update, the history of a run, and its record."""

import reprlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from .model import Model, Run
from .network import Network, Trace
from .optimizers import OptimizerLike
from .params import Array


@dataclass(eq=False)
class Record:
    """Everything that happened, iteration by iteration; meant for small networks.

    Attributes
    ----------
    net : Network or Model
        A copy of the network as it started.
    X : array of shape (m, n_0)
    Y : array of shape (m, n_L)
        The examples it was trained on.
    rules : list of callables
        The stopping rules.
    theta : list of array of shape (N,)
        ``theta[i]`` before update i = 0, 1, ..., and one more after the last update.
    grad : list of array of shape (N,)
        ``grad[i]`` is the gradient at ``theta[i]``; ``History.losses[i]`` is the loss there.
    examples : list of array of int
        ``examples[i]``: the rows of X in the batch of update i.
    """

    net: Network | Model
    X: Array
    Y: Array
    rules: list["Rule"] = field(default_factory=list)
    theta: list[Array] = field(default_factory=list)
    grad: list[Array] = field(default_factory=list)
    examples: list[Array] = field(default_factory=list)

    def add(self, theta: Array, grad: Array, rows: Array) -> None:
        """Write down what an update was made of, and what came out."""
        self.theta.append(theta.copy())
        self.grad.append(grad.copy())
        self.examples.append(rows)


@dataclass(repr=False, eq=False)
class History:
    """What happened during training; prints as a table.

    Attributes
    ----------
    losses : list of float
        Loss of each iteration's batch, before its update. After a divergence the last one is the
        loss that led to no update.
    learning_rates : list of float
        Learning rate of each update.
    epoch_ends : list of int
        Number of updates at the end of each epoch.
    train_loss, train_accuracy, train_recall : list of float
        Means over each epoch's batches, each taken before its update: what training saw on its
        way. Accuracies are fractions from 0 to 1 and are there where the targets are classes: 0 or
        1 for a single output, one 1 among 0s in every row for several. The recall is the mean of
        the classes' own accuracies, and is there where classes are of uneven size.
    validation_loss, validation_accuracy, validation_recall : list of float
        At the end of each epoch, where validation data were given.
    reason : str
        Why training ended.
    stopped_by : callable or None
        The stopping rule that ended it; None where none did.
    restored_iteration : int or None
        The network was given back the parameters it had after this many updates; None: it holds
        the last ones.
    seconds : float
        How long it took.
    record : Record or None

    Examples
    --------
    >>> History([0.9, 0.4], [0.1, 0.1], [1, 2], [0.9, 0.4], reason="epochs reached")
    epochs 2, iterations 2: epochs reached
        epoch  iteration       loss
            1          1     0.9000
            2          2     0.4000
    """

    losses: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    epoch_ends: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    train_recall: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    validation_recall: list[float] = field(default_factory=list)
    reason: str = "not ended yet"
    stopped_by: "Rule | None" = None
    restored_iteration: int | None = None
    seconds: float = 0.0
    record: Record | None = None

    @property
    def iterations(self) -> int:
        """Number of updates."""
        return len(self.learning_rates)

    @property
    def epochs(self) -> int:
        """Number of whole epochs."""
        return len(self.epoch_ends)

    def __str__(self) -> str:
        columns = {
            "epoch": [f"{k}" for k in range(1, self.epochs + 1)],
            "iteration": [f"{n}" for n in self.epoch_ends],
            "loss": [shown(loss) for loss in self.train_loss],
            "accuracy": [shown(share) for share in self.train_accuracy],
            "recall": [shown(share) for share in self.train_recall],
            "validation loss": [shown(loss) for loss in self.validation_loss],
            "validation accuracy": [shown(share) for share in self.validation_accuracy],
            "validation recall": [shown(share) for share in self.validation_recall],
        }
        lines = [f"epochs {self.epochs}, iterations {self.iterations}: {self.reason}"]
        if self.restored_iteration is not None:
            lines.append(f"parameters restored from iteration {self.restored_iteration}")
        # Ten rows at most, evenly spread, the first and the last epoch among them.
        rows = np.linspace(0, self.epochs - 1, 10).round().astype(int).tolist()
        table = []
        for name, cells in columns.items():
            if cells:
                chosen = [name, *(cells[k] for k in dict.fromkeys(rows))]
                width = max(9, *map(len, chosen))
                table.append([f"{cell:>{width}}" for cell in chosen])
        return "\n".join(lines + ["  ".join(row) for row in zip(*table, strict=True)])

    __repr__ = __str__


def check_history(history: History) -> None:
    """Raise unless each field of a history holds what it says: it may come from a file."""
    for each in fields(history):
        name, value = each.name, getattr(history, each.name)
        if each.default_factory is list:
            kind = int | np.integer if name == "epoch_ends" else int | float | np.number
            right = isinstance(value, list) and all(is_number(number, kind) for number in value)
            if right and name not in ("losses", "learning_rates", "epoch_ends"):
                right = len(value) in (0, history.epochs)
        elif name == "reason":
            right = isinstance(value, str)
        elif name == "seconds":
            right = is_number(value, int | float | np.number)
        elif name == "restored_iteration":
            right = value is None or is_number(value, int | np.integer)
        else:
            right = True  # the record and the rule are objects of this process
        if not right:
            raise ValueError(
                f"{name} of the history is {reprlib.repr(value)}, which is not what train writes"
            )


def is_number(value: Any, kind: Any) -> bool:
    """Return whether a value is a number of a kind; True and False are none."""
    return isinstance(value, kind) and not isinstance(value, bool)


def shown(number: float) -> str:
    """Return a number with four decimals, or with four digits where it is large or tiny.

    >>> [shown(number) for number in (0.25, 0.0, 0.00001234, 2.5e221, float("nan"))]
    ['0.2500', '0.0000', '1.234e-05', '2.500e+221', 'nan']
    """
    return f"{number:.4f}" if number == 0 or 5e-5 <= abs(number) < 1e6 else f"{number:.3e}"


@dataclass(eq=False, slots=True)
class Moment:
    """Where training stands after an update: what stopping rules and callbacks are given.

    Attributes
    ----------
    net : Network or Model
    optimizer : SGD, RMSProp, Adam, AdamW, or one of your own
    history : History
        Up to and including this iteration.
    trace : Trace, or Run of a model
        Of this iteration's batch, before the update. Its arrays are written anew in the next
        iteration: copy what you want to keep.
    epoch : int
        1, 2, ...
    epoch_ended : bool
        Whether this was the last batch of the epoch; the history then holds the epoch's numbers.
    """

    net: Network | Model
    optimizer: OptimizerLike
    history: History
    trace: Trace | Run | None = None
    epoch: int = 0
    epoch_ended: bool = False


Rule = Callable[[Moment], str | None]
"""A stopping rule: a function of the moment after an update that returns None, or why to stop."""
