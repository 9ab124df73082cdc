"""Stopping rules: when training ends before its last epoch.

A rule is a function: it takes the `Moment` after each update and returns None, or the reason to
stop, a text. The first three are those of the flow chart in the source notes.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from .checks import check_count, check_from_zero, check_positive
from .history import Moment, Rule
from .lookup import lookup


@dataclass(frozen=True)
class MaxIterations:
    """Stop after n updates.

    >>> from pybackprop.history import History
    >>> rule = MaxIterations(3)
    >>> rule(Moment(None, None, History(learning_rates=[0.1, 0.1, 0.1])))
    'iterations reached: 3'
    """

    n: int

    def __post_init__(self) -> None:
        check_count("n", self.n)

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        return f"iterations reached: {self.n}" if now.history.iterations >= self.n else None


@dataclass(frozen=True)
class LossRule:
    """A rule about the losses so far, of every epoch or of every iteration."""

    threshold: float
    each: str = "epoch"

    def __post_init__(self) -> None:
        check_positive("threshold", self.threshold)
        lookup(SPANS, self.each, "span")

    def losses(self, now: Moment) -> list[float]:
        """Return the losses that the rule looks at."""
        losses: list[float] = getattr(now.history, SPANS[self.each])
        return losses


SPANS = {"epoch": "train_loss", "iteration": "losses"}
"""What a rule looks at each time -> where a `History` has it."""


class LossBelow(LossRule):
    """Stop when the loss falls below a threshold.

    Parameters
    ----------
    threshold : float
    each : {"epoch", "iteration"}, optional
        Look at every epoch's mean, or at every batch's loss. The loss of a small batch jumps about,
        and one lucky batch is enough for the second.
    """

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        losses = self.losses(now)
        return f"loss below {self.threshold:g}" if losses and losses[-1] < self.threshold else None


class LossChangeBelow(LossRule):
    """Stop when the loss changes by less than a threshold from one time to the next.

    Parameters
    ----------
    threshold : float
    each : {"epoch", "iteration"}, optional
        Compare epoch with epoch, or batch with batch. Only where each batch holds all of the
        examples does the second say that training has converged.
    """

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        losses = self.losses(now)
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
        after the epoch with the lowest validation loss. A rule of your own with this attribute
        gets the same.
    """

    epochs: int = 5
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        check_count("epochs", self.epochs)
        check_from_zero("min_delta", self.min_delta)

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


def check_watched(rules: Iterable[Rule], validation: bool) -> None:
    """Raise where a rule looks at the validation loss and there will be none."""
    for rule in rules:
        if validation:
            return
        if isinstance(rule, Patience):
            raise ValueError(f"{rule} watches the validation loss; give validation=(X, Y)")
        if restores_best(rule):
            raise ValueError(
                f"{rule!r} has restore_best, and the best epoch is that of the lowest validation "
                "loss; give validation=(X, Y)"
            )


def restores_best(rule: Rule) -> bool:
    """Return whether a rule asks for the parameters of the best epoch when training ends."""
    return bool(getattr(rule, "restore_best", False))
