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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy import add, divide, multiply, sqrt, subtract

from .params import Array, aligned_zeros

Rate = float | Callable[[int], float]
"""A learning rate: a number, or a function of the update's number t = 1, 2, ..."""

BLOCK_BYTES = 1 << 18
"""An update walks over theta in blocks of this size, so that the intermediate results of a block
stay in the cache of the core: for 235,146 numbers Adam takes 0.75 ms like this, 1.05 ms whole."""


class Memory:
    """What an optimizer keeps from one update to the next.

    Attributes
    ----------
    t : int
        Number of updates so far.
    vectors : dict of str to array
        Of the length and dtype of theta; they start at 0 and are made at the first update.
    """

    def __init__(self, *names: str) -> None:
        self.names = names
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.t = 0
        self.vectors: dict[str, Array] = {}
        self.scratch = np.empty(0)
        self.theta: Array | None = None
        self.grad: Array | None = None
        self.blocks: list[tuple[Array, ...]] = []

    def bind(self, theta: Array, grad: Array) -> list[tuple[Array, ...]]:
        """Return the blocks of an update: of theta, grad, one scratch array and the vectors.

        Cutting the blocks and looking at the arrays is done once for as long as the same two
        arrays are given.
        """
        if theta is self.theta and grad is self.grad:
            return self.blocks
        check_pair(theta, grad)
        for name, vector in self.vectors.items():
            if vector.shape != theta.shape or vector.dtype != theta.dtype:
                raise ValueError(
                    f"theta has {theta.size} entries of {theta.dtype}, but the optimizer remembers "
                    f"{name} of {vector.size} entries of {vector.dtype} from earlier updates: "
                    "call optimizer.reset(), or use one optimizer for each vector"
                )
        if not self.vectors:
            self.vectors = {name: aligned_zeros(theta.size, theta.dtype) for name in self.names}
        step = BLOCK_BYTES // theta.itemsize
        if self.scratch.size < min(step, theta.size) or self.scratch.dtype != theta.dtype:
            self.scratch = aligned_zeros(min(step, theta.size), theta.dtype)
        together = (theta, grad, *self.vectors.values())
        blocks = []
        for start in range(0, theta.size, step):
            first, second, *rest = (vector[start : start + step] for vector in together)
            blocks.append((first, second, self.scratch[: first.size], *rest))
        self.theta, self.grad, self.blocks = theta, grad, blocks
        return blocks

    def read(self, name: str) -> Array:
        """Return one vector, or say that there is none yet."""
        if name not in self.vectors:
            raise ValueError("the optimizer remembers nothing yet; call update(theta, grad) first")
        return self.vectors[name]

    def state(self) -> dict[str, Any]:
        """Return t and copies of the vectors."""
        return {"t": self.t} | {name: vector.copy() for name, vector in self.vectors.items()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned; where it does not fit, raise and change nothing."""
        if not isinstance(state, Mapping):
            raise TypeError(f"state is {state!r}; give the dict that optimizer.state() returned")
        names = set(self.names) if state.get("t") else set()
        if state.keys() != {"t"} | names:
            raise ValueError(
                f"the state holds {sorted(state)}; this optimizer's state holds "
                f"{sorted({'t'} | names)}: load it into an optimizer with the settings it came from"
            )
        t = state["t"]
        if isinstance(t, bool) or not isinstance(t, int | np.integer) or t < 0:
            raise ValueError(f"t of the state is {t!r}; it counts updates: 0, 1, 2, ...")
        vectors = {}
        for name in self.names if names else ():
            given = state[name]
            check_vector(given, f"{name} of the state")
            vectors[name] = aligned_zeros(given.size, given.dtype)
            vectors[name][:] = given
        if len({(vector.size, vector.dtype) for vector in vectors.values()}) > 1:
            sizes = ", ".join(f"{k}: {v.size} of {v.dtype}" for k, v in vectors.items())
            raise ValueError(f"the vectors of the state differ in size or dtype: {sizes}")
        self.reset()
        self.t, self.vectors = int(t), vectors

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the blocks: a copied view is no view, and updates would be lost in it."""
        return self.__dict__ | {"theta": None, "grad": None, "blocks": []}


def memory_of(*names: str) -> Any:
    """Return the dataclass field that holds a `Memory` of these vectors."""
    return field(default_factory=lambda: Memory(*names), init=False, repr=False)


class Optimizer(Protocol):
    """What training asks of an optimizer; one that you write needs no more."""

    lr: Rate
    t: int

    def update(self, theta: Array, grad: Array) -> None:
        """Change theta in place, given the gradient there."""

    def state(self) -> dict[str, Any]:
        """Return all that is remembered, as copies."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""


# The methods that every optimizer has, and has alike.


def count(self: Any) -> int:
    """Return the number of updates so far."""
    return self.memory.t


def state_of(self: Any) -> dict[str, Any]:
    """Return what the optimizer remembers: t, and copies of its vectors."""
    return self.memory.state()


def load_state_into(self: Any, state: Mapping[str, Any]) -> None:
    """Go on from what `state` returned; raises, and changes nothing, where it does not fit."""
    self.memory.load_state(state)


def forget(self: Any) -> None:
    """Forget all updates."""
    self.memory.reset()


@dataclass(frozen=True, eq=False)
class SGD:
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
        A setting out of range; Nesterov's form without momentum.

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
    memory: Memory = memory_of("velocity")

    def __post_init__(self) -> None:
        learning_rate(self.lr, 1)
        check_decay("momentum", self.momentum)
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov=True needs a momentum above 0, such as momentum=0.9")
        if not self.momentum:
            self.memory.names = ()

    def update(self, theta: Array, grad: Array) -> None:
        """Change theta in place, given the gradient there: both (N,), of the same float dtype."""
        memory = self.memory
        lr = learning_rate(self.lr, memory.t + 1)
        blocks = memory.bind(theta, grad)
        memory.t += 1
        if not self.momentum:
            for theta, grad, scratch in blocks:
                multiply(grad, lr, scratch)
                subtract(theta, scratch, theta)
            return
        mu = float(self.momentum)
        for theta, grad, scratch, u in blocks:
            multiply(u, mu, u)
            add(u, grad, u)
            if self.nesterov:
                multiply(u, mu, scratch)
                add(scratch, grad, scratch)
                multiply(scratch, lr, scratch)
            else:
                multiply(u, lr, scratch)
            subtract(theta, scratch, theta)

    @property
    def velocity(self) -> Array:
        """The velocity u after the last update."""
        return self.memory.read("velocity")

    t = property(count)
    state, load_state, reset = state_of, load_state_into, forget


@dataclass(frozen=True, eq=False)
class RMSProp:
    """Each entry's step divided by the recent root mean square of its gradient.

    v = beta v + (1 - beta) g^2,  theta = theta - eta g / (sqrt(v) + eps), with v = 0 at the start.

    Parameters
    ----------
    lr : float or callable
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
    memory: Memory = memory_of("v_sum")

    def __post_init__(self) -> None:
        learning_rate(self.lr, 1)
        check_decay("beta", self.beta)
        check_eps(self.eps)

    def update(self, theta: Array, grad: Array) -> None:
        """Change theta in place, given the gradient there: both (N,), of the same float dtype."""
        memory, beta = self.memory, float(self.beta)
        lr = learning_rate(self.lr, memory.t + 1)
        blocks = memory.bind(theta, grad)
        memory.t += 1
        # v = (1 - beta) V with the plain sum V, as in `adam_update`.
        root = math.sqrt(1 - beta)
        step, eps = lr / root, self.eps / root
        for theta, grad, scratch, V in blocks:
            multiply(grad, grad, scratch)
            multiply(V, beta, V)
            add(V, scratch, V)
            sqrt(V, scratch)
            add(scratch, eps, scratch)
            divide(grad, scratch, scratch)
            multiply(scratch, step, scratch)
            subtract(theta, scratch, theta)

    @property
    def v(self) -> Array:
        """The running mean of squared gradients, v, after the last update."""
        return (1 - self.beta) * self.memory.read("v_sum")

    t = property(count)
    state, load_state, reset = state_of, load_state_into, forget


def adam_m(self: Any) -> Array:
    """Return the running mean of gradients, m, after the last update (not corrected)."""
    return (1 - self.beta1) * self.memory.read("m_sum")


def adam_v(self: Any) -> Array:
    """Return the running mean of squared gradients, v, after the last update (not corrected)."""
    return (1 - self.beta2) * self.memory.read("v_sum")


@dataclass(frozen=True, eq=False)
class Adam:
    """RMSProp's division, with a running mean of the gradient in the numerator.

    m = beta1 m + (1 - beta1) g,    m_hat = m / (1 - beta1^t),
    v = beta2 v + (1 - beta2) g^2,  v_hat = v / (1 - beta2^t),
    theta = theta - eta m_hat / (sqrt(v_hat) + eps), with m = v = 0 at the start.

    Parameters
    ----------
    lr : float or callable
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
    memory: Memory = memory_of("m_sum", "v_sum")

    def __post_init__(self) -> None:
        check_adam(self)

    def update(self, theta: Array, grad: Array) -> None:
        """Change theta in place, given the gradient there: both (N,), of the same float dtype."""
        adam_update(self, theta, grad, weight_decay=0)

    m, v, t = property(adam_m), property(adam_v), property(count)
    state, load_state, reset = state_of, load_state_into, forget


@dataclass(frozen=True, eq=False)
class AdamW:
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

    lr: Rate = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    bias_correction: bool = True
    weight_decay: float = 0.01
    memory: Memory = memory_of("m_sum", "v_sum")

    def __post_init__(self) -> None:
        check_adam(self)
        if not 0 <= check_number("weight_decay", self.weight_decay) < math.inf:
            raise ValueError(
                f"weight_decay is {self.weight_decay}; give a number from 0 up, such as 0.01"
            )

    def update(self, theta: Array, grad: Array) -> None:
        """Change theta in place, given the gradient there: both (N,), of the same float dtype."""
        adam_update(self, theta, grad, self.weight_decay)

    m, v, t = property(adam_m), property(adam_v), property(count)
    state, load_state, reset = state_of, load_state_into, forget


def adam_update(optimizer: Adam | AdamW, theta: Array, grad: Array, weight_decay: float) -> None:
    """Change theta in place: the one update that `Adam` and `AdamW` share."""
    memory, beta1, beta2 = optimizer.memory, float(optimizer.beta1), float(optimizer.beta2)
    t = memory.t + 1
    lr = learning_rate(optimizer.lr, t)
    blocks = memory.bind(theta, grad)
    memory.t = t
    # The memory holds the plain sums M = m / (1 - beta1) and V = v / (1 - beta2), because
    # M = beta1 M + g is one operation shorter than m = beta1 m + (1 - beta1) g. The factors, and
    # those of the bias correction, meet in two numbers per update:
    # eta m_hat / (sqrt(v_hat) + eps) = step M / (sqrt(V) + eps / root). Ten operations a block
    # in place of fourteen.
    m_weight = (1 - beta1) / (1 - beta1**t if optimizer.bias_correction else 1)
    v_weight = (1 - beta2) / (1 - beta2**t if optimizer.bias_correction else 1)
    root = math.sqrt(v_weight)
    step, eps = lr * m_weight / root, optimizer.eps / root
    for theta, grad, scratch, M, V in blocks:
        multiply(M, beta1, M)
        add(M, grad, M)
        multiply(grad, grad, scratch)
        multiply(V, beta2, V)
        add(V, scratch, V)
        sqrt(V, scratch)
        add(scratch, eps, scratch)
        divide(M, scratch, scratch)
        multiply(scratch, step, scratch)
        if weight_decay:
            multiply(theta, 1 - lr * weight_decay, theta)
        subtract(theta, scratch, theta)


OPTIMIZERS: dict[str, Any] = {kind.__name__: kind for kind in (SGD, RMSProp, Adam, AdamW)}
"""Name -> class."""


@dataclass(frozen=True)
class Schedule:
    """A learning rate that changes with the number of the update, made by the functions below.

    Attributes
    ----------
    name : str
        Which function made it.
    settings : dict
        With which arguments.
    rate : callable, t -> eta
    """

    name: str
    settings: dict[str, Any]
    rate: Callable[[int], float] = field(repr=False, compare=False)

    def __call__(self, t: int) -> float:
        """Return the learning rate of update t = 1, 2, ..."""
        return self.rate(t)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.settings.items())})"


def constant(lr: float) -> Schedule:
    """Return the schedule that is ``lr`` at every update.

    >>> constant(0.1)(1000)
    0.1
    """
    learning_rate(lr, 1)
    return Schedule("constant", {"lr": lr}, lambda t: lr)


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """Return the schedule that multiplies ``lr`` by ``factor`` after ``every`` updates.

    eta = lr factor^floor((t - 1) / every).

    >>> rate = step_decay(1.0, every=2, factor=0.5)
    >>> rate, [rate(t) for t in (1, 2, 3, 4, 5)]
    (step_decay(lr=1.0, every=2, factor=0.5), [1.0, 1.0, 0.5, 0.5, 0.25])
    """
    learning_rate(lr, 1)
    check_steps("every", every)
    if not 0 < check_number("factor", factor) < math.inf:
        raise ValueError(f"factor is {factor}; give a number above 0, such as 0.1")
    settings = {"lr": lr, "every": every, "factor": factor}
    return Schedule("step_decay", settings, lambda t: lr * factor ** ((t - 1) // every))


def cosine(lr: float, steps: int, last: float = 0.0) -> Schedule:
    """Return the schedule that falls from ``lr`` to ``last`` along half a cosine.

    eta = last + (lr - last) (1 + cos(pi (t - 1) / steps)) / 2; after ``steps`` updates ``last``.
    Source: Loshchilov and Hutter (2017), arXiv:1608.03983, without its restarts.

    >>> rate = cosine(1.0, steps=4)
    >>> [round(rate(t), 4) for t in (1, 2, 3, 4, 5, 6)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    """
    learning_rate(lr, 1)
    learning_rate(last, 1)
    check_steps("steps", steps)

    def rate(t: int) -> float:
        return last + (lr - last) * (1 + math.cos(math.pi * min(t - 1, steps) / steps)) / 2

    return Schedule("cosine", {"lr": lr, "steps": steps, "last": last}, rate)


def warmup(steps: int, then: Rate) -> Schedule:
    """Return the schedule that rises evenly to the first rate of ``then``, then follows ``then``.

    eta = then(1) t / steps for t = 1, ..., steps; afterwards eta = then(t - steps).

    Parameters
    ----------
    steps : int
        How many updates the rise takes.
    then : float or callable
        A number, or another schedule; it starts counting after the rise.

    Returns
    -------
    Schedule

    Examples
    --------
    >>> rate = warmup(2, then=step_decay(1.0, every=2, factor=0.5))
    >>> [rate(t) for t in (1, 2, 3, 4, 5)]
    [0.5, 1.0, 1.0, 1.0, 0.5]
    """
    check_steps("steps", steps)
    top = learning_rate(then, 1)

    def rate(t: int) -> float:
        return top * t / steps if t <= steps else learning_rate(then, t - steps)

    return Schedule("warmup", {"steps": steps, "then": then}, rate)


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    rule.__name__: rule for rule in (constant, step_decay, cosine, warmup)
}
"""Name -> function that makes the schedule."""


def learning_rate(lr: Rate, t: int) -> float:
    """Return the learning rate of update t, or say what is wrong with it."""
    value = lr(t) if callable(lr) else lr
    if type(value) is not float:  # NumPy's float64 would compute float32 vectors in float64
        value = float(check_number("lr", value))
    if not 0 <= value < math.inf:
        raise ValueError(f"the learning rate is {value} at update {t}; give a number from 0 up")
    return value


def check_number(name: str, value: Any) -> Any:
    """Return the value if it is a real number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} is {value!r}; give a number")
    return value


def check_decay(name: str, value: Any) -> None:
    """Raise unless 0 <= value < 1."""
    if not 0 <= check_number(name, value) < 1:
        raise ValueError(f"{name} is {value}; give a number from 0 to below 1, such as 0.9")


def check_eps(eps: Any) -> None:
    """Raise unless eps is a finite number above 0."""
    if not 0 < check_number("eps", eps) < math.inf:
        raise ValueError(f"eps is {eps}; give a small number above 0, such as 1e-8")


def check_adam(optimizer: Adam | AdamW) -> None:
    """Raise where one of the settings that `Adam` and `AdamW` share is out of range."""
    learning_rate(optimizer.lr, 1)
    check_decay("beta1", optimizer.beta1)
    check_decay("beta2", optimizer.beta2)
    check_eps(optimizer.eps)


def check_steps(name: str, steps: Any) -> None:
    """Raise unless steps is a whole number from 1 up."""
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 1:
        raise ValueError(f"{name} is {steps!r}; give a whole number of updates, 1 or more")


def check_vector(vector: Any, name: str) -> None:
    """Raise unless it is a vector of floats."""
    if not isinstance(vector, np.ndarray) or vector.ndim != 1 or not vector.size:
        given = f"an array {vector.shape}" if isinstance(vector, np.ndarray) else repr(vector)
        raise TypeError(
            f"{name} is {given}; an update takes NumPy vectors of shape (N,), such as "
            "net.params.theta"
        )
    if vector.dtype.kind != "f":
        raise TypeError(
            f"{name} is a vector of {vector.dtype}; updates are fractions: "
            "use floating-point numbers, such as astype(float)"
        )


def check_pair(theta: Any, grad: Any) -> None:
    """Raise unless theta can be updated with grad."""
    check_vector(theta, "theta")
    check_vector(grad, "grad")
    if theta.shape != grad.shape or theta.dtype != grad.dtype:
        raise ValueError(
            f"theta has {theta.size} entries of {theta.dtype} and grad has {grad.size} of "
            f"{grad.dtype}; they go entry by entry"
        )
    if not theta.flags.writeable:
        raise ValueError("theta is read-only; an update changes it in place: use theta.copy()")
