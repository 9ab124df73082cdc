"""Loss functions, and the output delta that each makes with an output activation.

Every loss is a **mean over the m examples of a batch**: the 1/m stands here and nowhere else. What
is summed or averaged within one example is each loss's convention, in its name and docstring.

``objective`` joins a loss with the output activation into what backpropagation needs: the loss
value and the output delta, ``delta[L] = dC/dz[L]``. There are two ways to it, equal on paper:

- the *general path* pulls ``dC/da`` back through the activation and works for every legal pair;
- the *fused path* starts from the logits ``z``, exists for sigmoid + bce and softmax +
  cross_entropy, and is exact where the general path divides 0 by 0.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .activations import Activation, softplus
from .lookup import lookup
from .params import Array


class Loss(NamedTuple):
    """One loss function of the outputs ``a`` and targets ``y``, both of shape (m, n_L).

    Attributes
    ----------
    name : str
    value : callable, (a, y) -> float
    gradient : callable, (a, y) -> dC/da of shape (m, n_L), with the 1/m
    targets : str
        What targets may be: "real", "unit interval" or "distribution".
    outputs : tuple of str
        The output activations it is defined on, the matching one first; empty: all of them.
    """

    name: str
    value: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    targets: str = "real"
    outputs: tuple[str, ...] = ()


class Objective(NamedTuple):
    """A loss seen from the logits of the output layer.

    Attributes
    ----------
    value : callable, (z, a, y) -> C
    delta : callable, (z, a, y) -> dC/dz of shape (m, n_L)
    """

    value: Callable[[Array, Array, Array], Array]
    delta: Callable[[Array, Array, Array], Array]


def half_sse(a: Array, y: Array) -> Array:
    """Return C = 1/(2m) sum_examples sum_outputs (a - y)^2; dC/da = (a - y) / m.

    The half cancels the 2 of the derivative.

    >>> half_sse(np.array([[0.5, 1.0]]), np.array([[1.0, 0.0]])).item()
    0.625
    """
    return ((a - y) ** 2).sum() / (2 * len(y))


def sse(a: Array, y: Array) -> Array:
    """Return C = 1/m sum_examples sum_outputs (a - y)^2; dC/da = 2 (a - y) / m.

    >>> sse(np.array([[0.5, 1.0]]), np.array([[1.0, 0.0]])).item()
    1.25
    """
    return ((a - y) ** 2).sum() / len(y)


def mse(a: Array, y: Array) -> Array:
    """Return C = 1/(m n_L) sum_examples sum_outputs (a - y)^2; dC/da = 2 (a - y) / (m n_L).

    The mean over outputs, too: what PyTorch and scikit-learn call the mean squared error.

    >>> mse(np.array([[0.5, 1.0]]), np.array([[1.0, 0.0]])).item()
    0.625
    """
    return ((a - y) ** 2).sum() / y.size


def weighted_log(y: Array, a: Array) -> Array:
    """Return y log(a), with 0 log(0) = 0."""
    return y * np.log(np.where(y == 0, 1, a))


def bce(a: Array, y: Array) -> Array:
    """Return the binary cross-entropy, summed over outputs.

    C = -1/m sum_examples sum_outputs [y log a + (1 - y) log(1 - a)],
    dC/da = (a - y) / (a (1 - a)) / m. Targets lie in [0, 1]; the logarithm is natural (nats).

    >>> bce(np.array([[0.5]]), np.array([[1.0]])).round(4).item()
    0.6931
    """
    return -(weighted_log(y, a) + weighted_log(1 - y, 1 - a)).sum() / len(y)


def cross_entropy(a: Array, y: Array) -> Array:
    """Return the cross-entropy between the rows of y and a, both distributions over n_L classes.

    C = -1/m sum_examples sum_classes y log a, dC/da = -y / a / m. In nats.

    >>> cross_entropy(np.array([[0.25, 0.75]]), np.array([[1.0, 0.0]])).round(4).item()
    1.3863
    """
    return -weighted_log(y, a).sum() / len(y)


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("half_sse", half_sse, lambda a, y: (a - y) / len(y)),
        Loss("sse", sse, lambda a, y: 2 * (a - y) / len(y)),
        Loss("mse", mse, lambda a, y: 2 * (a - y) / y.size),
        Loss(
            "bce",
            bce,
            lambda a, y: (a - y) / (a * (1 - a)) / len(y),
            targets="unit interval",
            outputs=("sigmoid", "softmax"),
        ),
        Loss(
            "cross_entropy",
            cross_entropy,
            lambda a, y: -y / a / len(y),
            targets="distribution",
            outputs=("softmax",),
        ),
    )
}
"""Name -> `Loss`."""


def mean_residual(z: Array, a: Array, y: Array) -> Array:
    """Return (a - y) / m, the output delta of both fused pairs."""
    return (a - y) / len(y)


def bce_of_logits(z: Array, a: Array, y: Array) -> Array:
    """Return bce(sigmoid(z), y) = 1/m sum [softplus(z) - y z], exact at any z.

    >>> z = np.array([[1000.0]])
    >>> bce_of_logits(z, 1 / (1 + np.exp(-z)), np.array([[0.0]])).item()
    1000.0
    """
    return (softplus(z) - y * z).sum() / len(y)


def cross_entropy_of_logits(z: Array, a: Array, y: Array) -> Array:
    """Return cross_entropy(softmax(z), y) = 1/m sum_examples [log sum_k exp(z_k) - sum_k y_k z_k].

    The targets of a row add up to 1. The forward pass has found a = exp(z) / sum_k exp(z_k), and
    in its largest entry nothing overflows: log sum_k exp(z_k) = max z - log max a.

    >>> z, a = np.array([[1000.0, 0.0]]), np.array([[1.0, 0.0]])
    >>> cross_entropy_of_logits(z, a, np.array([[0.0, 1.0]])).item()
    1000.0
    """
    largest = np.arange(len(z)), z.argmax(axis=1)  # on short rows a third of the time of max
    log_sum = z[largest] - np.log(a[largest])
    return (log_sum - np.vecdot(y, z)).sum() / len(y)


FUSED: dict[tuple[str, str], Objective] = {
    ("sigmoid", "bce"): Objective(bce_of_logits, mean_residual),
    ("softmax", "cross_entropy"): Objective(cross_entropy_of_logits, mean_residual),
}
"""(output activation, loss) -> the stable `Objective` on logits."""

REASONS = {
    "bce": "it takes log(a) and log(1 - a), so the outputs must lie between 0 and 1",
    "cross_entropy": (
        "it compares probability distributions, so the outputs of an example must be positive "
        "and add up to 1 (without that, pushing every output to 1 would bring the loss to 0)"
    ),
}


def objective(loss: Loss, activation: Activation, fused: bool = True) -> Objective:
    """Join a loss with the output activation.

    Parameters
    ----------
    loss : Loss
    activation : Activation
    fused : bool, optional
        Take the stable path on logits where there is one; False always takes the general path.

    Returns
    -------
    Objective
        With ``delta(z, a, y) = pullback(z, a, dC/da)`` on the general path.

    Raises
    ------
    ValueError
        The loss is not defined on the outputs of this activation; the message says why.

    Examples
    --------
    >>> from pybackprop import ACTIVATIONS
    >>> z, y = np.array([[2.0]]), np.array([[1.0]])
    >>> a = ACTIVATIONS["sigmoid"](z)
    >>> for fused in (True, False):
    ...     print(objective(LOSSES["bce"], ACTIVATIONS["sigmoid"], fused).delta(z, a, y).round(4))
    [[-0.1192]]
    [[-0.1192]]
    """
    if loss.outputs and activation.name not in loss.outputs:
        raise ValueError(
            f"{loss.name} is not defined on {activation.name} outputs: {REASONS[loss.name]}. "
            f"Use {loss.name} with {loss.outputs[0]}, "
            f"or {activation.name} with half_sse, sse or mse"
        )
    if fused and (activation.name, loss.name) in FUSED:
        return FUSED[activation.name, loss.name]
    return Objective(
        lambda z, a, y: loss.value(a, y),
        lambda z, a, y: activation.pullback(z, a, loss.gradient(a, y)),
    )


def get_loss(name: str) -> Loss:
    """Return the loss of this name, or say which known name is nearest."""
    return lookup(LOSSES, name, "loss")


def check_targets(loss: Loss, y: Array) -> None:
    """Raise a ValueError where a target lies outside of what the loss is defined on."""
    if loss.targets == "real":
        return
    outside = (y < 0) | (y > 1)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise ValueError(
            f"Y[{row}, {column}] is {y[row, column]:g}; {loss.name} takes targets from 0 to 1"
            + ("" if loss.targets == "unit interval" else ": use pb.one_hot(labels, classes)")
        )
    if loss.targets == "distribution":
        totals = y.sum(axis=1)
        wrong = np.abs(totals - 1) > 1e-6
        if wrong.any():
            row = np.flatnonzero(wrong)[0]
            raise ValueError(
                f"row {row} of Y adds up to {totals[row]:g}; {loss.name} takes one probability "
                "distribution per row, adding up to 1: use pb.one_hot(labels, classes)"
            )
