"""Convolution and pooling, over one dimension or several.

``unfold`` lays the windows of x side by side, ``fold`` adds windows back to where they came from.
Each is the other's transpose, so each is the other's pull-back. A convolution is the product of its
kernels with the windows.
"""

from collections.abc import Iterator
from functools import partial, reduce
from typing import Any

import numpy as np

from ..operations import Operation, plain


def places(size: tuple[int, ...], kernel: Any, stride: Any, padding: Any) -> tuple[int, ...]:
    """Return how many windows there are along each dimension: (n + 2p - k) // s + 1."""
    return tuple(
        (n + 2 * p - k) // s + 1 for n, k, s, p in zip(size, kernel, stride, padding, strict=True)
    )


def padded_zeros(like: Any, size: Any, padding: Any) -> Any:
    """Return zeros of shape (m, c, *(size + 2 padding)), and the part of them inside the padding.

    In memory the channels stand last: then whole rows of a window lie side by side.
    """
    m, c = like.shape[:2]
    whole = [n + 2 * p for n, p in zip(size, padding, strict=True)]
    padded: Any = np.moveaxis(np.zeros((m, *whole, c), like.dtype), -1, 1)
    inner = (slice(p, p + n) for n, p in zip(size, padding, strict=True))
    return padded, padded[(..., *inner)]


def unfold_value(x: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    size, out = x.shape[2:], places(x.shape[2:], kernel, stride, padding)
    padded = x
    if any(padding):
        padded, inner = padded_zeros(x, size, padding)
        inner[...] = x
    ways = padded.strides[2:]
    steps = [n * s for n, s in zip(ways, stride, strict=True)]
    return np.lib.stride_tricks.as_strided(
        padded, (*x.shape[:2], *kernel, *out), (*padded.strides[:2], *ways, *steps), writeable=False
    )


def entries(kernel: Any, stride: Any, out: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the place of each entry in its window, and where it stands in x, for all windows."""
    for k in np.ndindex(*kernel):
        at = (slice(i, i + s * (o - 1) + 1, s) for i, s, o in zip(k, stride, out, strict=True))
        yield (slice(None), slice(None), *k), (..., *at)


def fold_value(u: Any, kernel: Any, stride: Any, padding: Any, size: Any) -> Any:
    padded, inner = padded_zeros(u, size, padding)
    for k, at in entries(kernel, stride, u.shape[2 + len(kernel) :]):
        padded[at] += u[k]
    return inner


def unfold_pullback(g: Any, a: Any, x: Any, **window: Any) -> Any:
    return (FOLD(g, **window, size=x.shape[2:]),)


def fold_pullback(g: Any, a: Any, u: Any, size: Any, **window: Any) -> Any:
    return (UNFOLD(g, **window),)


UNFOLD = Operation("unfold", unfold_value, unfold_pullback, "windows of x: g, folded")
FOLD = Operation("fold", fold_value, fold_pullback, "windows added up: the windows of g")


def unfold(x: Any, kernel: Any, stride: Any = 1, padding: Any = 0) -> Any:
    """Return the windows of x.

    Parameters
    ----------
    x : array of shape ``(m, c, *size)``
    kernel, stride, padding : int or tuple of int
        Size of a window, steps from one to the next, zeros added at both ends of each dimension.

    Returns
    -------
    array of shape (m, c, *kernel, *places)
        ``places = (size + 2 padding - kernel) // stride + 1``; a view of x where nothing is padded.

    Raises
    ------
    ValueError
        A window that does not fit, a stride below 1.

    Examples
    --------
    >>> unfold(np.arange(4.0).reshape(1, 1, 4), kernel=3)[0, 0]
    array([[0., 1.],
           [1., 2.],
           [2., 3.]])
    """
    return UNFOLD(x, **window("unfold", x.shape[2:], kernel, stride, padding))


def fold(u: Any, size: tuple[int, ...], kernel: Any, stride: Any = 1, padding: Any = 0) -> Any:
    """Return windows added up where they came from, ``(m, c, *size)``: the transpose of unfold.

    >>> fold(np.ones((1, 1, 3, 2)), (4,), kernel=3)[0, 0]
    array([1., 2., 2., 1.])
    """
    return FOLD(u, **window("fold", tuple(size), kernel, stride, padding), size=tuple(size))


def window(name: str, size: Any, kernel: Any, stride: Any, padding: Any) -> dict[str, Any]:
    """Return kernel, stride and padding, one for each dimension, or say why none fits."""
    d = len(size)
    if not d:
        raise ValueError(f"{name}: x has no dimension to slide along; give (m, c, ...)")
    given = {"kernel": kernel, "stride": stride, "padding": padding}
    for word, value in given.items():
        each = (value,) * d if isinstance(value, int | np.integer) else tuple(value)
        low = 0 if word == "padding" else 1
        if len(each) != d or any(n < low for n in each):
            raise ValueError(
                f"{name}: {word} is {value}; give a whole number from {low} up, or one for each of "
                f"the {d} dimension(s)"
            )
        given[word] = each
    if min(places(size, *given.values())) < 1:
        raise ValueError(
            f"{name}: a window of {given['kernel']} does not fit into {tuple(size)} with padding "
            f"{given['padding']}; take a smaller kernel or more padding"
        )
    return given


def last(x: Any) -> Any:
    """Return x with its second axis, the channels, behind all others."""
    return np.transpose(x, (0, *range(2, x.ndim), 1))


def second(x: Any) -> Any:
    """Return x with the channels back in the second place."""
    return np.transpose(x, (0, x.ndim - 1, *range(1, x.ndim - 1)))


def columns(x: Any, d: int, **window: Any) -> Any:
    """Return the windows of x as rows of a matrix, one for each example and place."""
    u = UNFOLD(x, **window)
    u = np.transpose(u, (0, *range(2 + d, 2 + 2 * d), *range(2, 2 + d), 1))
    return u.reshape(-1, x.shape[1] * int(np.prod(window["kernel"])))


def convolution_value(x: Any, W: Any, *b: Any, **window: Any) -> Any:
    o, d = len(W), W.ndim - 2
    z = columns(x, d, **window) @ last(W).reshape(o, -1).T
    if b:
        z += b[0]
    return second(z.reshape(len(x), *places(x.shape[2:], **window), o))


def convolution_pullback(delta: Any, z: Any, x: Any, W: Any, *b: Any, **window: Any) -> Any:
    """Return delta's windows folded, delta times the windows of x, and the sum of delta."""
    flat = last(delta).reshape(-1, len(W))
    return (
        partial(to_image, flat, x, W, delta.shape[2:], window),
        partial(to_kernel, flat, x, W, window),
        *(np.sum(flat, axis=0) for _ in b),
    )


def to_image(flat: Any, x: Any, W: Any, out: Any, window: dict[str, Any]) -> Any:
    """W^T delta, the gradient of each window; then each is added to where it came from."""
    d = W.ndim - 2
    u = flat @ last(W).reshape(len(W), -1)
    u = u.reshape(len(x), *out, *W.shape[2:], W.shape[1])
    u = np.transpose(u, (0, 1 + 2 * d, *range(1 + d, 1 + 2 * d), *range(1, 1 + d)))
    return FOLD(u, **window, size=x.shape[2:])


def to_kernel(flat: Any, x: Any, W: Any, window: dict[str, Any]) -> Any:
    """delta u^T, summed over examples and places."""
    rows = flat.T @ columns(x, W.ndim - 2, **window)
    return second(rows.reshape(len(W), *W.shape[2:], W.shape[1]))


CONVOLUTION = Operation(
    "convolution",
    convolution_value,
    convolution_pullback,
    "W u + b, u the windows of x: fold(W^T g), g u^T, sum g",
)


def convolve(name: str, d: int, x: Any, W: Any, b: Any, stride: Any, padding: Any) -> Any:
    if x.ndim != d + 2 or W.ndim != d + 2 or x.shape[1] != W.shape[1]:
        raise ValueError(
            f"{name}: x has shape {x.shape} and W {W.shape}; x is (m, c, *size) and W "
            f"(channels out, c, *kernel), with {d} dimension(s) of size"
        )
    if b is not None and b.shape != W.shape[:1]:
        raise ValueError(f"{name}: b has shape {b.shape}; W of shape {W.shape} needs {W.shape[:1]}")
    settings = window(name, x.shape[2:], W.shape[2:], stride, padding)
    return CONVOLUTION(x, W, **settings) if b is None else CONVOLUTION(x, W, b, **settings)


def conv1d(x: Any, W: Any, b: Any = None, stride: int = 1, padding: int = 0) -> Any:
    """Return z[i, o, t] = sum over c, k of W[o, c, k] x[i, c, s t + k - p], + b[o].

    As everywhere in deep learning the kernel is not flipped: mathematics calls it a correlation.

    Parameters
    ----------
    x : array of shape (m, c, n)
    W : array of shape (channels out, c, k)
    b : array of shape (channels out,), optional
    stride, padding : int, optional
        Steps s from one place to the next, zeros p added at both ends.

    Returns
    -------
    array of shape (m, channels out, (n + 2p - k) // s + 1)

    Raises
    ------
    ValueError
        Shapes that do not fit, a kernel larger than the padded x.

    Examples
    --------
    >>> x, W = np.array([[[1.0, 2.0, 4.0]]]), np.array([[[-1.0, 1.0]]])
    >>> conv1d(x, W)[0, 0]
    array([1., 2.])
    """
    return convolve("conv1d", 1, x, W, b, stride, padding)


def conv2d(x: Any, W: Any, b: Any = None, stride: Any = 1, padding: Any = 0) -> Any:
    """Return what `conv1d` returns, over rows and columns of images.

    Parameters
    ----------
    x : array of shape (m, c, height, width)
    W : array of shape (channels out, c, kernel height, kernel width)
    b : array of shape (channels out,), optional
    stride, padding : int or pair of int, optional

    Returns
    -------
    array of shape (m, channels out, height', width')

    Raises
    ------
    ValueError
        As `conv1d`.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(x, np.ones((1, 1, 2, 2)))[0, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """
    return convolve("conv2d", 2, x, W, b, stride, padding)


def max_pool_value(x: Any, kernel: Any, stride: Any, padding: Any) -> Any:
    out = places(x.shape[2:], kernel, stride, padding)
    return reduce(np.maximum, (x[at] for _, at in entries(kernel, stride, out)))


def winners(x: Any, a: Any, kernel: Any, stride: Any, padding: Any) -> Iterator[tuple[Any, Any]]:
    """Yield, entry by entry of the windows, in which it is the first largest, and where it is."""
    free = np.ones_like(a, bool)
    for _, at in entries(kernel, stride, a.shape[2:]):
        on = (x[at] == a) & free
        free &= ~on
        yield on, at


def switch_value(g: Any, x: Any, a: Any, **window: Any) -> Any:
    back = np.zeros_like(x, g.dtype)
    for on, at in winners(x, a, **window):
        back[at] += g * on
    return back


def switch_pullback(v: Any, back: Any, g: Any, x: Any, a: Any, **window: Any) -> Any:
    return (sum(v[at] * on for on, at in winners(x, a, **window)),)


def max_pool_pullback(g: Any, a: Any, x: Any, **window: Any) -> Any:
    """Send g to the first largest entry of its window: max is a switch."""
    return (SWITCH(g, x=plain(x), a=plain(a), **window),)


SWITCH = Operation("switch", switch_value, switch_pullback, "g to the largest: where it stood")
MAX_POOL = Operation(
    "max_pool",
    max_pool_value,
    max_pool_pullback,
    "largest of each window: g to where it stood",
)


def max_pool(x: Any, kernel: Any, stride: Any = None) -> Any:
    """Return the largest entry of each window; windows do not overlap unless stride says so.

    Parameters
    ----------
    x : array of shape ``(m, c, *size)``
    kernel, stride : int or tuple of int

    Returns
    -------
    array of shape (m, c, *places)

    Examples
    --------
    >>> max_pool(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    array([[[3., 2.]]])
    """
    return MAX_POOL(x, **window("max_pool", x.shape[2:], kernel, stride or kernel, 0))


def avg_pool(x: Any, kernel: Any, stride: Any = None) -> Any:
    """Return the mean of each window, as `max_pool` its largest entry.

    >>> avg_pool(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
    array([[[2., 1.]]])
    """
    u = UNFOLD(x, **window("avg_pool", x.shape[2:], kernel, stride or kernel, 0))
    return np.mean(u, axis=tuple(range(2, x.ndim)))
