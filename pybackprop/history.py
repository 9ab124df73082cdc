"""What happened during training: the record of a run, and what rules and callbacks see."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .network import Network, Trace
from .optimizers import Optimizer
from .params import Array


@dataclass
class Record:
    """Everything that happened, iteration by iteration; meant for small networks.

    Attributes
    ----------
    theta : list of array of shape (N,)
        ``theta[i]`` before update i = 0, 1, ..., and one more after the last update.
    grad : list of array of shape (N,)
        ``grad[i]`` is the gradient at ``theta[i]``; ``History.losses[i]`` is the loss there.
    examples : list of array of int
        ``examples[i]``: the rows of X in the batch of update i.
    """

    net: Network | None = None
    X: Array | None = None
    Y: Array | None = None
    rules: list[Any] = field(default_factory=list)
    theta: list[Array] = field(default_factory=list)
    grad: list[Array] = field(default_factory=list)
    examples: list[Array] = field(default_factory=list)

    def add(self, theta: Array, grad: Array, rows: Array) -> None:
        """Write down what an update was made of, and what came out."""
        self.theta.append(theta.copy())
        self.grad.append(grad.copy())
        self.examples.append(rows)


@dataclass(repr=False)
class History:
    """What happened during training; prints as a table.

    Attributes
    ----------
    losses : list of float
        Loss of each iteration's batch, before its update. After a divergence the last one is the
        loss that was not finite and led to no update.
    learning_rates : list of float
        Learning rate of each update.
    epoch_ends : list of int
        Number of updates at the end of each epoch.
    train_loss, train_accuracy : list of float
        Means over each epoch's batches, each taken before its update: what training saw on its
        way. Accuracies are fractions from 0 to 1 and are there where the targets are classes: 0 or
        1 for a single output, one 1 among 0s in every row for several.
    validation_loss, validation_accuracy : list of float
        At the end of each epoch, where validation data were given.
    reason : str
        Why training ended.
    restored_iteration : int or None
        The network was given back the parameters it had after this many updates; None: it holds
        the last ones.
    seconds : float
        How long it took.
    record : Record or None
    """

    losses: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    epoch_ends: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    train_recall: list[float] = field(default_factory=list)
    validation_recall: list[float] = field(default_factory=list)
    stopped_by: Any = None
    reason: str = "not ended yet"
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
        table = {
            "epoch": [f"{k}" for k in range(1, self.epochs + 1)],
            "iteration": [f"{n}" for n in self.epoch_ends],
            "loss": [f"{loss:.4f}" for loss in self.train_loss],
            "accuracy": [f"{share:.4f}" for share in self.train_accuracy],
            "validation loss": [f"{loss:.4f}" for loss in self.validation_loss],
            "validation accuracy": [f"{share:.4f}" for share in self.validation_accuracy],
        }
        table = {name: cells for name, cells in table.items() if cells}
        lines = [f"epochs {self.epochs}, iterations {self.iterations}: {self.reason}"]
        if self.restored_iteration is not None:
            lines.append(f"parameters restored from iteration {self.restored_iteration}")
        if table:
            lines.append("  ".join(f"{name:>9}" for name in table))
            # Ten rows at most, evenly spread, the first and the last epoch among them.
            for k in dict.fromkeys(
                np.linspace(0, self.epochs - 1, 10).round().astype(int).tolist()
            ):
                lines.append(
                    "  ".join(f"{cells[k]:>{max(9, len(name))}}" for name, cells in table.items())
                )
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(slots=True)
class Moment:
    """Where training stands after an update: what stopping rules and callbacks are given.

    Attributes
    ----------
    net : Network
    optimizer : Optimizer
    history : History
        Up to and including this iteration.
    trace : Trace
        Of this iteration's batch, before the update. Its arrays are written anew in the next
        iteration: copy what you want to keep.
    epoch : int
        1, 2, ...
    epoch_ended : bool
        Whether this was the last batch of the epoch; the history then holds the epoch's numbers.
    """

    net: Network
    optimizer: Optimizer
    history: History
    trace: Trace | None = None
    epoch: int = 0
    epoch_ended: bool = False
