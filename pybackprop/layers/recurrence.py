"""Recurrent layers: the same weights at each time."""

from typing import Any

import numpy as np

from ..operations import Operation
from .basic import activation, linear


def check_sequence(name: str, x: Any, W: Any, U: Any, b: Any, gates: int) -> None:
    """Raise unless the shapes of a recurrent layer fit together."""
    n = U.shape[-1]
    if x.ndim != 3 or not x.shape[1] or W.shape != (gates * n, x.shape[2]):
        raise ValueError(
            f"{name}: x has shape {x.shape} and W {W.shape}; x is (m, T, d) with T from 1, and W "
            f"({gates * n}, d): {gates} block(s) of {n} rows"
        )
    if U.shape != (gates * n, n) or b.shape != (gates * n,):
        raise ValueError(
            f"{name}: U has shape {U.shape} and b {b.shape}; they are ({gates * n}, {n}) and "
            f"({gates * n},)"
        )


def over_time(name: str, gates: int, step: Any, x: Any, W: Any, U: Any, b: Any, *state: Any) -> Any:
    """Return the first part of the state at each time, stacked: shape (m, T, n).

    ``step(W x_t + b, *state)`` makes the state of the next time. Where a part of the first one is
    None, it is zeros of shape (m, n).
    """
    check_sequence(name, x, W, U, b, gates)
    zeros = np.zeros((x.shape[0], U.shape[1]), U.dtype)
    state, states, inputs = tuple(zeros if h is None else h for h in state), [], linear(x, W, b)
    for t in range(x.shape[1]):
        state = step(inputs[:, t], *state)
        states.append(state[0])
    return np.stack(states, axis=1)


def rnn(x: Any, W: Any, U: Any, b: Any, h: Any = None, phi: str = "tanh") -> Any:
    """Return the states of a plain recurrence, h_t = phi(W x_t + U h_(t-1) + b).

    Parameters
    ----------
    x : array of shape (m, T, d)
    W : array of shape (n, d)
    U : array of shape (n, n)
    b : array of shape (n,)
    h : array of shape (m, n), optional
        The state before the first time; zeros when left out.
    phi : str, optional

    Returns
    -------
    array of shape (m, T, n)

    Raises
    ------
    ValueError
        Shapes that do not fit.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> rnn(np.ones((1, 3, 1)), one, one, np.zeros(1), phi="identity")[0, :, 0]
    array([1., 2., 3.])
    """

    def step(u: Any, h: Any) -> Any:
        return (activation(phi, u + linear(h, U)),)

    return over_time("rnn", 1, step, x, W, U, b, h)


def lstm_gates(z: Any) -> list[Any]:
    """Return input gate, forget gate, candidate and output gate from z of shape (m, 4n)."""
    n = z.shape[1] // 4
    names = ("sigmoid", "sigmoid", "tanh", "sigmoid")
    return [activation(name, z[:, k * n : (k + 1) * n]) for k, name in enumerate(names)]


def lstm_cell_value(z: Any, c: Any) -> Any:
    i, f, u, o = lstm_gates(z)
    c = f * c + i * u
    return np.stack([o * np.tanh(c), c])


def lstm_cell_pullback(g: Any, a: Any, z: Any, c: Any) -> Any:
    """Return delta of the four gates, and dC/dc: f times what comes from the next time."""
    i, f, u, o = lstm_gates(z)
    t = np.tanh(a[1])
    later = g[1] + g[0] * o * (1 - t * t)
    delta = [
        later * u * i * (1 - i),
        later * c * f * (1 - f),
        later * i * (1 - u * u),
        g[0] * t * o * (1 - o),
    ]
    return np.concatenate(delta, axis=1), later * f


LSTM_CELL = Operation("lstm_cell", lstm_cell_value, lstm_cell_pullback, "h and c of z and c")


def lstm_cell(z: Any, c: Any) -> Any:
    """Return the next state and memory of an LSTM, stacked: shape (2, m, n).

    i, f, o = sigmoid and u = tanh of the parts (i, f, u, o) of z; c' = f c + i u; h' = o tanh(c').

    Parameters
    ----------
    z : array of shape (m, 4n)
    c : array of shape (m, n)

    Examples
    --------
    With z = 0 all gates are half open, and u = 0: half of c stays.

    >>> lstm_cell(np.zeros((1, 4)), np.array([[2.0]]))[1]
    array([[1.]])
    """
    if c.ndim != 2 or z.shape != (c.shape[0], 4 * c.shape[1]):
        raise ValueError(
            f"lstm_cell: z has shape {z.shape} and c {c.shape}; they are (m, 4n), (m, n)"
        )
    return LSTM_CELL(z, c)


def lstm(x: Any, W: Any, U: Any, b: Any, h: Any = None, c: Any = None) -> Any:
    """Return the states of an LSTM, whose memory c passes from time to time by a gate alone.

    z_t = W x_t + U h_(t-1) + b; then `lstm_cell`. The blocks of rows are in PyTorch's order: input
    gate, forget gate, candidate, output gate.

    Parameters
    ----------
    x : array of shape (m, T, d)
    W : array of shape (4n, d)
    U : array of shape (4n, n)
    b : array of shape (4n,)
    h, c : array of shape (m, n), optional

    Returns
    -------
    array of shape (m, T, n)

    Raises
    ------
    ValueError
        Shapes that do not fit.

    Notes
    -----
    Source: Hochreiter and Schmidhuber (1997), doi:10.1162/neco.1997.9.8.1735; the forget gate is
    of Gers, Schmidhuber and Cummins (2000), doi:10.1162/089976600300015015.
    """

    def step(u: Any, h: Any, c: Any) -> Any:
        both = lstm_cell(u + linear(h, U), c)
        return both[0], both[1]

    return over_time("lstm", 4, step, x, W, U, b, h, c)


def gru_parts(u: Any, v: Any) -> tuple[Any, Any, Any]:
    """Return reset gate, update gate and candidate from the inputs' and the state's part."""
    n = u.shape[1] // 3
    r = activation("sigmoid", u[:, :n] + v[:, :n])
    z = activation("sigmoid", u[:, n : 2 * n] + v[:, n : 2 * n])
    return r, z, np.tanh(u[:, 2 * n :] + r * v[:, 2 * n :])


def gru_cell_value(u: Any, v: Any, h: Any) -> Any:
    _, z, new = gru_parts(u, v)
    return (1 - z) * new + z * h


def gru_cell_pullback(g: Any, a: Any, u: Any, v: Any, h: Any) -> Any:
    """Return delta seen from the inputs, delta seen from the state, and dC/dh = z g."""
    n = u.shape[1] // 3
    r, z, new = gru_parts(u, v)
    delta_new = g * (1 - z) * (1 - new * new)
    delta_z = g * (h - new) * z * (1 - z)
    delta_r = delta_new * v[:, 2 * n :] * r * (1 - r)
    return (
        np.concatenate([delta_r, delta_z, delta_new], axis=1),
        np.concatenate([delta_r, delta_z, delta_new * r], axis=1),
        g * z,
    )


GRU_CELL = Operation("gru_cell", gru_cell_value, gru_cell_pullback, "(1 - z) new + z h")


def gru_cell(u: Any, v: Any, h: Any) -> Any:
    """Return the next state of a GRU, (1 - z) new + z h, shape (m, n).

    r, z = sigmoid(u + v) of the first two parts; new = tanh(u + r v) of the third.

    Parameters
    ----------
    u, v : array of shape (m, 3n)
        W x + b, and U h + its own bias.
    h : array of shape (m, n)

    Examples
    --------
    With u = v = 0 the update gate is half open, and the candidate is 0: half of h stays.

    >>> gru_cell(np.zeros((1, 3)), np.zeros((1, 3)), np.array([[2.0]]))
    array([[1.]])
    """
    if h.ndim != 2 or not u.shape == v.shape == (h.shape[0], 3 * h.shape[1]):
        raise ValueError(
            f"gru_cell: u has shape {u.shape}, v {v.shape}, h {h.shape}; they are (m, 3n), (m, 3n) "
            "and (m, n)"
        )
    return GRU_CELL(u, v, h)


def gru(x: Any, W: Any, U: Any, b: Any, bias_of_state: Any = None, h: Any = None) -> Any:
    """Return the states of a GRU, whose state passes from time to time by a gate.

    u = W x_t + b, v = U h_(t-1) + the state's bias; then `gru_cell`. The blocks of rows are in
    PyTorch's order: reset gate, update gate, candidate.

    Parameters
    ----------
    x : array of shape (m, T, d)
    W : array of shape (3n, d)
    U : array of shape (3n, n)
    b : array of shape (3n,)
    bias_of_state : array of shape (3n,), optional
    h : array of shape (m, n), optional

    Returns
    -------
    array of shape (m, T, n)

    Raises
    ------
    ValueError
        Shapes that do not fit.

    Notes
    -----
    Source: Cho and others (2014), arXiv:1406.1078; the reset gate after the product, as in PyTorch.
    """

    def step(u: Any, h: Any) -> Any:
        return (gru_cell(u, linear(h, U, bias_of_state), h),)

    return over_time("gru", 3, step, x, W, U, b, h)
