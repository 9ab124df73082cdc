"""The other steppers of the book: what can be entered for each, and how it is made of that."""

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ...history import History
from ...network import Network
from ...optimizers import OPTIMIZERS, Optimizer
from ...params import Array
from ...stopping import LossBelow
from ...training import train
from ..stage.display import Interactive
from ..steppers.address import address, spelled
from ..steppers.attention import MOST_TOKENS, MOST_UNITS, attention_stepper
from ..steppers.convolution import MOST_ENTRIES, MOST_WEIGHTS, convolution_stepper
from ..steppers.explorers import (
    ELEMENTWISE,
    SHOWN_LOSSES,
    activation_explorer,
    loss_explorer,
)
from ..steppers.graph import graph_stepper
from ..steppers.learning import learning_stepper
from ..steppers.race import SURFACES, optimizer_race
from ..steppers.recurrence import MOST_TIMES, recurrence_stepper
from ..steppers.training import training_stepper
from ..steppers.workers import workers_explorer
from .expression import FUNCTIONS, NAME, computed
from .fields import Field, choice, matrix, names, number, row, text, values, whole

# What is trained on


def quadrants() -> tuple[Array, Array]:
    """Return 40 points, and whether their coordinates have the same sign."""
    points = np.random.default_rng(4).uniform(-1, 1, (40, 2))
    return points, (points[:, :1] * points[:, 1:] > 0).astype(float)


def moons() -> tuple[Array, Array]:
    """Return 60 points of two classes that no straight line parts, and their classes."""
    t = np.pi * (np.arange(30) + 0.5) / 30
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    lower = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    noise = np.random.default_rng(1).normal(scale=0.12, size=(60, 2))
    return np.concatenate([upper, lower]) + noise, np.repeat([[0.0], [1.0]], 30, axis=0)


def xor() -> tuple[Array, Array]:
    """Return the four points of the exclusive or, and their classes."""
    return np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])


POINTS = {"quadrants": quadrants, "moons": moons, "xor": xor}


def trained(
    points: str,
    units: int,
    phi: str,
    optimizer: str,
    lr: float,
    epochs: int,
    below: float,
    seed: int,
) -> History:
    """Train a network with one hidden layer on all points at once, and return its history."""
    net = Network([2, units, 1], phi, "sigmoid", "bce", rng=seed)
    kind: Callable[..., Optimizer] = OPTIMIZERS[optimizer]
    stop = [LossBelow(below, "iteration")] if below else []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a run that diverges is told by its stepper
        return train(
            net, *POINTS[points](), optimizer=kind(lr), epochs=epochs, batch_size=None, stop=stop,
            record=True,
        )  # fmt: skip


def run(
    points: str, units: str, optimizer: str, lr: str, epochs: str, below: str, seed: str
) -> dict[str, Field]:
    """Return the fields of a training run, with what stands in them at first."""
    return {
        "points": choice("Points", points, POINTS),
        "units": whole("Hidden units", units, 1, 8),
        "phi": choice("Activation of the hidden layer", "tanh", ELEMENTWISE),
        "optimizer": choice("Optimizer", optimizer, OPTIMIZERS),
        "lr": number("Learning rate", lr, 1e-4, 100),
        "epochs": whole("Most epochs", epochs, 1, 1000),
        "below": number("Stop when the loss is below; 0 for never", below, 0, 1),
        "seed": whole("Seed of the weights", seed, 0, 999_999),
    }


def computation(C: str, values: Mapping[str, float]) -> Interactive:
    """Return the stepper of a computation."""
    lines = computed(C, values)
    return graph_stepper([*lines.values()][-1], lines)


# The table


class Kind(NamedTuple):
    """A stepper that an address opens.

    Attributes
    ----------
    title : str
    page : str
        Where the book has it.
    make : callable
        Takes the values of the fields by name.
    fields : dict of str to Field
    """

    title: str
    page: str
    make: Callable[..., Interactive]
    fields: dict[str, Field]


FEW = {"low": -1000, "high": 1000}

KINDS = {
    "activation": Kind(
        "Activations", "01_forward_pass", activation_explorer,
        {"names": names("Functions", ", ".join(ELEMENTWISE), ELEMENTWISE)},
    ),
    "loss": Kind(
        "Losses", "02_losses", loss_explorer,
        {"names": names("Losses", ", ".join(SHOWN_LOSSES), SHOWN_LOSSES)},
    ),
    "race": Kind(
        "Optimizer race", "04_sgd_vs_adam_race", optimizer_race,
        {
            "surfaces": names("Surfaces", ", ".join(SURFACES), SURFACES),
            "lr": row("Learning rates", "0.05, 0.01, 0.2", 4, 1e-4, 10),
            "steps": whole("Steps", "35", 1, 200),
        },
    ),
    "training": Kind(
        "Training", "05_training_loop",
        lambda **given: training_stepper(trained(**given)),
        run("quadrants", "4", "adam", "0.05", "300", "0.1", "3"),
    ),
    "learning": Kind(
        "A network learns", "intro",
        lambda **given: learning_stepper(trained(**given)),
        run("moons", "6", "sgd", "1", "600", "0", "1"),
    ),
    "graph": Kind(
        "A computation", "10_any_graph", computation,
        {
            "C": text(
                "Computation", "C = (tanh(w*x + b) + x)^2", 400,
                "lines such as z = w*x + b, the last one is what is computed; numbers, names, "
                f"+ - * / ^ ( ) and {', '.join(FUNCTIONS)}", lines=4,
            ),
            "values": values("Values", "x=2, w=0.5, b=-1", 8, NAME, **FEW),
        },
    ),
    "convolution": Kind(
        "Convolution", "12_convolution", convolution_stepper,
        {
            "x": row("Signal x", "1, 2, 4, 0, -1", MOST_ENTRIES, **FEW),
            "w": row("Kernel w", "1, 2, -1", MOST_WEIGHTS, **FEW),
            "b": number("Bias b", "0.5", **FEW),
            "delta": row("Delta, a number for each window", "1, -0.5, 2", MOST_ENTRIES, **FEW),
            "stride": whole("Stride", "2", 1, MOST_ENTRIES),
            "padding": whole("Padding", "1", 0, MOST_WEIGHTS),
        },
    ),
    "recurrence": Kind(
        "Recurrence", "13_recurrence", recurrence_stepper,
        {
            "w": number("Weight w of the input", "1", **FEW),
            "u": number("Weight u of the state", "0.5", **FEW),
            "b": number("Bias b", "0", **FEW),
            "x": row("Inputs x, a number for each time", "1, 0, 0", MOST_TIMES, **FEW),
            "y": row("Targets y, a number for each time", "0, 0, 1", MOST_TIMES, **FEW),
            "start": number("State before the first time", "0", **FEW),
        },
    ),
    "attention": Kind(
        "Attention", "14_attention", attention_stepper,
        {
            "q": matrix("Queries q", "1, 0\n0, 2\n1, 1", MOST_TOKENS, MOST_UNITS, **FEW),
            "k": matrix("Keys k", "2, 0\n0, 1\n1, -1", MOST_TOKENS, MOST_UNITS, **FEW),
            "v": matrix("Values v", "1, 0\n0, 1\n-1, 1", MOST_TOKENS, MOST_UNITS, **FEW),
            "g": matrix(
                "What comes back, g = ∂C/∂o", "1, -1\n0.5, 0\n0, 2", MOST_TOKENS, MOST_UNITS, **FEW
            ),
            "names": names(
                "Names of the tokens, if they have some", "",
                ("the", "cat", "sat", "on", "a", "mat", "dog", "ran"),
            ),
        },
    ),
    "workers": Kind(
        "Many workers", "16_many_workers", workers_explorer,
        {
            "seconds": number("Seconds for an example on one worker", "1e-5", 1e-9, 1000),
            "numbers": whole("Entries of θ", "235146", 1, 10**12),
            "batch": whole("Examples in a batch", "512", 1, 10**9),
        },
    ),
}  # fmt: skip
"""Name, as in ``show=race`` -> stepper. The fields' names are those of the function's parameters,
and what stands in them at first is what the book shows."""


class Entered(NamedTuple):
    """What was entered for a stepper: its texts, what is wrong with them, what they mean."""

    fields: dict[str, str]
    errors: dict[str, str]
    values: dict[str, Any]


def read(name: str, given: Mapping[str, str]) -> Entered:
    """Read the fields of a stepper; what is empty or missing is as in the book.

    Examples
    --------
    >>> read("race", {"steps": "10"}).values["steps"]
    10
    >>> read("race", {"steps": "many"}).errors
    {'steps': '“many” is no number; write 0.5, -2 or 1e-3.'}
    """
    entered = Entered({}, {}, {})
    for key, one in KINDS[name].fields.items():
        typed = given.get(key, "")
        entered.fields[key] = typed = typed if typed.strip() else one.default
        try:
            entered.values[key] = one.read(typed)
        except ValueError as error:
            entered.errors[key] = str(error)
        else:
            entered.fields[key] = spelled(entered.values[key])
    return entered


def made(name: str, entered: Entered) -> Interactive | None:
    """Return a stepper with its address; where it cannot be made, note what is wrong."""
    kind = KINDS[name]
    try:
        with np.errstate(all="ignore"):
            part = kind.make(**entered.values)
    except (ValueError, TypeError) as error:
        said = str(error)
        first, words = next(iter(kind.fields)), re.findall(r"\w+", said)
        place = next((word for word in words if word in kind.fields), first)
        entered.errors[place] = said if said.endswith(".") else f"{said}."
        return None
    return replace(part, address=address(name, **entered.fields))


def as_in_the_book(name: str) -> str:
    """Return the address of a stepper with the numbers of the book.

    >>> as_in_the_book("race")
    'show=race&surfaces=long%20bowl,curved%20valley,saddle&lr=0.05,0.01,0.2&steps=35'
    """
    return address(name, **read(name, {}).fields)
