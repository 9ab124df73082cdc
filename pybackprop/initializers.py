"""Initial weights: rules that draw them, and the filling of a network's parameters."""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .activations import Activation
from .lookup import lookup
from .params import Array, Params, Views

# In quotes: to name numpy.random is to load it, an eighth of the time of importing NumPy.
Seed: TypeAlias = "int | np.random.Generator | None"
Initializer: TypeAlias = "Callable[[np.random.Generator, int, int], Array]"
Start: TypeAlias = "str | Initializer | Params | ArrayLike | Mapping[str, Any] | None"


def zeros(rng: "np.random.Generator", n_in: int, n_out: int) -> Array:
    """Return zeros: all units of a layer then stay the same."""
    return np.zeros((n_out, n_in))


def uniform(rng: "np.random.Generator", n_in: int, n_out: int) -> Array:
    """Draw from U(-s, s) with s = 1/sqrt(n_in)."""
    return rng.uniform(-1, 1, (n_out, n_in)) / np.sqrt(n_in)


def xavier(rng: "np.random.Generator", n_in: int, n_out: int) -> Array:
    """Draw from U(-s, s), s = sqrt(6/(n_in + n_out)): variance 2/(n_in + n_out).

    Source: Glorot and Bengio (2010), proceedings.mlr.press/v9/glorot10a.html.
    """
    return rng.uniform(-1, 1, (n_out, n_in)) * np.sqrt(6 / (n_in + n_out))


def he(rng: "np.random.Generator", n_in: int, n_out: int) -> Array:
    """Draw from N(0, 2/n_in). Source: He, Zhang, Ren and Sun (2015), doi:10.1109/ICCV.2015.123."""
    return rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)


INITIALIZERS: dict[str, Initializer] = {
    rule.__name__: rule for rule in (zeros, uniform, xavier, he)
}
"""Name -> rule (generator, n_in, n_out) -> weights of shape (n_out, n_in)."""


def initialize(params: Params, phi: Mapping[int, Activation], init: Start, rng: Seed) -> None:
    """Fill the parameters in place; see ``init`` of `Network`."""
    with np.errstate(over="ignore"):  # a number too large for float32 is infinity, and named below
        start(params, phi, init, rng)
    if not np.isfinite(params.theta).all():
        raise ValueError("init holds NaN or infinity; every parameter must be a finite number")


def start(params: Params, phi: Mapping[int, Activation], init: Start, rng: Seed) -> None:
    """Fill the parameters with what is given, or draw them."""
    if isinstance(init, Params):
        if init.sizes != params.sizes:
            raise ValueError(f"init is {init}; the network's parameters are {params}")
        params.theta = init.theta
    elif isinstance(init, Mapping):
        if not {*init} <= {"W", "b"}:
            raise ValueError(f"init has the keys {[*init]}; it takes 'W' and, where not 0, 'b'")
        fill(params.W, init, "W")
        fill(params.b, init, "b")
    elif init is None or callable(init) or isinstance(init, str):
        generator = np.random.default_rng(rng)
        for layer, (n_in, n_out) in enumerate(pairwise(params.sizes), start=1):
            named = phi[layer].init if init is None else init
            rule = named if callable(named) else lookup(INITIALIZERS, named, "initialization")
            params.W[layer] = rule(generator, n_in, n_out)
    else:
        theta = np.asarray(init)
        if theta.shape != params.theta.shape:
            raise ValueError(
                f"init is an array of shape {theta.shape}; {params} takes a vector of "
                f"{params.theta.size} numbers"
            )
        params.theta = theta


def fill(views: Views, init: Mapping[str, Any], letter: str) -> None:
    """Copy ``init[letter]``, a list in layer order or a dict by layer, into the views.

    Biases that are left out stay 0.
    """
    if letter not in init:
        if letter == "b":
            return
        raise ValueError(f"init has no {letter!r}; give a dict with 'W' and, where not 0, 'b'")
    given = init[letter]
    if not isinstance(given, Iterable):
        raise TypeError(f"init[{letter!r}] is {given!r}; give a value for each layer, as a list")
    values = dict(given) if isinstance(given, Mapping) else dict(enumerate(given, start=1))
    if values.keys() != views.keys():
        raise ValueError(
            f"init[{letter!r}] gives the layers {sorted(values)}; the network has {sorted(views)}"
        )
    for layer, value in values.items():
        array, shape = np.asarray(value), views[layer].shape
        if array.shape != shape:
            fix = ""
            if letter == "W" and array.shape == shape[::-1]:
                fix = ", one row per unit: use its transpose, np.asarray(...).T"
            elif letter == "b" and array.size == shape[0]:
                fix = ": use np.ravel(...)"
            elif letter == "b" and array.size == 1:
                fix = f": for one number for all units, use np.full({shape[0]}, {array.item():g})"
            raise ValueError(
                f"init[{letter!r}] of layer {layer} has shape {array.shape}; "
                f"{letter}[{layer}] is {shape}{fix}"
            )
        views[layer] = array
