"""Loss functions, and the output delta that each makes with an output activation.

A `Loss` says what one example costs. Its **mean over the m examples of a batch** is taken in one
place, `mean`: the 1/m stands there and nowhere else. What is summed or averaged within one example
is each loss's convention, in its name and docstring.

An `Objective` joins a loss with the output activation into what backpropagation needs: the loss
value and the output delta, ``delta[L] = dC/dz[L]``. There are two ways to it, equal on paper:

- the *general path* pulls ``dC/da`` back through the activation and works for every legal pair;
- the *fused path* starts from the logits ``z``, exists for sigmoid + bce and softmax +
  cross_entropy, and is exact to the last digits where the general path divides 0 by 0 or
  subtracts two numbers that are nearly equal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .activations import ACTIVATIONS, OUTPUTS, Activation, sigmoid, softplus
from .lookup import lookup
from .params import Array


def mean(each: Array, weights: Array | None = None) -> Any:
    """Return (1/m) sum_i w_i each_i over the m examples; all w_i = 1 where weights is None.

    The weights are not divided by their sum: with a mean of 1 over all examples they change no
    scale, and a minibatch's mean stays an estimate of the whole one.

    >>> mean(np.array([1.0, 3.0])).item(), mean(np.array([1.0, 3.0]), np.array([1.5, 0.5])).item()
    (2.0, 1.5)
    """
    return (each if weights is None else weights * each).sum() / len(each)


@dataclass(frozen=True)
class Loss:
    """One loss function of the outputs ``a`` and targets ``y``, both of shape (m, n_L).

    Attributes
    ----------
    name : str
    each : callable, (a, y) -> array of shape (m,)
        What each example costs.
    slope : callable, (a, y) -> array of shape (m, n_L)
        The derivative of that with respect to a.
    symbol : str, optional
        What a sentence calls it; the name when left out.
    formula : str, optional
        What one example costs, in LaTeX.
    domain : str, optional
        What outputs and targets must be: "real" (any number), "unit interval" (0 to 1), or
        "distribution" (a row adds up to 1).

    Examples
    --------
    One of your own, ready for `Network`:

    >>> absolute = Loss(
    ...     "absolute",
    ...     lambda a, y: np.abs(a - y).sum(axis=1),
    ...     lambda a, y: np.sign(a - y),
    ...     formula=r"\\sum |a - y|",
    ... )
    >>> absolute.value(np.array([[0.5, 2.0]]), np.array([[1.0, 0.0]])).item()
    2.5
    """

    name: str
    each: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    symbol: str = ""
    formula: str = ""
    domain: str = "real"

    def __post_init__(self) -> None:
        if not (callable(self.each) and callable(self.slope)):
            raise TypeError(
                f"loss {self.name!r} takes two functions, each(a, y) and slope(a, y); got "
                f"{self.each!r} and {self.slope!r}"
            )
        lookup({kind: kind for kind in OUTPUTS}, self.domain, "domain")
        if not self.symbol:
            object.__setattr__(self, "symbol", self.name)

    def value(self, a: Array, y: Array, weights: Array | None = None) -> Any:
        """Return C, the mean over the examples."""
        return mean(self.each(a, y), weights)

    def gradient(self, a: Array, y: Array, weights: Array | None = None) -> Array:
        """Return dC/da, with the 1/m."""
        return share(self.slope(a, y), weights)


def share(slopes: Array, weights: Array | None = None) -> Array:
    """Return the slopes of `mean`: each example's row, times its weight, over m."""
    return (slopes if weights is None else weights[:, None] * slopes) / len(slopes)


def half_sse(a: Array, y: Array) -> Array:
    """Return 1/2 sum_outputs (a - y)^2 of each example; its slope is a - y.

    The half cancels the 2 of the derivative.

    >>> half_sse(np.array([[0.5, 1.0]]), np.array([[1.0, 0.0]])).item()
    0.625
    """
    return ((a - y) ** 2).sum(axis=1) / 2


def sse(a: Array, y: Array) -> Array:
    """Return sum_outputs (a - y)^2 of each example; its slope is 2 (a - y).

    >>> sse(np.array([[0.5, 1.0]]), np.array([[1.0, 0.0]])).item()
    1.25
    """
    return ((a - y) ** 2).sum(axis=1)


def mse(a: Array, y: Array) -> Array:
    """Return 1/n_L sum_outputs (a - y)^2 of each example; its slope is 2 (a - y) / n_L.

    The mean over outputs, too: what PyTorch and scikit-learn call the mean squared error.

    >>> mse(np.array([[0.5, 1.0]]), np.array([[1.0, 0.0]])).item()
    0.625
    """
    return ((a - y) ** 2).mean(axis=1)


def half_sse_slope(a: Array, y: Array) -> Array:
    """Return a - y."""
    return a - y


def sse_slope(a: Array, y: Array) -> Array:
    """Return 2 (a - y)."""
    return 2 * (a - y)


def mse_slope(a: Array, y: Array) -> Array:
    """Return 2 (a - y) / n_L."""
    return 2 * (a - y) / y.shape[1]


def weighted_log(y: Array, a: Array) -> Array:
    """Return y log(a), with 0 log(0) = 0."""
    return y * np.log(np.where(y == 0, 1, a))


def bce(a: Array, y: Array) -> Array:
    """Return the binary cross-entropy of each example, summed over outputs.

    -sum_outputs [y log a + (1 - y) log(1 - a)], with the slope (a - y) / (a (1 - a)).
    Targets lie in [0, 1]; the logarithm is natural (nats).

    >>> bce(np.array([[0.5]]), np.array([[1.0]])).round(4).item()
    0.6931
    """
    return -(weighted_log(y, a) + weighted_log(1 - y, 1 - a)).sum(axis=1)


def bce_slope(a: Array, y: Array) -> Array:
    """Return (a - y) / (a (1 - a))."""
    return (a - y) / (a * (1 - a))


def cross_entropy(a: Array, y: Array) -> Array:
    """Return the cross-entropy between the rows of y and a, both distributions over n_L classes.

    -sum_classes y log a, with the slope -y / a. In nats.

    >>> cross_entropy(np.array([[0.25, 0.75]]), np.array([[1.0, 0.0]])).round(4).item()
    1.3863
    """
    return -weighted_log(y, a).sum(axis=1)


def cross_entropy_slope(a: Array, y: Array) -> Array:
    """Return -y / a."""
    return -y / a


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("half_sse", half_sse, half_sse_slope, formula=r"\tfrac12 \sum (a - y)^2"),
        Loss("sse", sse, sse_slope, formula=r"\sum (a - y)^2"),
        Loss("mse", mse, mse_slope, formula=r"\tfrac{1}{n} \sum (a - y)^2"),
        Loss(
            "bce",
            bce,
            bce_slope,
            formula=r"-\sum \left[y \ln a + (1 - y) \ln(1 - a)\right]",
            domain="unit interval",
        ),
        Loss(
            "cross_entropy",
            cross_entropy,
            cross_entropy_slope,
            formula=r"-\sum y \ln a",
            domain="distribution",
        ),
    )
}
"""Name -> `Loss`."""

OWN_LOSS = {"unit interval": "bce", "distribution": "cross_entropy", "real": "half_sse"}
"""What the outputs are -> the loss that fits them, chosen where none is named."""

DISTRIBUTIONS = (
    "it compares probability distributions, so the outputs of an example must be positive and add "
    "up to 1 (without that, pushing every output to 1 would bring the loss to 0)"
)
REASONS = {
    ("unit interval", "real"): "it takes log(a) and log(1 - a), so outputs must lie between 0 and "
    "1",
    ("unit interval", "distribution"): "it asks every output a question of its own, yes or no, and "
    "these outputs are one answer among them all: they add up to 1",
    ("distribution", "real"): DISTRIBUTIONS,
    ("distribution", "unit interval"): DISTRIBUTIONS,
}
"""(domain of a loss, what the outputs are) -> why they do not go together."""

MAKERS = {"unit interval": "sigmoid", "distribution": "softmax"}


@dataclass(frozen=True)
class Fused:
    """A pair of output activation and loss, computed from the logits z.

    Attributes
    ----------
    each : callable, (z, y) -> array of shape (m,)
        What each example costs.
    delta : callable, (z, y) -> array of shape (m, n_L)
        The derivative of that with respect to z: a - y.
    """

    each: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array], Array]


def bce_of_logits(z: Array, y: Array) -> Array:
    """Return bce(sigmoid(z), y) = sum [y softplus(-z) + (1 - y) softplus(z)].

    Both terms are at least 0, so no digits are lost, whatever z.

    >>> bce_of_logits(np.array([[1000.0], [-40.0]]), np.array([[0.0], [0.0]]))
    array([1.00000000e+03, 4.24835426e-18])
    """
    return (y * softplus(-z) + (1 - y) * softplus(z)).sum(axis=1)


def sigmoid_bce_delta(z: Array, y: Array) -> Array:
    """Return a - y as (1 - y) sigmoid(z) - y sigmoid(-z), exact where a is close to y.

    >>> sigmoid_bce_delta(np.array([[40.0]]), np.array([[1.0]]))
    array([[-4.24835426e-18]])
    """
    return (1 - y) * sigmoid(z) - y * sigmoid(-z)


def below_largest(z: Array) -> tuple[Array, Array, Array]:
    """Return s = z - max z of each row, e = exp(s), and the sum of all e but the largest one's.

    The largest e is 1, so the sum over a row is 1 + that. A difference of two numbers is rounded,
    and exp makes an error of s a relative one: it is worked out (Knuth's two-sum) and put back.

    >>> [part.round(4).tolist() for part in below_largest(np.array([[1.0, 3.0]]))]
    [[[-2.0, 0.0]], [[0.1353, 1.0]], [[0.1353]]]
    """
    rows, top = np.arange(len(z)), z.real.argmax(axis=1)
    largest = z[rows, top][:, None]
    s = z - largest
    part = s - z
    lost = (z - (s - part)) - (largest + part)
    e = np.exp(s) * (1 + lost)
    others = e.copy()
    others[rows, top] = 0
    return s, e, others.sum(axis=1, keepdims=True)


def cross_entropy_of_logits(z: Array, y: Array) -> Array:
    """Return cross_entropy(softmax(z), y) = sum_k y_k (log sum_j exp(z_j) - z_k).

    Counted from the largest z of the row, log sum_j exp(z_j) is log(1 + the others), and no term
    is below 0.

    >>> cross_entropy_of_logits(np.array([[1000.0, 0.0], [40.0, 0.0]]), np.array([[0, 1], [1, 0]]))
    array([1.00000000e+03, 4.24835426e-18])
    """
    s, _, others = below_largest(z)
    return (y * (np.log1p(others) - s)).sum(axis=1)


def softmax_cross_entropy_delta(z: Array, y: Array) -> Array:
    """Return a - y as (1 - y) a - y (1 - a), with 1 - a as a sum of the others.

    >>> softmax_cross_entropy_delta(np.array([[40.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-4.24835426e-18,  4.24835426e-18]])
    """
    _, e, others = below_largest(z)
    a = e / (1 + others)
    rest = 1 - a
    rows, top = np.arange(len(z)), z.real.argmax(axis=1)
    rest[rows, top] = (others / (1 + others))[:, 0]
    return (1 - y) * a - y * rest


FUSED: dict[tuple[Activation, Loss], Fused] = {
    (ACTIVATIONS["sigmoid"], LOSSES["bce"]): Fused(bce_of_logits, sigmoid_bce_delta),
    (ACTIVATIONS["softmax"], LOSSES["cross_entropy"]): Fused(
        cross_entropy_of_logits, softmax_cross_entropy_delta
    ),
}
"""(output activation, loss) -> the pair on logits."""


@dataclass(frozen=True)
class Objective:
    """A loss seen from the logits of the output layer.

    Attributes
    ----------
    loss : Loss
    activation : Activation
        Of the output layer.
    fused : Fused or None
        The pair on logits; None takes the general path.
    """

    loss: Loss
    activation: Activation
    fused: Fused | None = None

    def value(self, z: Array, a: Array, y: Array, weights: Array | None = None) -> Any:
        """Return the loss C of a batch."""
        each = self.fused.each(z, y) if self.fused else self.loss.each(a, y)
        return mean(each, weights)

    def delta(self, z: Array, a: Array, y: Array, weights: Array | None = None) -> Array:
        """Return dC/dz of shape (m, n_L)."""
        if self.fused:
            return share(self.fused.delta(z, y), weights)
        return self.activation.pullback(z, a, self.loss.gradient(a, y, weights))


def objective(loss: Loss, activation: Activation, fused: bool = True) -> Objective:
    """Join a loss with the output activation.

    Parameters
    ----------
    loss : Loss
    activation : Activation
    fused : bool, optional
        Take the pair on logits where there is one; False always takes the general path.

    Returns
    -------
    Objective

    Raises
    ------
    ValueError
        The loss is not for the outputs of this activation; the message says why.

    Examples
    --------
    >>> z, y = np.array([[2.0]]), np.array([[1.0]])
    >>> a = ACTIVATIONS["sigmoid"](z)
    >>> for fused in (True, False):
    ...     print(objective(LOSSES["bce"], ACTIVATIONS["sigmoid"], fused).delta(z, a, y).round(4))
    [[-0.1192]]
    [[-0.1192]]
    """
    if loss.domain not in ("real", activation.outputs):
        own, maker = OWN_LOSS[activation.outputs], MAKERS[loss.domain]
        raise ValueError(
            f"{loss.name} is not for {activation.name} outputs: "
            f"{REASONS[loss.domain, activation.outputs]}. Use loss={own!r} with {activation.name} "
            f"outputs, or output={maker!r} with {loss.name}"
        )
    return Objective(loss, activation, FUSED.get((activation, loss)) if fused else None)
