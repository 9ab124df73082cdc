"""What the gradient tests find: true if all is right, and printed with what is not."""

from dataclasses import dataclass
from textwrap import wrap

import numpy as np

from .params import Array


class Report:
    """True if ``ok``, and shown as it prints; each test says what these are."""

    @property
    def ok(self) -> bool:
        """Whether all is right."""
        raise NotImplementedError

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, eq=False, repr=False)
class GradientReport(Report):
    """What a gradient check found: true if the gradient is right. Prints the worst entries.

    Attributes
    ----------
    names : list of str
        The entries checked, such as ``"W[2][0, 1]"``.
    backprop, numerical : array
        Both gradients, entry by entry.
    allowance : array
        How far apart they may be.
    kinks : dict of str to (float, float)
        Entries that move a z of 0 off its kink: what backpropagation returns with all such z on the
        left of it and with all on the right, the lower one first. What lies between is taken for
        right; the difference of such an entry is its distance from there. With one layer at its
        kinks these are the slopes of the two sides; with several a mistake may lie between.
    method : str
    tolerance : float
        The relative part of the allowance.
    cause : str
        What the pattern of wrong entries points to, and what to try; empty where all is right.

    Examples
    --------
    >>> from pybackprop import Network, backprop, check_gradient
    >>> net = Network([2, 3, 1], rng=0)
    >>> grad = 2 * backprop(net, [[0.5, 1.0]], [[1.0]]).grad.theta
    >>> report = check_gradient(net, [[0.5, 1.0]], [[1.0]], grad=grad)
    >>> bool(report), report.blocks[:2]
    (False, ['W[1]', 'b[1]'])
    """

    names: list[str]
    backprop: Array
    numerical: Array
    allowance: Array
    kinks: dict[str, tuple[float, float]]
    method: str
    tolerance: float
    cause: str = ""

    @property
    def difference(self) -> Array:
        """How far apart the two are; at a kink, how far outside of what is right."""
        found = np.asarray(np.abs(self.backprop - self.numerical))
        for name, (low, high) in self.kinks.items():
            k = self.names.index(name)
            found[k] = np.maximum(0, np.maximum(low - self.backprop[k], self.backprop[k] - high))
        return found

    @property
    def wrong(self) -> Array:
        """Which entries differ by more than the allowance, or are no finite number."""
        with np.errstate(invalid="ignore"):
            return ~((self.difference <= self.allowance) & np.isfinite(self.difference))

    @property
    def ok(self) -> bool:
        """Whether no entry is wrong."""
        return not self.wrong.any()

    @property
    def blocks(self) -> list[str]:
        """The blocks with a wrong entry, such as ``["W[1]", "b[1]"]``."""
        return list(dict.fromkeys(block_of(self.names[k]) for k in np.flatnonzero(self.wrong)))

    @property
    def error(self) -> Array:
        """The difference over max(|g|, |n|), or over a thousandth of the largest, if that is more.

        For looking at, as over the step size: what is small, or rounding, is only in the allowance.
        """
        largest = np.fmax(np.abs(self.backprop), np.abs(self.numerical))
        scale = np.maximum(largest, 1e-3 * np.fmax.reduce(largest))
        return self.difference / np.where(scale == 0, 1, scale)

    @property
    def max_relative_error(self) -> float:
        """The largest of ``error``; NaN where a gradient is NaN."""
        return float(self.error.max())

    @property
    def worst(self) -> str:
        """The entry that exceeds its allowance most, or comes closest to it."""
        return self.names[int(self._worst_first()[0])]

    def _worst_first(self) -> Array:
        ratio = self.difference / np.maximum(self.allowance, np.finfo(float).tiny)
        return np.argsort(-np.nan_to_num(ratio, nan=np.inf), kind="stable")

    def __str__(self) -> str:
        count, wrong = len(self.names), self.wrong.sum()
        verdict = f"DISAGREE in {wrong} of {count}" if wrong else f"agree in all {count}"
        lines = [f"backprop and {self.method} {verdict} entries checked"]
        if wrong:
            lines[0] += f": {' '.join(self.blocks)}"
        worst = self._worst_first()
        rows = [k for k in worst if (self.wrong[k] if wrong else self.names[k] not in self.kinks)]
        digits = enough_digits(self.backprop[rows[:5]], self.numerical[rows[:5]]) if wrong else 6
        wide = digits + 8
        lines.append(f"{'entry':<14}{'backprop':>{wide}}{self.method:>{wide}}  difference  allowed")
        for k in rows[:5]:
            lines.append(
                f"{self.names[k]:<14}{self.backprop[k]:>{wide}.{digits}e}"
                f"{self.numerical[k]:>{wide}.{digits}e}{self.difference[k]:>12.1e}"
                f"{self.allowance[k]:>9.0e}"
            )
        if wrong > 5:
            lines.append(f"and {wrong - 5} more")
        if self.kinks:
            lines.append(
                "at a kink (z = 0): between its left and its right branch all is taken for right"
            )
            for name, (low, high) in list(self.kinks.items())[:5]:
                g = self.backprop[self.names.index(name)]
                lines.append(f"{name:<14}{g:>14.6e}    from {low:13.6e} to {high:13.6e}")
            if len(self.kinks) > 5:
                lines.append(f"and {len(self.kinks) - 5} more entries at a kink")
            lines.append("where several layers have one, a little noise on the biases tells more")
        return "\n".join([*lines, *wrap(self.cause, 80)])


def enough_digits(a: Array, b: Array) -> int:
    """Return how many decimals show that the numbers differ: 6, or more where they are close."""
    for digits in range(6, 15):
        if all(f"{x:.{digits}e}" != f"{y:.{digits}e}" or x == y for x, y in zip(a, b, strict=True)):
            return digits
    return 6


def block_of(name: str) -> str:
    """Return the block of an entry's name.

    >>> block_of("W[12][0, 1]"), block_of("gain[3]"), block_of("scale")
    ('W[12]', 'gain', 'scale')
    """
    return name.rpartition("[")[0] or name
