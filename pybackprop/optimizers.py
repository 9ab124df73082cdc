"""Optimizers: each turns a gradient into a change of the vector it belongs to.

An optimizer knows nothing of networks. It takes any vector theta and the gradient g there, changes
theta in place, and remembers what it needs for the next time:

    optimizer.update(theta, g)

The same object walks over a surface of two coordinates or trains ``net.params.theta``. One
optimizer serves one vector; ``reset()`` makes it forget, for another.

In the formulas t = 1, 2, ... counts the updates, eta is the learning rate ``lr`` at t, and all
operations on vectors go entry by entry.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy import add, divide, multiply, sqrt, subtract

from .checks import check_from_zero, check_number
from .lookup import lookup
from .params import Array, aligned_zeros
from .schedules import Rate, check_rate, learning_rate

BLOCK_BYTES = 1 << 18
"""An update walks over theta in blocks of this size, so that the intermediate results of a block
stay in the cache of the core: for 235,146 numbers Adam takes 0.78 ms like this, 1.0 ms whole."""


class OptimizerLike(Protocol):
    """What training asks of an optimizer; one that you write needs no more."""

    lr: Rate
    t: int

    def update(self, theta: Array, grad: Array) -> None:
        """Change theta in place, given the gradient there."""

    def state(self) -> dict[str, Any]:
        """Return all that is remembered, as copies."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""


class Work(NamedTuple):
    """Two arrays that are updated together, cut into blocks of (theta, g, scratch, *vectors).

    The blocks lie in several lists, each with a scratch of its own, for as many threads.
    """

    theta: Array
    grad: Array
    scratch: Array
    shares: list[list[tuple[Array, ...]]]


class Optimizer:
    """What the optimizers have in common; each of them is its settings, ``vectors`` and ``rule``.

    Attributes
    ----------
    lr : float or callable
        Learning rate eta: a number, or a schedule t -> eta. Like every setting it may be assigned
        to at any time, and is checked when it is.
    t : int
        Number of updates so far.

    Notes
    -----
    One of your own is any object with ``lr``, ``t``, ``update``, ``state`` and ``load_state``. The
    shortest way there is a dataclass like this one. The vectors that it names start at 0 and are
    kept by `update`, which calls the rule with theta, the gradient and the vectors, in blocks; the
    scratch array in between spares the rule arrays of its own, and need not be used.

    Examples
    --------
    Steps of one length, along the sign of a running mean of the gradient:

    >>> @dataclass(eq=False)
    ... class SignDescent(Optimizer):
    ...     lr: Rate = 0.1
    ...     beta: float = 0.9
    ...
    ...     def vectors(self):
    ...         return ("m",)
    ...
    ...     def rule(self, lr, blocks):
    ...         for theta, g, scratch, m in blocks:
    ...             m[:] = self.beta * m + (1 - self.beta) * g
    ...             theta -= lr * np.sign(m)
    >>> theta, optimizer = np.zeros(2), SignDescent()
    >>> optimizer.update(theta, np.array([3.0, -1.0]))
    >>> theta, optimizer.state()
    (array([-0.1,  0.1]), {'t': 1, 'm': array([ 0.3, -0.1])})
    """

    lr: Rate
    t: int = 0
    memory: Mapping[str, Array] = MappingProxyType({})
    work: Work | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, self.checked(name, value) if name in SETTINGS else value)

    def checked(self, name: str, value: Any) -> Any:
        """Return the value of a setting as a plain number, or say what is wrong with it."""
        return SETTINGS[name](name, value)

    def vectors(self) -> tuple[str, ...]:
        """Return the names of the vectors that the rule remembers, in its blocks' order."""
        return ()

    def rule(self, lr: float, blocks: Iterable[tuple[Array, ...]]) -> None:
        """Change theta and the vectors in place, block by block; t counts this update already."""
        raise NotImplementedError(f"{type(self).__name__} has no rule(self, lr, blocks)")

    def reset(self) -> None:
        """Forget all updates."""
        self.t, self.memory, self.work = 0, {}, None

    def update(self, theta: Array, grad: Array) -> None:
        """Change theta in place, given the gradient there: both (N,), of the same float dtype."""
        for call in self.calls(theta, grad):
            call()

    def calls(self, theta: Array, grad: Array, count: int = 1) -> list[Callable[[], None]]:
        """Return an update as calls that as many threads may make side by side."""
        lr = learning_rate(self.lr, self.t + 1)
        work = self.work
        if (
            work is None
            or theta is not work.theta
            or grad is not work.grad
            or count != len(work.shares)
        ):
            work = self.work = self.bind(theta, grad, count)
        self.t += 1
        return [partial(self.rule, lr, blocks) for blocks in work.shares]

    def bind(self, theta: Array, grad: Array, count: int) -> Work:
        """Check two arrays and cut them; done once for as long as the same two are given."""
        check_pair(theta, grad)
        for name, vector in self.memory.items():
            if vector.shape != theta.shape or vector.dtype != theta.dtype:
                raise ValueError(
                    f"theta has {theta.size} entries of {theta.dtype}, but the optimizer remembers "
                    f"{name} of {vector.size} entries of {vector.dtype} from earlier updates: "
                    "call optimizer.reset(), or use one optimizer for each vector"
                )
        if not self.memory:
            self.memory = {name: aligned_zeros(theta.size, theta.dtype) for name in self.vectors()}
        step = min(BLOCK_BYTES // theta.itemsize, theta.size)
        scratch = self.work.scratch if self.work else None
        if scratch is None or (scratch.shape, scratch.dtype) != ((count, step), theta.dtype):
            scratch = aligned_zeros(count * step, theta.dtype).reshape(count, step)
        together = (theta, grad, *self.memory.values())
        shares: list[list[tuple[Array, ...]]] = [[] for _ in range(count)]
        for number, start in enumerate(range(0, theta.size, step)):
            first, g, *vectors = (whole[start : start + step] for whole in together)
            own = scratch[number % count, : first.size]
            shares[number % count].append((first, g, own, *vectors))
        return Work(theta, grad, scratch, shares)

    def read(self, name: str) -> Array:
        """Return a copy of one vector, or say that there is none yet."""
        if name not in self.memory:
            raise ValueError(f"{self!r} remembers no {name} yet; call update(theta, grad) first")
        return self.memory[name].copy()

    def state(self) -> dict[str, Any]:
        """Return what is remembered under the formula's names: t, and copies of the vectors."""
        return {"t": self.t} | {name: vector.copy() for name, vector in self.memory.items()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state: what `state` returned, or t and the vectors from elsewhere.

        Raises
        ------
        TypeError, ValueError
            It does not fit; nothing has been changed then.

        Examples
        --------
        >>> adam = Adam(lr=0.1)
        >>> adam.load_state({"t": 5, "m": [0.2, 0.0], "v": [0.01, 0.04]})
        >>> adam.t, adam.m
        (5, array([0.2, 0. ]))
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"state is {state!r}; give a dict, as optimizer.state() returns one")
        names = self.vectors()
        t = check_updates(state["t"]) if "t" in state else None
        if state.keys() != {"t", *names} and (t != 0 or state.keys() != {"t"}):
            raise ValueError(
                f"the state holds {', '.join(map(str, state)) or 'nothing'}; that of {self!r} "
                f"holds {', '.join(('t', *names))}: load it into an optimizer with the settings "
                "it came from"
            )
        memory = {name: remembered(name, state[name]) for name in names if name in state}
        if len({(vector.size, vector.dtype) for vector in memory.values()}) > 1:
            sizes = ", ".join(f"{k}: {v.size} of {v.dtype}" for k, v in memory.items())
            raise ValueError(f"the vectors of the state differ in size or dtype: {sizes}")
        self.t, self.memory, self.work = t or 0, memory, None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the blocks: a copied view is no view, and updates would be lost in it."""
        return vars(self) | {"work": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Every copy has vectors of its own."""
        vars(self).update(state)
        self.memory = {name: aligned(vector) for name, vector in self.memory.items()}


@dataclass(eq=False)
class SGD(Optimizer):
    """Gradient descent, with momentum or Nesterov's momentum where asked.

    Called stochastic where g is the gradient of a minibatch.

    ======================  ==============================================
    plain                   theta = theta - eta g
    momentum mu             u = mu u + g,  theta = theta - eta u
    Nesterov's              u = mu u + g,  theta = theta - eta (g + mu u)
    ======================  ==============================================

    The velocity u starts at 0.

    Parameters
    ----------
    lr : float or callable
        Learning rate eta: a number, or a schedule t -> eta.
    momentum : float, optional
        mu, at least 0 and below 1.
    nesterov : bool, optional

    Raises
    ------
    ValueError, TypeError
        A setting out of range; Nesterov's form without momentum; momentum switched on or off
        between updates.

    Notes
    -----
    The learning rate stands outside of u, as in PyTorch. Sutskever et al. and Keras keep it inside
    (u = mu u - eta g, theta = theta + u); the two are the same for a constant eta and differ while
    a schedule changes it. Nesterov's form asks for the gradient at the point theta - eta mu u where
    the velocity alone would lead. As usual in practice, theta here *is* that point: the formula
    above is Nesterov's after this change of variables, and needs the gradient at theta only.

    Sources: Robbins and Monro (1951), doi:10.1214/aoms/1177729586; Polyak (1964),
    doi:10.1016/0041-5553(64)90137-5; Nesterov (1983), Soviet Mathematics Doklady 27, 372-376;
    Sutskever, Martens, Dahl and Hinton (2013), proceedings.mlr.press/v28/sutskever13.html.

    Examples
    --------
    Two steps against the gradient (1, 2): without momentum each is 0.1 g, with momentum 0.5 the
    second one is 0.1 (0.5 g + g).

    >>> g = np.array([1.0, 2.0])
    >>> for momentum in (0.0, 0.5):
    ...     theta, optimizer = np.zeros(2), SGD(0.1, momentum)
    ...     optimizer.update(theta, g)
    ...     optimizer.update(theta, g)
    ...     print(theta)
    [-0.2 -0.4]
    [-0.25 -0.5 ]
    """

    lr: Rate
    momentum: float = 0.0
    nesterov: bool = False

    def checked(self, name: str, value: Any) -> Any:
        """Return the value of a setting as a plain number, or say what is wrong with it."""
        value = super().checked(name, value)
        chosen = {"momentum": self.momentum, "nesterov": self.nesterov} | {name: value}
        if chosen["nesterov"] and not chosen["momentum"]:
            raise ValueError("nesterov=True needs a momentum above 0, such as momentum=0.9")
        if self.t and bool(chosen["momentum"]) != bool(self.momentum):
            raise ValueError(
                f"momentum changes from {self.momentum} to {value} after {self.t} updates, and "
                "with 0 there is no velocity to go on from: call optimizer.reset() first"
            )
        return value

    def vectors(self) -> tuple[str, ...]:
        """Return the names of the vectors that the rule remembers: u, where there is momentum."""
        return ("u",) if self.momentum else ()

    def rule(self, lr: float, blocks: Iterable[tuple[Array, ...]]) -> None:
        """Change theta and u in place, block by block."""
        if not self.momentum:
            for theta, g, scratch in blocks:
                multiply(g, lr, scratch)
                subtract(theta, scratch, theta)
            return
        mu = self.momentum
        for theta, g, scratch, u in blocks:
            multiply(u, mu, u)
            add(u, g, u)
            if self.nesterov:
                multiply(u, mu, scratch)
                add(scratch, g, scratch)
                multiply(scratch, lr, scratch)
            else:
                multiply(u, lr, scratch)
            subtract(theta, scratch, theta)

    @property
    def u(self) -> Array:
        """The velocity u after the last update."""
        return self.read("u")


def plain_descent(optimizer: OptimizerLike | None) -> SGD | None:
    """Return an optimizer that takes eta times the gradient off theta, and None for any other."""
    return optimizer if type(optimizer) is SGD and not optimizer.momentum else None


@dataclass(eq=False)
class RMSProp(Optimizer):
    """Each entry's step divided by the recent root mean square of its gradient.

    v = beta v + (1 - beta) g^2,  theta = theta - eta g / (sqrt(v) + eps), with v = 0 at the start.

    Parameters
    ----------
    lr : float or callable, optional
        Learning rate eta: a number, or a schedule t -> eta.
    beta : float, optional
        How much of v stays, at least 0 and below 1.
    eps : float, optional
        Above 0; keeps the division finite where the gradient is 0.

    Raises
    ------
    ValueError, TypeError
        A setting out of range.

    Notes
    -----
    eps stands outside of the root, as in PyTorch; Keras has sqrt(v + eps), where the same number
    weighs more (eps = 1e-8 acts like 1e-4 outside). v is not corrected for starting at 0, so the
    first step has the length eta / sqrt(1 - beta), 3.2 eta by default, in every entry.

    Source: Tieleman and Hinton (2012), Neural Networks for Machine Learning, lecture 6.5, which
    has no eps.

    Examples
    --------
    One step with g = (3, -0.001): v = 0.1 g^2, so both entries move by 0.01 / sqrt(0.1).

    >>> theta = np.zeros(2)
    >>> RMSProp(lr=0.01).update(theta, np.array([3.0, -0.001]))
    >>> theta.round(4)
    array([-0.0316,  0.0316])
    """

    lr: Rate = 1e-3
    beta: float = 0.9
    eps: float = 1e-8

    def vectors(self) -> tuple[str, ...]:
        """Return the names of the vectors that the rule remembers: v."""
        return ("v",)

    def rule(self, lr: float, blocks: Iterable[tuple[Array, ...]]) -> None:
        """Change theta and v in place, block by block."""
        for theta, g, scratch, v in blocks:
            multiply(g, g, scratch)
            multiply(scratch, 1 - self.beta, scratch)
            multiply(v, self.beta, v)
            add(v, scratch, v)
            sqrt(v, scratch)
            add(scratch, self.eps, scratch)
            divide(g, scratch, scratch)
            multiply(scratch, lr, scratch)
            subtract(theta, scratch, theta)

    @property
    def v(self) -> Array:
        """The running mean of squared gradients, v, after the last update."""
        return self.read("v")


@dataclass(eq=False)
class Adam(Optimizer):
    """RMSProp's division, with a running mean of the gradient in the numerator.

    m = beta1 m + (1 - beta1) g,    m_hat = m / (1 - beta1^t),
    v = beta2 v + (1 - beta2) g^2,  v_hat = v / (1 - beta2^t),
    theta = theta - eta m_hat / (sqrt(v_hat) + eps), with m = v = 0 at the start.

    Parameters
    ----------
    lr : float or callable, optional
        Learning rate eta: a number, or a schedule t -> eta.
    beta1, beta2 : float, optional
        How much of m and v stays, at least 0 and below 1.
    eps : float, optional
        Above 0; keeps the division finite where the gradient is 0.
    bias_correction : bool, optional
        False takes m and v themselves for m_hat and v_hat. They start at 0 and are too small at
        first, sqrt(v) more so than m: the first step is then (1 - beta1) / sqrt(1 - beta2) times
        as long, 3.2 times by default.

    Raises
    ------
    ValueError, TypeError
        A setting out of range.

    Notes
    -----
    This is the paper's Algorithm 1, and PyTorch's Adam: eps is added after the bias correction.
    The paper's faster order (the end of its section 2) and Keras add it to the root of the
    uncorrected v, where the same eps weighs more in the first steps, 1 / sqrt(1 - beta2^t) times.
    There is no weight decay here: adding lambda theta to the gradient (coupled decay, which
    PyTorch's Adam offers) is up to you, the decoupled kind is `AdamW`.

    Source: Kingma and Ba (2015), arXiv:1412.6980.

    Examples
    --------
    The first step is eta g / |g| in every entry, whatever the size of g.

    >>> theta, optimizer = np.zeros(2), Adam(lr=0.1)
    >>> optimizer.update(theta, np.array([3.0, -0.001]))
    >>> theta.round(4), optimizer.m, optimizer.v
    (array([-0.1,  0.1]), array([ 3.e-01, -1.e-04]), array([9.e-03, 1.e-09]))
    """

    lr: Rate = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    bias_correction: bool = True

    def vectors(self) -> tuple[str, ...]:
        """Return the names of the vectors that the rule remembers: m and v."""
        return "m", "v"

    def rule(self, lr: float, blocks: Iterable[tuple[Array, ...]]) -> None:
        """Change theta, m and v in place, block by block."""
        # The corrections c are numbers, so they are taken out of the vectors:
        # eta (m / c1) / (sqrt(v / c2) + eps) = (eta root / c1) m / (sqrt(v) + eps root),
        # with root = sqrt(c2).
        c1 = 1 - self.beta1**self.t if self.bias_correction else 1.0
        root = math.sqrt(1 - self.beta2**self.t) if self.bias_correction else 1.0
        step, eps = lr * root / c1, self.eps * root
        beta1, beta2 = self.beta1, self.beta2
        for theta, g, scratch, m, v in blocks:
            multiply(g, 1 - beta1, scratch)
            multiply(m, beta1, m)
            add(m, scratch, m)
            multiply(g, g, scratch)
            multiply(scratch, 1 - beta2, scratch)
            multiply(v, beta2, v)
            add(v, scratch, v)
            sqrt(v, scratch)
            add(scratch, eps, scratch)
            divide(m, scratch, scratch)
            multiply(scratch, step, scratch)
            subtract(theta, scratch, theta)

    @property
    def m(self) -> Array:
        """The running mean of gradients, m, after the last update (not corrected)."""
        return self.read("m")

    @property
    def v(self) -> Array:
        """The running mean of squared gradients, v, after the last update (not corrected)."""
        return self.read("v")


@dataclass(eq=False)
class AdamW(Adam):
    """Adam with decoupled weight decay: theta also shrinks by its own fraction each time.

    theta = theta - eta (m_hat / (sqrt(v_hat) + eps) + lambda theta), with m_hat and v_hat as in
    `Adam`. The decay does not enter m and v, so no parameter's decay is divided by its gradient's
    size, as happens where lambda theta is added to the gradient.

    Parameters
    ----------
    lr, beta1, beta2, eps, bias_correction
        As in `Adam`.
    weight_decay : float, optional
        lambda, at least 0. All of theta shrinks, biases included.

    Raises
    ------
    ValueError, TypeError
        A setting out of range.

    Notes
    -----
    eta multiplies lambda, as in PyTorch. The paper's decay is eta_t lambda, where eta_t is the
    schedule alone (1 without one) and Adam's alpha does not enter: its lambda is our eta lambda.

    Source: Loshchilov and Hutter (2019), arXiv:1711.05101.

    Examples
    --------
    Where the gradient is 0, only the decay is left: 2 (1 - 0.1 * 0.5).

    >>> theta = np.array([2.0])
    >>> AdamW(lr=0.1, weight_decay=0.5).update(theta, np.array([0.0]))
    >>> theta
    array([1.9])
    """

    weight_decay: float = 0.01

    def rule(self, lr: float, blocks: Iterable[tuple[Array, ...]]) -> None:
        """Change theta, m and v in place, block by block."""
        super().rule(lr, self.shrunk(blocks, 1 - lr * self.weight_decay))

    def shrunk(
        self, blocks: Iterable[tuple[Array, ...]], share: float
    ) -> Iterator[tuple[Array, ...]]:
        """Yield the blocks with theta made smaller. Adam's step, next, does not look at theta."""
        for block in blocks:
            multiply(block[0], share, block[0])
            yield block


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}
"""Name -> class."""


def get_optimizer(given: str | OptimizerLike) -> OptimizerLike:
    """Return an optimizer given as an object, or by its name for its default settings.

    >>> get_optimizer("adam")
    Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08, bias_correction=True)
    """
    if isinstance(given, str):
        kind = lookup(OPTIMIZERS, given.lower(), "optimizer")
        if kind is SGD:
            raise TypeError(
                f"optimizer is {given!r}, which has no learning rate that suits most networks; "
                "choose one: pb.SGD(lr=0.1)"
            )
        return kind()
    needed = ("lr", "t", "update", "state", "load_state")
    missing = [name for name in needed if not hasattr(given, name)]
    if isinstance(given, type) or missing:
        lacks = f" (it has no {', '.join(missing)})" if missing else ""
        raise TypeError(
            f"optimizer is {given!r}{lacks}; give an object, such as Adam(lr=1e-3), or a name, "
            "such as 'adam'"
        )
    learning_rate(given.lr, given.t + 1)
    return given


# What is wrong with settings and vectors.


def check_decay(name: str, value: Any) -> float:
    """Return the value if 0 <= value < 1."""
    if not 0 <= check_number(name, value) < 1:
        raise ValueError(f"{name} is {value}; give a number from 0 to below 1, such as 0.9")
    return float(value)


def check_eps(name: str, value: Any) -> float:
    """Return the value if it is a finite number above 0."""
    if not 0 < check_number(name, value) < math.inf:
        raise ValueError(f"{name} is {value}; give a small number above 0, such as 1e-8")
    return float(value)


def check_flag(name: str, value: Any) -> bool:
    """Return the value if it is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} is {value!r}; give True or False")
    return bool(value)


SETTINGS: dict[str, Callable[[str, Any], Any]] = {
    "lr": check_rate,
    "momentum": check_decay,
    "nesterov": check_flag,
    "beta": check_decay,
    "beta1": check_decay,
    "beta2": check_decay,
    "eps": check_eps,
    "bias_correction": check_flag,
    "weight_decay": check_from_zero,
}
"""Setting -> what checks it, and returns it as a plain number."""


def check_updates(t: Any) -> int:
    """Return a number of updates."""
    if isinstance(t, bool) or not isinstance(t, int | np.integer) or t < 0:
        raise ValueError(f"t of the state is {t!r}; it counts updates: 0, 1, 2, ...")
    return int(t)


def check_vector(name: str, vector: Any) -> None:
    """Raise unless it is a vector of floats."""
    if not isinstance(vector, np.ndarray) or vector.ndim != 1 or not vector.size:
        given = f"an array {vector.shape}" if isinstance(vector, np.ndarray) else repr(vector)
        raise TypeError(
            f"{name} is {given}; an update takes NumPy vectors of shape (N,), such as "
            "net.params.theta, or np.ravel of a matrix"
        )
    if vector.dtype not in (np.float64, np.float32):
        raise TypeError(
            f"{name} is a vector of {vector.dtype}; updates are computed in float64 or float32: "
            "use astype(float)"
        )


def check_pair(theta: Any, grad: Any) -> None:
    """Raise unless theta can be updated with grad."""
    check_vector("theta", theta)
    check_vector("grad", grad)
    if theta.shape != grad.shape or theta.dtype != grad.dtype:
        raise ValueError(
            f"theta has {theta.size} entries of {theta.dtype} and grad has {grad.size} of "
            f"{grad.dtype}; they go entry by entry"
        )
    if not theta.flags.writeable:
        raise ValueError("theta is read-only; an update changes it in place: use theta.copy()")


def remembered(name: str, given: Any) -> Array:
    """Return one vector of a state in an array of our own, or say what is wrong with it."""
    values = np.asarray(given)
    if values.dtype.kind in "iu" or not isinstance(given, np.ndarray):
        values = values.astype(float)
    check_vector(f"{name} of the state", values)
    if np.isnan(values).any():
        raise ValueError(f"{name} of the state holds NaN at {np.isnan(values).argmax()}")
    return aligned(values)


def aligned(values: Array) -> Array:
    """Return a copy of a vector that starts at a multiple of 64 bytes."""
    vector = aligned_zeros(values.size, values.dtype)
    vector[:] = values
    return vector
