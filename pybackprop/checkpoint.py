"""Checkpoints: a network, and what is needed to go on training it, in one file."""

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .history import History
from .lookup import lookup
from .network import Network
from .optimizers import OPTIMIZERS, SCHEDULES, Schedule
from .params import Array


class Checkpoint(NamedTuple):
    """What a file written by `save` holds; None for what was not given."""

    net: Network
    optimizer: Any
    history: History | None
    rng: "np.random.Generator | None"


FORMAT, VERSION = "pybackprop checkpoint", 1


def save(
    path: str | os.PathLike[str],
    net: Network,
    optimizer: Any = None,
    history: History | None = None,
    rng: "np.random.Generator | None" = None,
) -> None:
    """Write a network, and what is needed to go on training it, into one file.

    The file is a NumPy ``.npz`` archive without pickled objects: the vectors as arrays, all the
    rest as JSON. It is complete or not there: it takes its name only when it has been written.

    Parameters
    ----------
    path : str or path
        Where; no ending is added. A file of this name is replaced.
    net : Network
    optimizer : SGD, RMSProp, Adam or AdamW, optional
        Settings and state. A schedule must be one of the package's.
    history : History, optional
        Without its ``record``.
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
    import json

    if not isinstance(net, Network):
        raise TypeError(f"net is {net!r}; give a Network")
    if history is not None and not isinstance(history, History):
        raise TypeError(f"history is {history!r}; give what train returned")
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}; give the numpy.random.Generator that train was given")
    arrays: dict[str, Any] = {"theta": net.params.theta}
    header: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "network": {
            "sizes": net.sizes,
            "hidden": [net.phi[l].name for l in range(1, net.L)],
            "output": net.phi[net.L].name,
            "loss": net.loss.name,
            "fused": net.fused,
        },
        "optimizer": None,
        "history": None,
        "rng": None if rng is None else rng.bit_generator.state,
    }
    if optimizer is not None:
        header["optimizer"] = described(optimizer)
        for name, value in optimizer.state().items():
            if name == "t":
                header["optimizer"]["t"] = value
            else:
                check_fits(name, value, net)
                arrays[f"optimizer.{name}"] = value
    if history is not None:
        names = [f.name for f in fields(history) if f.name != "record"]
        header["history"] = {name: getattr(history, name) for name in names}
    text = json.dumps(header, default=plain)
    arrays["header"] = np.frombuffer(text.encode(), dtype=np.uint8)

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


def load(path: str | os.PathLike[str]) -> Checkpoint:
    """Read what `save` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Checkpoint
        net, optimizer, history, rng; None for what the file does not hold.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is no checkpoint, is damaged or cut short, or comes from a newer version.
    """
    import json

    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            header = json.loads(arrays["header"].tobytes())
            ours = header["format"] == FORMAT
        except Exception as problem:  # whatever NumPy, zip and JSON make of a file that is not ours
            raise ValueError(
                f"{path} is no checkpoint of pybackprop, or is damaged or cut short "
                f"({type(problem).__name__}: {problem}); give a file that pb.save wrote"
            ) from problem
    if not ours:
        raise ValueError(f"{path} is no checkpoint of pybackprop; give a file that pb.save wrote")
    if header.get("version") != VERSION:
        raise ValueError(
            f"{path} is a checkpoint of version {header.get('version')}; this pybackprop reads "
            f"version {VERSION}: use the pybackprop that wrote it, or a newer one"
        )
    try:
        return assembled(header, arrays)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ValueError(
            f"the parts of {path} do not fit together ({type(problem).__name__}: {problem}); "
            "it has been changed or damaged since pb.save wrote it"
        ) from problem


def assembled(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Checkpoint:
    """Make the objects that a checkpoint describes."""
    theta, optimizer, history, rng = arrays["theta"], None, None, None
    net = Network(**header["network"], init="zeros", dtype=theta.dtype).with_params(theta)
    if header["optimizer"] is not None:
        described_as = header["optimizer"]
        kind = lookup(OPTIMIZERS, described_as["name"], "optimizer")
        optimizer = kind(**{k: made(v) for k, v in described_as["settings"].items()})
        vectors = {
            name.removeprefix("optimizer."): vector
            for name, vector in arrays.items()
            if name.startswith("optimizer.")
        }
        for name, vector in vectors.items():
            check_fits(name, vector, net)
        optimizer.load_state({"t": described_as["t"]} | vectors)
    if header["history"] is not None:
        history = History(**header["history"])
    if header["rng"] is not None:
        bit_generator = lookup(BIT_GENERATORS(), header["rng"]["bit_generator"], "bit generator")()
        bit_generator.state = header["rng"]
        rng = np.random.Generator(bit_generator)
    return Checkpoint(net, optimizer, history, rng)


def BIT_GENERATORS() -> dict[str, Any]:
    """Name -> class. A function, so that importing the package does not load numpy.random."""
    from numpy.random import MT19937, PCG64, PCG64DXSM, SFC64, Philox

    return {kind.__name__: kind for kind in (MT19937, PCG64, PCG64DXSM, SFC64, Philox)}


def described(thing: Any) -> dict[str, Any]:
    """Return an optimizer or a schedule as its name and settings, ready for JSON."""
    if isinstance(thing, Schedule):
        name, settings = thing.name, thing.settings
    elif type(thing).__name__ in OPTIMIZERS:
        name = type(thing).__name__
        settings = {f.name: getattr(thing, f.name) for f in fields(thing) if f.init}
    else:
        raise TypeError(
            f"{thing!r} cannot be written to a file; optimizers are {', '.join(OPTIMIZERS)}, "
            f"schedules are made by {', '.join(SCHEDULES)}"
        )
    return {
        "name": name,
        "settings": {k: described(v) if callable(v) else v for k, v in settings.items()},
    }


def made(value: Any) -> Any:
    """Return the schedule that `described` wrote down, or the number that is there."""
    if not isinstance(value, dict):
        return value
    settings = {k: made(v) for k, v in value["settings"].items()}
    return lookup(SCHEDULES, value["name"], "schedule")(**settings)


def plain(value: Any) -> Any:
    """Return NumPy's numbers and arrays as Python's, which JSON can write."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be written to a checkpoint; use plain numbers and names")


def check_fits(name: str, vector: Array, net: Network) -> None:
    """Raise unless an optimizer's vector belongs to the parameters of this network."""
    theta = net.params.theta
    if vector.shape != theta.shape or vector.dtype != theta.dtype:
        raise ValueError(
            f"the optimizer's {name} has shape {vector.shape} and {vector.dtype}, the network's "
            f"theta {theta.shape} and {theta.dtype}; they belong to different networks"
        )
