"""Schedules: learning rates that change with the number of the update, t = 1, 2, ...

A schedule is called with t and returns eta. So does any function of your own; the schedules here
also print as they were made, compare, and can be written to a file.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from .checks import check_count, check_from_zero, check_number

Rate = float | Callable[[int], float]
"""A learning rate: a number, or a function of the update's number t = 1, 2, ..."""


@dataclass(frozen=True)
class Schedule:
    """A learning rate that changes with the number of the update.

    Raises
    ------
    ValueError, TypeError
        A setting of the schedule is out of range; every one of them is checked when it is made.
    """

    def __post_init__(self) -> None:
        for name in SETTINGS.keys() & {setting.name for setting in fields(self)}:
            object.__setattr__(self, name, SETTINGS[name](name, getattr(self, name)))

    def __call__(self, t: int) -> float:
        """Return the learning rate of update t = 1, 2, ..."""
        raise NotImplementedError(f"{type(self).__name__} does not say its learning rate")


@dataclass(frozen=True)
class constant(Schedule):
    """``lr`` at every update.

    >>> constant(0.1)(1000)
    0.1
    """

    lr: float

    def __call__(self, t: int) -> float:
        """Return the learning rate of update t = 1, 2, ..."""
        return self.lr


@dataclass(frozen=True)
class step_decay(Schedule):
    """``lr``, multiplied by ``factor`` after each ``every`` updates.

    eta = lr factor^floor((t - 1) / every).

    >>> rate = step_decay(1.0, every=2, factor=0.5)
    >>> rate, [rate(t) for t in (1, 2, 3, 4, 5)]
    (step_decay(lr=1.0, every=2, factor=0.5), [1.0, 1.0, 0.5, 0.5, 0.25])
    """

    lr: float
    every: int
    factor: float = 0.1

    def __call__(self, t: int) -> float:
        """Return the learning rate of update t = 1, 2, ..."""
        return self.lr * self.factor ** ((t - 1) // self.every)


@dataclass(frozen=True)
class cosine(Schedule):
    """From ``lr`` down to ``last`` along half a cosine.

    eta = last + (lr - last) (1 + cos(pi (t - 1) / steps)) / 2; after ``steps`` updates ``last``.
    Source: Loshchilov and Hutter (2017), arXiv:1608.03983, without its restarts.

    >>> rate = cosine(1.0, steps=4)
    >>> [round(rate(t), 4) for t in (1, 2, 3, 4, 5, 6)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    """

    lr: float
    steps: int
    last: float = 0.0

    def __call__(self, t: int) -> float:
        """Return the learning rate of update t = 1, 2, ..."""
        angle = math.pi * min(t - 1, self.steps) / self.steps
        return self.last + (self.lr - self.last) * (1 + math.cos(angle)) / 2


@dataclass(frozen=True)
class warmup(Schedule):
    """An even rise to the first rate of ``then``, which is followed from there.

    eta = then(1) t / steps for t = 1, ..., steps; afterwards eta = then(t - steps).

    Parameters
    ----------
    steps : int
        How many updates the rise takes.
    then : float or callable
        A number, or another schedule; it starts counting after the rise.

    Examples
    --------
    >>> rate = warmup(2, then=step_decay(1.0, every=2, factor=0.5))
    >>> [rate(t) for t in (1, 2, 3, 4, 5)]
    [0.5, 1.0, 1.0, 1.0, 0.5]
    """

    steps: int
    then: Rate

    def __call__(self, t: int) -> float:
        """Return the learning rate of update t = 1, 2, ..."""
        if t <= self.steps:
            return learning_rate(self.then, 1) * t / self.steps
        return learning_rate(self.then, t - self.steps)


SCHEDULES: dict[str, type[Schedule]] = {
    kind.__name__: kind for kind in (constant, step_decay, cosine, warmup)
}
"""Name -> schedule."""


def learning_rate(lr: Rate, t: int) -> float:
    """Return the learning rate of update t, or say what is wrong with it."""
    try:
        value = lr(t) if callable(lr) else lr
    except OverflowError:  # a factor above 1, a thousand times over
        value = math.inf
    if type(value) is not float:  # NumPy's float64 would compute float32 vectors in float64
        value = float(check_number("the learning rate", value))
    if not 0 <= value < math.inf:
        raise ValueError(f"the learning rate is {value} at update {t}; give a number from 0 up")
    return value


def check_rate(name: str, value: Any) -> Rate:
    """Return a number from 0 up as a float, or a schedule whose first rate is one."""
    if not callable(value):
        return check_from_zero(name, value)
    if isinstance(value, type):
        raise TypeError(f"{name} is the class {value.__name__}; give {value.__name__}(...)")
    rate: Rate = value
    learning_rate(rate, 1)
    return rate


def check_factor(name: str, value: Any) -> float:
    """Return the value if it is a finite number above 0."""
    if not 0 < check_number(name, value) < math.inf:
        raise ValueError(f"{name} is {value}; give a number above 0, such as 0.1")
    return float(value)


SETTINGS: dict[str, Callable[[str, Any], Any]] = {
    "lr": check_from_zero,
    "last": check_from_zero,
    "then": check_rate,
    "every": check_count,
    "steps": check_count,
    "factor": check_factor,
}
"""Setting -> what checks it, and returns it as a plain number."""
