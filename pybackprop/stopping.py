"""Stopping rules: functions of the `Moment` after an update that return None, or why to stop."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from .checks import check_count, check_positive
from .history import Moment
from .lookup import lookup

# Stopping rules. A rule is a function: it takes the Moment after each iteration and returns None,
# or the reason to stop. The first three are those of the flow chart in the source notes.

Rule = Callable[[Moment], str | None]


@dataclass(frozen=True)
class MaxIterations:
    """Stop after n updates.

    >>> from pybackprop.optimizers import SGD
    >>> net = Network([1, 1], init="zeros")
    >>> train(net, [[1.0]], [[1.0]], optimizer=SGD(0.1), epochs=9, stop=MaxIterations(3)).reason
    'iterations reached: 3'
    """

    n: int

    def __post_init__(self) -> None:
        check_count("n", self.n)

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        return f"iterations reached: {self.n}" if now.history.iterations >= self.n else None


@dataclass(frozen=True)
class LossBelow:
    """Stop when the loss falls below a threshold.

    Parameters
    ----------
    threshold : float
    each : {"iteration", "epoch"}, optional
        Look at every batch's loss, or at every epoch's mean. The loss of a small batch jumps about,
        and one lucky batch is enough for the first.
    """

    threshold: float
    each: str = "iteration"

    def __post_init__(self) -> None:
        check_positive("threshold", self.threshold)
        lookup(LOSSES_OF, self.each, "span")

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        losses = LOSSES_OF[self.each](now)
        return f"loss below {self.threshold:g}" if losses and losses[-1] < self.threshold else None


@dataclass(frozen=True)
class LossChangeBelow:
    """Stop when the loss changes by less than a threshold from one time to the next.

    Parameters
    ----------
    threshold : float
    each : {"iteration", "epoch"}, optional
        Compare batch with batch, or epoch with epoch. Only where each batch holds all of the
        examples does the first say that training has converged.
    """

    threshold: float
    each: str = "iteration"

    def __post_init__(self) -> None:
        check_positive("threshold", self.threshold)
        lookup(LOSSES_OF, self.each, "span")

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        losses = LOSSES_OF[self.each](now)
        if len(losses) > 1 and abs(losses[-1] - losses[-2]) < self.threshold:
            return f"change of loss below {self.threshold:g}"
        return None


@dataclass(frozen=True)
class Patience:
    """Stop when the validation loss has not improved for some epochs.

    Parameters
    ----------
    epochs : int, optional
        How many epochs without improvement to wait.
    min_delta : float, optional
        An improvement is a fall by more than this.
    restore_best : bool, optional
        When training ends, for whatever reason, network and optimizer go back to where they were
        after the epoch with the lowest validation loss.
    """

    epochs: int = 5
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        check_count("epochs", self.epochs)
        if self.min_delta != 0:
            check_positive("min_delta", self.min_delta)

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        best, waited = math.inf, 0
        for loss in now.history.validation_loss if now.epoch_ended else ():
            waited += 1
            if loss < best - self.min_delta:
                best, waited = loss, 0
        if waited >= self.epochs:
            return f"no better validation loss for {self.epochs} epochs"
        return None


LOSSES_OF: dict[str, Callable[[Moment], list[float]]] = {
    "iteration": lambda now: now.history.losses,
    "epoch": lambda now: now.history.train_loss,
}
