"""Checkpoints: a network or a model, and what is needed to go on training it, in one file.

A file is a NumPy ``.npz`` archive without pickled objects: vectors as arrays, all the rest as
JSON. What is not the package's own (a model's function, an activation, a loss, an optimizer, a
schedule that you wrote) is saved under its name, and `load` asks for it. A file is looked at before
it is believed: nothing is allocated that is larger than the file itself.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from .activations import ACTIVATIONS, Activation
from .history import History, check_history
from .layers import LOSSES_ON_LOGITS
from .lookup import lookup
from .losses import LOSSES, Loss
from .model import Model
from .network import Network
from .optimizers import OPTIMIZERS, Optimizer, OptimizerLike
from .params import Array, check_sizes
from .schedules import SCHEDULES

FORMAT, VERSION = "pybackprop checkpoint", 2

BUFFERS = {"MT19937": 624, "PCG64": 0, "PCG64DXSM": 0, "Philox": 4, "SFC64": 0}
"""NumPy's bit generators -> where the buffer ends in which their state has a position."""

ROWS = [each.name for each in fields(History) if each.name not in ("record", "stopped_by")]
"""What is saved of a history."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a file written by `save` holds; None for what was not given."""

    net: Network | Model
    optimizer: OptimizerLike | None
    history: History | None
    rng: "np.random.Generator | None"


class Wanted(ValueError):
    """A file needs an object that is not the package's own, and that was not given."""


def save(
    path: str | os.PathLike[str],
    net: Network | Model,
    optimizer: OptimizerLike | None = None,
    history: History | None = None,
    rng: "np.random.Generator | None" = None,
) -> None:
    """Write a network, and what is needed to go on training it, into one file.

    The file is complete or not there: it takes its name only when it has been written.

    Parameters
    ----------
    path : str or path
        Where; no ending is added. A file of this name is replaced.
    net : Network or Model
        Of finite parameters. A model's function is not written, only its name.
    optimizer : optional
        Settings and state; of an optimizer of your own, the state.
    history : History, optional
        Without its ``record`` and ``stopped_by``.
    rng : numpy.random.Generator, optional
        The generator that `train` was given: with it, training goes on exactly as it would have.

    Raises
    ------
    TypeError, ValueError
        Something that cannot be written; a file that was there is as it was.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(folder + "/net.npz", Network([2, 3, 1], rng=0))
    ...     load(folder + "/net.npz").net
    Network(2-3-1, sigmoid-sigmoid, bce, 13 parameters, float64)
    """
    if not isinstance(net, Network | Model):
        raise TypeError(f"net is {net!r}; give a Network or a Model")
    theta = net.params.theta
    if not np.isfinite(theta).all():
        where = net.params.entry(int(np.argmin(np.isfinite(theta))))
        raise ValueError(f"{where} of the network is not finite; there is nothing to go on from")
    state = {} if optimizer is None else state_of(optimizer, theta)
    vectors = {name: value for name, value in state.items() if isinstance(value, np.ndarray)}
    header = {
        "format": FORMAT,
        "version": VERSION,
        "model" if isinstance(net, Model) else "network": facts(net),
        "optimizer": None if optimizer is None else described(optimizer, OPTIMIZERS),
        "state": {name: value for name, value in state.items() if name not in vectors},
        "history": None if history is None else rows_of(history),
        "rng": None if rng is None else state_of_generator(rng),
    }
    text = json.dumps(header, default=plain).encode()
    arrays: dict[str, Any] = {"header": np.frombuffer(text, np.uint8), "theta": theta}
    arrays |= {f"optimizer.{name}": vector for name, vector in vectors.items()}

    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with open(unfinished, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: str | os.PathLike[str], objects: Sequence[Any] = ()) -> Checkpoint:
    """Read what `save` wrote.

    Parameters
    ----------
    path : str or path
    objects : sequence, optional
        What the file needs and the package has not: a model's function, activations and losses of
        your own, schedules (functions of t), and an optimizer with the settings it had; it is given
        the saved state. They are found by their names.

    Returns
    -------
    Checkpoint
        net, optimizer, history, rng; None for what the file does not hold.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is no checkpoint, is damaged or cut short, comes from another version, or needs an
        object that was not given.

    Examples
    --------
    >>> import tempfile
    >>> from dataclasses import replace
    >>> wave = replace(ACTIVATIONS["tanh"], name="wave")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(folder + "/net.npz", Network([2, 3, 1], hidden=wave, rng=0))
    ...     load(folder + "/net.npz", objects=[wave]).net
    Network(2-3-1, wave-sigmoid, bce, 13 parameters, float64)
    """
    if not isinstance(objects, list | tuple):
        raise TypeError(f"objects is {objects!r}; give a list: objects=[...]")
    with open(path, "rb") as file:
        try:
            archive = ZipFile(file)
            check_parts(archive, os.fstat(file.fileno()).st_size)
            header = json.loads(array_in(archive, "header").tobytes())
            ours = header["format"] == FORMAT
        except Exception as problem:  # whatever NumPy, zip and JSON make of a file that is not ours
            raise ValueError(
                f"{path} is no checkpoint of pybackprop, or is damaged or cut short "
                f"({type(problem).__name__}: {problem}); give a file that pb.save wrote"
            ) from problem
        if not ours:
            raise ValueError(
                f"{path} is no checkpoint of pybackprop; give a file that pb.save wrote"
            )
        if header.get("version") != VERSION:
            raise ValueError(
                f"{path} is a checkpoint of version {header.get('version')}; this pybackprop reads "
                f"version {VERSION}: use the pybackprop that wrote it"
            )
        try:
            return assembled(header, archive, objects)
        except Wanted as problem:
            raise ValueError(f"{path} needs {problem}") from None
        except Exception as problem:  # numbers, names and lengths may be anything in such a file
            raise ValueError(
                f"the parts of {path} do not fit together ({type(problem).__name__}: {problem}); "
                "it has been changed or damaged since pb.save wrote it"
            ) from problem


def assembled(header: Mapping[str, Any], archive: ZipFile, objects: Sequence[Any]) -> Checkpoint:
    """Make the objects that a checkpoint describes."""
    net: Network | Model
    if "model" in header:
        net = model_of(dict(header["model"]), archive, objects)
    else:
        net = network_of(dict(header["network"]), archive, objects)
    theta, count = net.params.theta, net.params.theta.size
    history, rng, optimizer = None, None, None
    if header["history"] is not None:
        rows = dict(header["history"])
        if rows.keys() != set(ROWS):
            raise ValueError(f"the history holds {', '.join(rows)}, not {', '.join(ROWS)}")
        history = History(**rows)
        check_history(history)
    if header["rng"] is not None:
        rng = generator(header["rng"])
    if header["optimizer"] is not None:
        optimizer = made(header["optimizer"], OPTIMIZERS, objects)
        state, ours = dict(header["state"]), isinstance(optimizer, Optimizer)
        for name in archive.namelist():
            if name.startswith("optimizer."):
                name = name.removesuffix(".npy")
                vector = array_in(archive, name, (count,) if ours else None)
                state[name.removeprefix("optimizer.")] = vector
        if ours:
            check_fits(state, theta)
        optimizer.load_state(state)
    return Checkpoint(net, optimizer, history, rng)


def facts(net: Network | Model) -> dict[str, Any]:
    """Return all of a network or a model but its parameters, ready for JSON."""
    common = {"fixed": net.fixed, "penalty": net.penalty}
    if isinstance(net, Model):
        loss = net.loss_name
        return common | {
            "f": written(net.f),
            "shapes": {name: array.shape for name, array in net.params.items()},
            "loss": loss if net.loss is LOSSES_ON_LOGITS.get(loss) else {"own": written(net.loss)},
            "rng": None if net.rng is None else state_of_generator(net.rng),
        }
    return common | {
        "sizes": net.sizes,
        "hidden": [named(net.phi[l], ACTIVATIONS) for l in range(1, net.L)],
        "output": named(net.phi[net.L], ACTIVATIONS),
        "loss": named(net.loss, LOSSES),
        "fused": net.fused,
    }


def network_of(facts: dict[str, Any], archive: ZipFile, objects: Sequence[Any]) -> Network:
    """Make the network that `facts` describes."""
    sizes = check_sizes(facts["sizes"])
    count = sum(n_out * (n_in + 1) for n_in, n_out in pairwise(sizes))
    theta = array_in(archive, "theta", (count,))
    facts |= {
        "hidden": [found(name, ACTIVATIONS, objects, Activation) for name in facts["hidden"]],
        "output": found(facts["output"], ACTIVATIONS, objects, Activation),
        "loss": found(facts["loss"], LOSSES, objects, Loss),
    }
    return Network(**facts, init=theta, dtype=theta.dtype)


def model_of(facts: dict[str, Any], archive: ZipFile, objects: Sequence[Any]) -> Model:
    """Make the model that `facts` describes, of the function that was given."""
    shapes, loss = facts.pop("shapes"), facts["loss"]
    counts = [math.prod(check_shape(shape)) for shape in shapes.values()]
    theta = array_in(archive, "theta", (sum(counts),))
    parts = np.split(theta, np.cumsum(counts)[:-1])
    values = {n: part.reshape(shapes[n]) for n, part in zip(shapes, parts, strict=True)}
    functions = {name_of(thing): thing for thing in objects if callable(thing)}
    facts |= {
        "f": given(facts["f"], functions, "function"),
        "loss": given(loss["own"], functions, "loss") if isinstance(loss, Mapping) else loss,
        "rng": facts["rng"] and generator(facts["rng"]),
    }
    return Model(params=values, dtype=theta.dtype, **facts)


def check_shape(shape: Any) -> list[int]:
    """Return a shape that was read from a file, if it is one."""
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"{shape!r} is no shape")
    return shape


# Arrays in an archive: what they say of themselves is compared with what is there before any of
# them is read.


def check_parts(archive: ZipFile, size: int) -> None:
    """Raise where an archive could hold more than its file: compressed, or the same twice."""
    parts = archive.infolist()
    stored = all(part.compress_type == ZIP_STORED for part in parts)
    if not stored or sum(part.file_size for part in parts) > size:
        raise ValueError("its parts are compressed, or larger than the file")


def array_in(archive: ZipFile, name: str, shape: tuple[int, ...] | None = None) -> Array:
    """Return an array of numbers, of this shape where one is given."""
    part = archive.getinfo(f"{name}.npy")
    with archive.open(part) as file:
        declared, _, dtype = npy_header(file)
        if shape not in (None, declared):
            raise ValueError(f"{name} has shape {declared}, not {shape}")
        if dtype.kind not in "biufc":
            raise ValueError(f"{name} is an array of {dtype}, not of numbers")
        if math.prod(declared) * dtype.itemsize != part.file_size - file.tell():
            raise ValueError(f"{name} has not the length that it says")
        numbers = np.frombuffer(file.read(), dtype)
    return numbers.astype(dtype.newbyteorder("=")).reshape(declared)


def npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, order and type of an array from the beginning of its file."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


# Things by their names. A name alone is the package's own; {"own": name} is not.


def named(thing: Activation | Loss, table: Mapping[str, Any]) -> str | dict[str, str]:
    """Return the name of an activation or a loss, marked where it is not the table's."""
    return thing.name if table.get(thing.name) == thing else {"own": thing.name}


def found(name: Any, table: Mapping[str, Any], objects: Sequence[Any], kind: Any) -> Any:
    """Return the activation or loss of a name."""
    if not isinstance(name, Mapping) and name in table:
        return table[name]
    name = name["own"] if isinstance(name, Mapping) else name
    known = {thing.name: thing for thing in objects if isinstance(thing, kind)}
    return given(name, known, kind.__name__.lower())


def described(thing: Any, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return an optimizer or a schedule as its name and settings, ready for JSON."""
    for name, kind in table.items():
        if type(thing) is kind:
            settings = {f.name: getattr(thing, f.name) for f in fields(thing)}
            return {
                "name": name,
                "settings": {
                    key: described(value, SCHEDULES) if callable(value) else value
                    for key, value in settings.items()
                },
            }
    return {"own": written(thing, f", or one of pb.schedules: {', '.join(SCHEDULES)}")}


def written(thing: Any, cure: str = "") -> str:
    """Return the name by which `load` will ask for a function or an object."""
    if name_of(thing) == "<lambda>":
        raise TypeError(
            f"{thing!r} cannot be written to a file, for it has no name to find it by; give a "
            f"function made by def{cure}"
        )
    return name_of(thing)


def made(description: Any, table: Mapping[str, Any], objects: Sequence[Any]) -> Any:
    """Return the optimizer or schedule that `described` wrote down, or the number that is there."""
    if not isinstance(description, Mapping):
        return description
    what = "optimizer" if table is OPTIMIZERS else "schedule"
    if "own" in description:
        needed = "load_state" if table is OPTIMIZERS else "__call__"
        able = [o for o in objects if hasattr(o, needed) and not isinstance(o, type)]
        return given(description["own"], {name_of(o): o for o in able}, what)
    settings = description["settings"].items()
    kind = lookup(table, description["name"], what)
    return kind(**{key: made(value, SCHEDULES, objects) for key, value in settings})


def given(name: str, known: Mapping[str, Any], what: str) -> Any:
    """Return one of the reader's own objects, or say that it is needed."""
    if name not in known:
        raise Wanted(
            f"the {what} {name!r}, which is not one of the package's; give it as an object: "
            f"pb.load(path, objects=[...])"
        )
    return known[name]


def name_of(thing: Any) -> str:
    """Return the name of a function, or of an object's class."""
    return getattr(thing, "__name__", type(thing).__name__)


# States.


def state_of(optimizer: OptimizerLike, theta: Array) -> Mapping[str, Any]:
    """Return what an optimizer remembers, or say why it does not belong to this network."""
    if isinstance(optimizer, type) or not hasattr(optimizer, "state"):
        raise TypeError(f"optimizer is {optimizer!r}; give an object, such as Adam(lr=1e-3)")
    state = optimizer.state()
    if not isinstance(state, Mapping):
        raise TypeError(f"state() of {optimizer!r} returned {state!r}; return a dict")
    if isinstance(optimizer, Optimizer):
        check_fits(state, theta)
    return state


def check_fits(state: Mapping[str, Any], theta: Array) -> None:
    """Raise unless the vectors of an optimizer belong to these parameters."""
    for name, vector in state.items():
        if name != "t" and (vector.shape, vector.dtype) != (theta.shape, theta.dtype):
            raise ValueError(
                f"the optimizer's {name} has shape {vector.shape} and {vector.dtype}, the "
                f"network's theta {theta.shape} and {theta.dtype}; they belong to different "
                "networks"
            )


def rows_of(history: History) -> dict[str, Any]:
    """Return what a history holds, ready for JSON."""
    if not isinstance(history, History):
        raise TypeError(f"history is {history!r}; give what train returned")
    check_history(history)
    return {name: getattr(history, name) for name in ROWS}


def generator(state: Mapping[str, Any]) -> "np.random.Generator":
    """Return a random number generator in a state."""
    name = state["bit_generator"]
    end = lookup(BUFFERS, name, "bit generator")
    # NumPy takes any position, and would read on behind the buffer.
    for position in (state.get("buffer_pos", 0), state["state"].get("pos", 0)):
        if not 0 <= position <= end:
            raise ValueError(f"the position {position} of {name} is outside of 0 to {end}")
    bit_generator = getattr(np.random, name)()
    bit_generator.state = state
    return np.random.Generator(bit_generator)


def state_of_generator(rng: Any) -> dict[str, Any]:
    """Return the state of a random number generator, with lists for arrays."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}; give the numpy.random.Generator that train was given")
    state = rng.bit_generator.state
    lookup(BUFFERS, state["bit_generator"], "bit generator")
    lists: dict[str, Any] = json.loads(json.dumps(state, default=np.ndarray.tolist))
    return lists


def plain(value: Any) -> Any:
    """Return NumPy's numbers as Python's, which JSON can write."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot be written to a checkpoint; use plain numbers and names")
