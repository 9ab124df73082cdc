"""What an address holds: a network, one example, one step. It is read, or told in words per field.

The fields of the form and the parts of an address have the same names: ``sizes``, ``phi1`` to
``phi5`` (activations), ``loss``, ``W1``, ``b1`` and so on, ``x``, ``y``, ``optimizer``, ``lr``,
``fixed``, ``seed``, ``show``. Rows of a matrix end with a semicolon or a line.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from ...activations import ACTIVATIONS, of_layers
from ...checks import check_targets
from ...initializers import INITIALIZERS
from ...lookup import lookup
from ...losses import LOSSES, OWN_LOSS, objective
from ...network import Network, Trace, backprop
from ...optimizers import OPTIMIZERS, Optimizer
from ...params import Array
from ..steppers.address import packed, spelled
from ..steppers.backward import first_step
from .fields import MOST_LETTERS, one_number, plain, split
from .kinds import KINDS

MOST_LAYERS, MOST_UNITS = 5, 8

SHOWN = {
    "forward": "Forward pass",
    "backward": "Backward pass and update",
    "derivation": "Chain rule",
    "gradient-check": "Gradient check",
}
"""What can be stepped through -> what the page calls it."""

DEFAULTS = {
    "sizes": "2-2-2",
    "loss": "",
    "optimizer": "sgd",
    "lr": "0.5",
    "fixed": "",
    "seed": "0",
    "show": "forward",
}


@dataclass(eq=False)
class State:
    """What was entered, and what it means.

    Attributes
    ----------
    fields : dict
        Name -> text, for every field of a network of these sizes.
    errors : dict
        Name of a field -> what is wrong with it.
    net, trace, after, new_loss
        The network, both passes of its example, theta after the step, and the loss there; there
        where nothing is wrong.
    """

    fields: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    sizes: tuple[int, ...] = ()
    net: Network = None  # type: ignore[assignment]
    trace: Trace = None  # type: ignore[assignment]
    after: Array = None  # type: ignore[assignment]
    new_loss: float = 0.0

    @property
    def lr(self) -> float:
        """The learning rate."""
        return float(self.fields["lr"])

    @property
    def address(self) -> str:
        """The address that brings this network back."""
        kept = {name: value for name, value in self.fields.items() if value}
        return "&".join(f"{name}={packed(value)}" for name, value in kept.items())


def read(address: str, changed: str = "") -> State:
    """Read an address, or the fields of the form in the same form.

    Parameters
    ----------
    address : str
    changed : str, optional
        The field that a reader has just changed. After new sizes, what does not fit them is drawn
        anew; after a new seed, all weights are.

    Examples
    --------
    >>> state = read("sizes=1-1&W1=2&b1=-1&x=0.5&y=1")
    >>> state.net, state.trace.z[1].item()
    (Network(1-1, sigmoid, bce, 2 parameters, float64), 0.0)
    >>> read("sizes=1-1&W1=two&x=0.5&y=1").errors
    {'W1': '“two” is no number; write 0.5, -2 or 1e-3.'}
    """
    try:
        given = parts(address)
    except ValueError as error:
        return State(dict(DEFAULTS), {"sizes": str(error)})
    long = [name for name, text in given.items() if len(text) > MOST_LETTERS]
    state = State(DEFAULTS | {name: given.get(name, text) for name, text in DEFAULTS.items()})
    if long:
        state.errors = {"sizes": f"{plain(long[0])} is too long; it is no network's."}
        return state
    read_sizes(state)
    if not state.errors:
        read_choices(state, given)
        read_numbers(state, given, changed)
    if not state.errors:
        compute(state)
    return state


def parts(address: str) -> dict[str, str]:
    """Return the parts of an address by name; a plus is a plus.

    >>> parts("show=graph&C=w*x+b")
    {'show': 'graph', 'C': 'w*x+b'}
    """
    try:
        return dict(parse_qsl(address.replace("+", "%2B"), True, max_num_fields=60))
    except ValueError:
        raise ValueError("This link holds too much; it is no stepper's.") from None


def read_sizes(state: State) -> None:
    """Read the sizes."""
    text = state.fields["sizes"]
    parts = [part for part in re.split(r"[-–,;\s×]+", text.strip()) if part]
    try:
        sizes = tuple(int(part) for part in parts if part.isascii() and part.isdigit())
    except ValueError:  # thousands of digits
        sizes = ()
    if not parts or len(sizes) != len(parts):
        state.errors["sizes"] = (
            f"{plain(text)} names no sizes; write the units of each layer, inputs first: 2-3-1."
        )
    elif not 2 <= len(sizes) <= MOST_LAYERS + 1:
        state.errors["sizes"] = (
            f"Here are {len(sizes)} numbers; give the inputs and 1 to {MOST_LAYERS} layers, "
            "such as 2-3-1."
        )
    elif not all(1 <= size <= MOST_UNITS for size in sizes):
        state.errors["sizes"] = f"A layer takes 1 to {MOST_UNITS} units here."
    else:
        state.sizes = sizes
        state.fields["sizes"] = "-".join(map(str, sizes))


def read_choices(state: State, given: Mapping[str, str]) -> None:
    """Read what is chosen by name: activations, loss, optimizer, what is shown."""
    fields, last = state.fields, len(state.sizes) - 1
    tables: dict[str, Mapping[str, Any]] = {
        f"phi{l}": ACTIVATIONS for l in range(1, last + 1)
    } | {
        "optimizer": OPTIMIZERS,
        "show": SHOWN,
        "fixed": {"": "", "b": ""},
        "loss": LOSSES | {"": ""},
    }  # fmt: skip
    for name, table in tables.items():
        fields[name] = given.get(name, fields.get(name, "sigmoid"))
        if fields[name] not in table:
            known = ", ".join(filter(None, [*table, *(KINDS if name == "show" else ())]))
            state.errors[name] = f"{plain(fields[name])} is not known; choose one of {known}."
    chosen = [fields[f"phi{l}"] for l in range(1, last + 1)]
    for l in range(1, last):
        told(state, f"phi{l}", partial(of_layers, [1, 1, 1], chosen[l - 1], "sigmoid"))
    told(state, f"phi{last}", lambda: of_layers([1, state.sizes[-1]], [], chosen[-1]))
    if fields["loss"]:
        told(state, "loss", lambda: objective(LOSSES[fields["loss"]], ACTIVATIONS[chosen[-1]]))


def told(state: State, name: str, attempt: Callable[[], object]) -> None:
    """Note what the package says, if it refuses."""
    if not state.errors.keys() & {name, f"phi{len(state.sizes) - 1}"}:
        try:
            attempt()
        except ValueError as error:
            state.errors[name] = sentence(str(error))


def sentence(text: str) -> str:
    """Return a message of the package as a sentence."""
    return text if text.endswith(".") else f"{text}."


def read_numbers(state: State, given: Mapping[str, str], changed: str) -> None:
    """Read seed, rate, weights, biases, input and target; draw what is missing."""
    fields, sizes = state.fields, state.sizes
    if not re.fullmatch(r"\d{1,9}", fields["seed"].strip(), re.ASCII):
        state.errors["seed"] = "A seed is a whole number from 0 up, such as 7."
        return
    if state.errors.keys() - {"loss", "optimizer", "show", "fixed"}:
        fields |= {k: v for k, v in given.items() if re.fullmatch(r"[Wb][1-5]|[xy]", k)}
        return
    one = one_number(fields["lr"])
    if isinstance(one, str) or not one > 0:
        state.errors["lr"] = one if isinstance(one, str) else "Give a rate above 0, such as 0.5."
    start = drawn(state)
    for name, shape in shapes(sizes).items():
        text = given.get(name, "")
        new = name[0] in "Wb" and changed == "seed"
        values, error = matrix(text, shape, name)
        misfit = error and not error.startswith("“")
        if new or not text.strip() or (misfit and changed == "sizes"):
            values, error = start[name], ""
        if error:
            fields[name], state.errors[name] = text, error
        else:
            fields[name] = spelled(values)
    if "y" not in state.errors and "loss" not in state.errors:
        loss = loss_of(state)
        y = np.array([numbers(fields["y"])])
        try:
            check_targets(y, loss.name, loss.domain)
        except ValueError:
            state.errors["y"] = targets(y[0], loss.name)


def targets(y: Array, loss: str) -> str:
    """Say what targets a loss takes, of some that are none."""
    if ((y < 0) | (y > 1)).any():
        wrong = y[(y < 0) | (y > 1)][0]
        return f"{wrong:g} is no target for {loss}, which takes numbers from 0 to 1."
    return f"The targets add up to {y.sum():g}; for {loss} they add up to 1, such as 1, 0."


def loss_of(state: State) -> Any:
    """Return the loss that was chosen, or the one that fits."""
    output = ACTIVATIONS[state.fields[f"phi{len(state.sizes) - 1}"]]
    return LOSSES[state.fields["loss"] or OWN_LOSS[output.outputs]]


def shapes(sizes: tuple[int, ...]) -> dict[str, tuple[int, int]]:
    """Return the fields that hold numbers, each with its rows and columns.

    >>> shapes((2, 3))
    {'W1': (3, 2), 'b1': (1, 3), 'x': (1, 2), 'y': (1, 3)}
    """
    every: dict[str, tuple[int, int]] = {}
    for l in range(1, len(sizes)):
        every |= {f"W{l}": (sizes[l], sizes[l - 1]), f"b{l}": (1, sizes[l])}
    return every | {"x": (1, sizes[0]), "y": (1, sizes[-1])}


def drawn(state: State) -> dict[str, Array]:
    """Return numbers for all fields: weights and input from the seed, to two decimals."""
    rng = np.random.default_rng(int(state.fields["seed"]))
    start: dict[str, Array] = {}
    for l in range(1, len(state.sizes)):
        n_in, n_out = state.sizes[l - 1 : l + 1]
        rule = lookup(INITIALIZERS, ACTIVATIONS[state.fields[f"phi{l}"]].init, "initialization")
        start[f"W{l}"] = rule(rng, n_in, n_out).round(2) + 0.0
        start[f"b{l}"] = np.zeros((1, n_out))
    start["x"] = rng.uniform(-1, 1, (1, state.sizes[0])).round(1) + 0.0
    start["y"] = np.eye(1, state.sizes[-1])
    return start


def numbers(text: str) -> list[Any]:
    """Return the numbers of a row, or what is wrong with each."""
    return [one_number(part) for part in split(text)]


def matrix(text: str, shape: tuple[int, int], name: str) -> tuple[Array, str]:
    """Return a matrix of a shape and "", or what is wrong with it."""
    rows = [numbers(row) for row in re.split(r"[;\n]", text) if row.strip()]
    nothing = np.zeros(shape)
    for row in rows:
        for one in row:
            if isinstance(one, str):
                return nothing, one
    high, wide = shape
    each = {"W": "input of the unit", "b": "unit", "x": "input", "y": "output"}[name[0]]
    if len(rows) != high:
        for_each = ", one for each unit" if name[0] == "W" else ""
        return nothing, f"{count(high, 'row')} needed{for_each}; here {count(len(rows))}."
    for k, row in enumerate(rows, 1):
        if len(row) != wide:
            where = f"Row {k}: " if high > 1 else ""
            return nothing, (
                f"{where}{count(wide, 'number')} needed, one for each {each}; "
                f"here {count(len(row))}."
            )
    return np.array(rows, dtype=float), ""


def count(number: int, what: str = "") -> str:
    """Return a number with its verb.

    >>> count(1, "row"), count(2)
    ('1 row is', '2 are')
    """
    named = f" {what}" + "s" * (number != 1) if what else ""
    return f"{number}{named} {'is' if number == 1 else 'are'}"


def array(text: str) -> Array:
    """Return the matrix that `spelled` has written."""
    return np.array([numbers(row) for row in text.split("\n")], dtype=float)


def compute(state: State) -> None:
    """Make the network, both passes of the example, and the step."""
    fields, layers = state.fields, range(1, len(state.sizes))
    chosen = [fields[f"phi{l}"] for l in layers]
    net = state.net = Network(
        state.sizes, chosen[:-1], chosen[-1], fields["loss"] or None, fixed=fields["fixed"] or (),
        init={
            "W": [array(fields[f"W{l}"]) for l in layers],
            "b": [array(fields[f"b{l}"])[0] for l in layers],
        },
    )  # fmt: skip
    x, y = array(fields["x"]), array(fields["y"])
    with np.errstate(all="ignore"):
        state.trace = backprop(net, x, y)
        finite = np.isfinite(state.trace.loss) and np.isfinite(state.trace.grad.theta).all()
        if not finite:
            state.errors["sizes"] = "With these numbers the loss or a gradient is infinite."
            return
        kind: Callable[..., Optimizer] = OPTIMIZERS[fields["optimizer"]]
        state.after = first_step(net, state.trace, kind(state.lr))
        new = backprop(net.with_params(state.after), x, y)
        state.new_loss = new.loss
        if not (np.isfinite(new.loss) and np.isfinite(new.grad.theta).all()):
            state.errors["lr"] = "After this step the loss is infinite; a smaller rate helps."
