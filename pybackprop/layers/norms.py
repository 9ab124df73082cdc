"""Normalizations: mean 0 and deviation 1 over a batch, or over the units of each example."""

from typing import Any

import numpy as np

from ..operations import Operation, plain


def deviation(x: Any, axis: Any, eps: float) -> Any:
    """Return sqrt(var + eps), the variance over the axes with 1/n."""
    d = x - np.mean(x, axis=axis, keepdims=True)
    return np.sqrt(np.mean(d * d, axis=axis, keepdims=True) + eps)


def standardize_value(x: Any, axis: Any, eps: float) -> Any:
    return (x - np.mean(x, axis=axis, keepdims=True)) / deviation(x, axis, eps)


def standardize_pullback(g: Any, a: Any, x: Any, axis: Any, eps: float) -> Any:
    """Return (g - mean g - a mean(g a)) / s.

    Three terms: x moves itself, the mean of all, and the deviation s of all.
    """
    mean_g = np.mean(g, axis=axis, keepdims=True)
    mean_ga = np.mean(g * a, axis=axis, keepdims=True)
    return ((g - mean_g - a * mean_ga) / deviation(x, axis, eps),)


STANDARDIZE = Operation(
    "standardize",
    standardize_value,
    standardize_pullback,
    "(x - mean) / s: (g - mean g - a mean(g a)) / s",
)


def standardize(x: Any, axis: int | tuple[int, ...], eps: float = 1e-5) -> Any:
    """Return (x - mean) / sqrt(variance + eps), mean and variance taken over the axes.

    The variance is the mean of the squares, with 1/n.

    >>> standardize(np.array([[1.0, 3.0]]), axis=1, eps=0.0)
    array([[-1.,  1.]])
    """
    return STANDARDIZE(x, axis=axis, eps=eps)


def batch_norm(
    x: Any,
    gamma: Any,
    beta: Any,
    running: tuple[Any, Any],
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Return gamma (x - mean) / sqrt(variance + eps) + beta, for each unit or channel.

    In training, mean and variance are those of the batch (and all places of a channel), and the
    running averages move towards them: r += momentum (batch's - r). Out of training they are the
    running averages, so that the answer to an example does not depend on its company.

    Parameters
    ----------
    x : array of shape (m, c) or (m, c, ...)
    gamma, beta : array of shape (c,)
    running : pair of arrays of shape (c,)
        Mean and variance; written into in training. The variance that goes in has 1/(n - 1).
    training : bool
    momentum, eps : float, optional

    Raises
    ------
    ValueError
        In training a single number per channel, whose variance is 0; shapes that do not fit.

    Examples
    --------
    >>> one, zero = np.ones(1), np.zeros(1)
    >>> batch_norm(np.array([[1.0], [3.0]]), one, zero, (zero.copy(), one.copy()), True, eps=0.0)
    array([[-1.],
           [ 1.]])

    Source: Ioffe and Szegedy (2015), arXiv:1502.03167.
    """
    if x.ndim < 2 or gamma.shape != x.shape[1:2] or beta.shape != gamma.shape:
        raise ValueError(
            f"batch_norm: x has shape {x.shape}, gamma {gamma.shape}, beta {beta.shape}; x is "
            "(m, c, ...), gamma and beta are (c,)"
        )
    axes = (0, *range(2, x.ndim))
    channel = (-1, *[1] * (x.ndim - 2))
    mean, variance = running
    if training:
        count = np.size(x) // x.shape[1]
        if count < 2:
            raise ValueError(
                f"batch_norm: x has shape {x.shape}, one number for each channel: it has no "
                "variance; take a batch size that leaves no single example over"
            )
        values = plain(x).real  # a complex step does not move averages
        mean += momentum * (values.mean(axis=axes) - mean)
        variance += momentum * (values.var(axis=axes, ddof=1) - variance)
        normal = standardize(x, axes, eps)
    else:
        normal = (x - mean.reshape(channel)) / np.sqrt(variance.reshape(channel) + eps)
    return normal * gamma.reshape(channel) + beta.reshape(channel)


def layer_norm(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Return gamma (x - mean) / sqrt(variance + eps) + beta, over the units of each example.

    Parameters
    ----------
    x : array of shape (..., n)
    gamma, beta : array of shape (n,)
    eps : float, optional

    Examples
    --------
    >>> layer_norm(np.array([[1.0, 3.0]]), np.full(2, 2.0), np.ones(2), eps=0.0)
    array([[-1.,  3.]])

    Source: Ba, Kiros and Hinton (2016), arXiv:1607.06450.
    """
    check_units("layer_norm", x, gamma, beta)
    return standardize(x, -1, eps) * gamma + beta


def root_mean_square(x: Any, eps: float) -> Any:
    """Return sqrt(mean x^2 + eps) of each row."""
    return np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps)


RMS = Operation(
    "rms",
    lambda x, eps: x / root_mean_square(x, eps),
    lambda g, a, x, eps: (
        (g - a * np.mean(g * a, axis=-1, keepdims=True)) / root_mean_square(x, eps),
    ),
    "x / r: (g - a mean(g a)) / r",
)


def rms_norm(x: Any, gamma: Any, eps: float = 1e-5) -> Any:
    """Return gamma x / sqrt(mean x^2 + eps), over the units of each example.

    Parameters
    ----------
    x : array of shape (..., n)
    gamma : array of shape (n,)
    eps : float, optional

    Examples
    --------
    >>> rms_norm(np.array([[1.0, 7.0]]), np.ones(2), eps=0.0)
    array([[0.2, 1.4]])

    Source: Zhang and Sennrich (2019), arXiv:1910.07467.
    """
    check_units("rms_norm", x, gamma)
    return RMS(x, eps=eps) * gamma


def check_units(name: str, x: Any, *vectors: Any) -> None:
    """Raise unless each vector has one number for each unit of x."""
    for vector in vectors:
        if not x.ndim or vector.shape != x.shape[-1:]:
            raise ValueError(
                f"{name}: x has shape {x.shape}, gamma or beta {vector.shape}; x is (..., n), they "
                "are (n,)"
            )
