"""Attention: each place of a sequence takes a weighted mean of the values of all."""

from typing import Any

import numpy as np

from ..operations import Operation


def masked_softmax_value(s: Any, mask: Any, scale: float) -> Any:
    s = s * scale
    if mask is not None:
        s = np.where(mask, s, -np.inf)
    e = np.exp(s - np.max(s, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def masked_softmax_pullback(g: Any, a: Any, s: Any, mask: Any, scale: float) -> Any:
    """Return scale a (g - sum g a): softmax's Jacobian; masked entries have a = 0."""
    return (scale * a * (g - np.sum(g * a, axis=-1, keepdims=True)),)


MASKED_SOFTMAX = Operation(
    "masked_softmax",
    masked_softmax_value,
    masked_softmax_pullback,
    "softmax(scale x): scale a (g - sum g a)",
)


def masked_softmax(s: Any, mask: Any = None, scale: float = 1.0) -> Any:
    """Return the softmax of scale s along the last axis, over the entries that the mask lets pass.

    Parameters
    ----------
    s : array of shape (..., k)
    mask : array of bool that broadcasts to s, optional
        False: the entry counts for nothing, and gets nothing back.
    scale : float, optional

    Raises
    ------
    ValueError
        A row whose entries are all masked.

    Examples
    --------
    >>> masked_softmax(np.array([[5.0, 1.0, 1.0]]), np.array([False, True, True]))
    array([[0. , 0.5, 0.5]])
    """
    if mask is not None:
        mask = np.asarray(mask, bool)
        if not mask.any(axis=-1).all():
            raise ValueError(
                "masked_softmax: a row is masked as a whole; let one entry pass at least"
            )
    return MASKED_SOFTMAX(s, mask=mask, scale=scale)


def causal_mask(T: int) -> Any:
    """Return the mask of shape (T, T) that lets each place see itself and what came before.

    >>> causal_mask(2)
    array([[ True, False],
           [ True,  True]])
    """
    return np.tri(T, dtype=bool)


def split_heads(x: Any, heads: int) -> Any:
    """Return x of shape (m, T, d) as (m, heads, T, d / heads)."""
    m, T, d = x.shape
    if d % heads:
        raise ValueError(f"split_heads: {d} units cannot be shared out among {heads} heads evenly")
    return np.swapaxes(x.reshape(m, T, heads, d // heads), 1, 2)


def merge_heads(x: Any) -> Any:
    """Return x of shape (m, heads, T, n) as (m, T, heads n): the way back of `split_heads`."""
    m, heads, T, n = x.shape
    return np.swapaxes(x, 1, 2).reshape(m, T, heads * n)


def attention(q: Any, k: Any, v: Any, mask: Any = None, heads: int = 1) -> Any:
    """Return softmax(q k^T / sqrt(d)) v, for each head on its own part of the units.

    Parameters
    ----------
    q : array of shape (m, T, d)
        Queries: what each place asks for.
    k : array of shape (m, S, d)
        Keys: what each place is found by.
    v : array of shape (m, S, n)
        Values: what each place hands out.
    mask : array of bool that broadcasts to (m, heads, T, S), optional
        Whether a place (row) may look at another (column), such as `causal_mask`.
    heads : int, optional

    Returns
    -------
    array of shape (m, T, n)

    Raises
    ------
    ValueError
        Shapes that do not fit, a place that may look at none.

    Examples
    --------
    A query of 0 asks for nothing: all values count alike.

    >>> k = v = np.array([[[1.0], [3.0]]])
    >>> attention(np.zeros((1, 1, 1)), k, v)
    array([[[2.]]])

    Source: Vaswani and others (2017), arXiv:1706.03762.
    """
    shapes = [q.shape, k.shape, v.shape]
    if {len(shape) for shape in shapes} != {3} or not (
        q.shape[0] == k.shape[0] == v.shape[0]
        and q.shape[2] == k.shape[2]
        and k.shape[1] == v.shape[1]
    ):
        raise ValueError(
            f"attention: q, k, v have the shapes {shapes}; they are (m, T, d), (m, S, d), (m, S, n)"
        )
    q, k, v = (split_heads(x, heads) for x in (q, k, v))
    weights = masked_softmax(q @ k.mT, mask, 1 / np.sqrt(q.shape[-1]).item())
    return merge_heads(weights @ v)
