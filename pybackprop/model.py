"""A model of any shape: a function of named parameters, written with a graph's operations.

`train`, `predict`, `evaluate` and `accuracy` take it as they take a `Network`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .checks import check_dtype, check_from_zero, check_weights
from .data import Data, are_classes, classes
from .graph import Node, gradient
from .initializers import Seed
from .layers import LOSSES_ON_LOGITS
from .lookup import lookup
from .losses import mean
from .optimizers import OptimizerLike, plain_descent
from .params import Array, aligned_zeros
from .schedules import learning_rate


class NamedParams(Mapping[str, Array]):
    """Parameters by name, each a view into one vector ``theta``, in the order they were given.

    Parameters
    ----------
    values : mapping of str to array
        Copied into theta; scalars are arrays of shape ().

    Attributes
    ----------
    theta : array of shape (N,)
    blocks : dict of str to slice
        Where each stands in theta.

    Examples
    --------
    >>> params = NamedParams({"W": [[1.0, 2.0]], "b": [3.0]})
    >>> params["b"][:] = 4.0
    >>> params.theta, params.entry(1)
    (array([1., 2., 4.]), 'W[0, 1]')
    """

    def __init__(self, values: Mapping[str, ArrayLike], dtype: DTypeLike = float) -> None:
        arrays = {name: np.asarray(value, dtype) for name, value in values.items()}
        self._shapes = {name: array.shape for name, array in arrays.items()}
        ends = np.cumsum([0, *(array.size for array in arrays.values())]).tolist()
        self.blocks = {name: slice(*ends[i : i + 2]) for i, name in enumerate(arrays)}
        self._bind(aligned_zeros(ends[-1], dtype))
        for name, array in arrays.items():
            self._views[name][...] = array

    def _bind(self, theta: Array) -> None:
        self._theta = theta
        self._views = {n: theta[self.blocks[n]].reshape(s) for n, s in self._shapes.items()}

    @property
    def theta(self) -> Array:
        """All parameters as one vector. Assigning writes into it."""
        return self._theta

    @theta.setter
    def theta(self, values: ArrayLike) -> None:
        if np.shape(values) != self._theta.shape:
            raise ValueError(f"theta has shape {self._theta.shape}, the value {np.shape(values)}")
        self._theta[:] = values

    def with_theta(self, theta: ArrayLike) -> "NamedParams":
        """Return the same names and shapes on another vector, which is not copied."""
        theta = np.asarray(theta)
        if theta.shape != self._theta.shape:
            raise ValueError(f"theta has shape {theta.shape}; it takes {self._theta.shape}")
        twin = copy(self)
        twin._bind(theta)
        return twin

    def __getitem__(self, name: str) -> Array:
        try:
            return self._views[name]
        except KeyError:
            raise KeyError(f"no parameter {name!r}; there are {', '.join(self)}") from None

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        if np.shape(value) != self[name].shape:
            raise ValueError(
                f"{name} has shape {self[name].shape}; the value given has {np.shape(value)}"
            )
        self[name][...] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def entry(self, index: int) -> str:
        """Return the name of ``theta[index]``, such as ``'W[0, 1]'``."""
        for name, where in self.blocks.items():
            if where.start <= index < where.stop:
                place = np.unravel_index(index - where.start, self[name].shape)
                return f"{name}[{', '.join(str(int(k)) for k in place)}]" if place else name
        raise IndexError(f"theta has {self.theta.size} entries; there is no entry {index}")


@dataclass(frozen=True, eq=False)
class Run:
    """One forward and backward pass of a model: its tape, the gradient, the loss of the batch."""

    tape: list[Node]
    y: Array
    grad: NamedParams
    loss: float


class Model:
    """A function with parameters, and a loss.

    Parameters
    ----------
    f : callable, (p, x, rng) -> z
        What the model computes: from parameters ``p[name]`` and a batch x of shape (m, ...) the
        outputs z of shape (m, ..., k): logits, where the loss takes logits. Written with NumPy's
        functions and ``layers``, it runs on a tape's nodes as on arrays. ``rng`` is the random
        generator while the model is trained, and None elsewhere: dropout and batch
        normalization ask it.
    params : mapping of str to array
        Initial values, by name.
    loss : str or callable, (z, y) -> loss of each example, optional
        "cross_entropy" (softmax, on logits; targets are rows or class numbers), "bce" (sigmoid, on
        logits), "half_sse", "sse", "mse"; or a function written as f is.
    fixed : sequence of str, optional
        Parameters that training leaves as they are, such as running averages.
    penalty : float, optional
        lambda: adds lambda/2 times the sum of all squared weights to the loss. Weights are the
        parameters with two axes or more: biases, gains and other vectors are none.
    rng : int or numpy.random.Generator, optional
        Seed or source of what f draws in training.

    Examples
    --------
    >>> line = Model(lambda p, x, rng: x * p["w"], {"w": 0.0}, "half_sse")
    >>> from pybackprop import SGD, train
    >>> history = train(line, [[1.0], [-1.0]], [[2.0], [-2.0]], optimizer=SGD(0.5), epochs=3)
    >>> history.losses, line.params["w"]
    ([2.0, 0.5, 0.125], array(1.75))
    """

    def __init__(
        self,
        f: Callable[[Mapping[str, Any], Any, Any], Any],
        params: Mapping[str, ArrayLike],
        loss: str | Callable[[Any, Any], Any] = "cross_entropy",
        *,
        fixed: Sequence[str] = (),
        penalty: float = 0.0,
        dtype: DTypeLike = float,
        rng: Seed = None,
    ) -> None:
        self.f, self.params, self.fixed = f, NamedParams(params, check_dtype(dtype)), tuple(fixed)
        self.loss = loss if callable(loss) else lookup(LOSSES_ON_LOGITS, loss, "loss")
        self.loss_name = loss if isinstance(loss, str) else getattr(loss, "__name__", "own")
        self.penalty = check_from_zero("penalty", penalty)
        self.rng: np.random.Generator | None = np.random.default_rng(rng)
        for name in self.fixed:
            self.params[name]  # raises where there is none

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type of the parameters."""
        return self.params.theta.dtype

    def with_params(self, theta: ArrayLike) -> "Model":
        """Return the same model with other parameter values, which are not copied."""
        twin = copy(self)
        twin.params = self.params.with_theta(theta)
        return twin

    def __repr__(self) -> str:
        more = f", penalty {self.penalty:g}" if self.penalty else ""
        count = f"{self.params.theta.size} parameters{more}, {self.dtype}"
        return f"Model({', '.join(self.params)}: {self.loss_name}, {count})"

    def __call__(self, x: Any) -> Array:
        """Return the outputs for a batch, out of training."""
        z: Array = self.f(self.params, x, None)
        return z

    def gradient(self, X: ArrayLike, Y: ArrayLike, weights: ArrayLike | None = None) -> NamedParams:
        """Return the gradient of the loss, by name, out of training (rng is None); change nothing.

        >>> line = Model(lambda p, x, rng: x * p["w"], {"w": 1.0}, "half_sse")
        >>> line.gradient([[2.0]], [[3.0]])["w"]
        array(-2.)
        """
        data, quiet = self.examples(X, Y, weights), copy(self)
        quiet.rng = None
        plan = ModelPlan(quiet, data.X, data.Y, weighted=data.weights is not None)
        plan.load(data.X, data.Y, data.weights)
        plan.forward()
        plan.backward()
        return plan.grad

    def examples(self, X: ArrayLike, Y: ArrayLike, weights: ArrayLike | None = None) -> Data:
        """Return the examples as arrays that go in pairs, or say what is wrong with them."""
        X, Y = as_numbers(X, "X", self.dtype), as_numbers(Y, "Y", self.dtype)
        if not len(X) or len(X) != len(Y):
            raise ValueError(
                f"X has {len(X)} examples and Y has {len(Y)}; they go in pairs, by row"
            )
        labels = None
        if Y.ndim == 1 and Y.dtype.kind == "i":
            labels = Y
        elif Y.ndim == 2 and Y.dtype.kind == "f" and are_classes(Y):
            labels = classes(Y)
        return Data(X, Y, check_weights(weights, len(X), self.dtype), labels)

    def losses(self, z: Any, y: Array) -> Any:
        """Return the loss of each example, shape (m,): a sequence's is the mean over its places."""
        each = self.loss(z, y)
        return each if each.ndim == 1 else np.mean(each.reshape(len(y), -1), axis=1)

    def cost(self, X: Array, Y: Array, weights: Array | None = None) -> Any:
        """Return the loss C of a batch that fits, out of training."""
        return mean(self.losses(self(X), Y), weights) + self.penalties()

    def penalties(self) -> Any:
        """Return lambda/2 times the sum of all squared weights."""
        return self.penalty / 2 * sum((W * W).sum() for W in self.weights())

    def weights(self) -> Iterator[Array]:
        """Yield the parameters that the penalty is taken of."""
        return (W for W in self.params.values() if W.ndim > 1)

    def answers(self, z: Array) -> Array:
        """Return the class of each row of outputs: the largest, or the side of a single one."""
        border = 0.0 if self.loss_name == "bce" else 0.5
        found: Array = z.argmax(axis=-1) if z.shape[-1] > 1 else z[..., 0] >= border
        return found


def as_numbers(values: ArrayLike, name: str, dtype: Any) -> Array:
    """Return values as an array: whole numbers stay (class numbers, tokens), others take dtype."""
    array = np.asarray(values)
    if array.dtype.kind not in "iubf" or not array.ndim:
        raise TypeError(
            f"{name} is of {array.dtype} with shape {array.shape}; give an array of numbers"
        )
    if array.dtype.kind in "iu":
        return np.ascontiguousarray(array, np.int64)
    array = np.ascontiguousarray(array, dtype)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity; every number must be finite")
    return array


class ModelPlan:
    """The step of a model: what `engine.Plan` is for a network, with the same methods.

    The tape is made anew in each step. Nothing of the model changes before `update`: a function
    that writes running averages (fixed parameters) writes into copies.

    Parameters
    ----------
    model : Model
    x, y : array of shape (m, ...)
        The batch, to work on.
    optimizer : optional
        Needed for `update` and `step`.
    weighted : bool, optional
        Whether examples have weights; they are then put into ``w``.
    keep : bool, optional
        Keep the tape, and the gradient as it is, for `trace`. Else the next step clears the tape,
        and plain gradient descent has its step in ``grad``, eta times the gradient: the way back is
        linear in the number it begins with.
    """

    def __init__(
        self,
        model: Model,
        x: Array,
        y: Array,
        optimizer: OptimizerLike | None = None,
        *,
        weighted: bool = False,
        keep: bool = False,
    ) -> None:
        self.model, self.optimizer, self.x, self.y, self.m = model, optimizer, x, y, len(x)
        self.keep, self.plain = keep, None if keep else plain_descent(optimizer)
        self.w = np.ones(self.m, model.dtype) if weighted else None
        self.grad = model.params.with_theta(np.zeros_like(model.params.theta))
        self.tape: list[Node] = []
        self.p: dict[str, Any] = {}

    def load(self, X: Array, Y: Array, w: Array | None = None) -> None:
        """Copy a batch in."""
        self.x[...], self.y[...] = X, Y
        if w is not None and self.w is not None:
            self.w[...] = w

    def forward(self) -> None:
        """Run the batch through the model, on a new tape."""
        if not self.keep:  # tape and nodes hold each other: cleared, their arrays are free at once
            self.tape.clear()
        model, self.tape = self.model, []
        self.p = {
            name: view.copy() if name in model.fixed else Node(self.tape, view)
            for name, view in model.params.items()
        }
        self.z = model.f(self.p, self.x, model.rng)
        self.each = model.losses(self.z, self.y)

    def loss(self) -> float:
        """Return the loss C of the batch, after `forward`."""
        each = self.each.value if self.w is None else self.each.value * self.w
        return float(each.sum()) / self.m + float(self.model.penalties())

    def backward(self) -> None:
        """Work out the gradient, after `forward`."""
        rate = learning_rate(self.plain.lr, self.plain.t + 1) if self.plain else 1.0
        g = np.full(self.m, rate / self.m, self.model.dtype)  # C is a mean: this is its pull-back
        if self.w is not None:
            g *= self.w
        free = {name: node for name, node in self.p.items() if name not in self.model.fixed}
        room = {node.index: self.grad[name] for name, node in free.items()}
        parts = gradient(self.each, [*free.values()], g, room)
        for name, part in zip(free, parts, strict=True):
            if part is not self.grad[name]:
                self.grad[name][...] = part
            if self.model.penalty and self.grad[name].ndim > 1:
                self.grad[name] += rate * self.model.penalty * self.model.params[name]

    def update(self) -> None:
        """Change theta, after `backward`."""
        params = self.model.params
        if self.plain:
            params.theta -= self.grad.theta
            self.plain.t += 1
        elif self.optimizer is not None:
            self.optimizer.update(params.theta, self.grad.theta)
        for name in self.model.fixed:  # as f left them: decay, too, leaves them alone
            params[name][...] = self.p[name]

    def step(self) -> None:
        """Do one forward pass, one backward pass and one update."""
        self.forward()
        self.backward()
        self.update()

    def answers(self) -> Array:
        """Return the class of each example of the batch, after `forward`."""
        return self.model.answers(self.z.value)

    def trace(self, loss: float) -> Run:
        """Return the record of the step."""
        return Run(self.tape, self.y, self.grad, loss)
