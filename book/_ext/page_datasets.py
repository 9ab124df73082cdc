"""Stands in for sklearn.datasets on a page: the small sets of data that the chapters load.

The build packs it as `sklearn/datasets.py`, with the numbers of scikit-learn beside it.
"""

from functools import partial
from importlib.resources import files
from typing import Any

import numpy as np


class Bunch(dict[str, Any]):
    """A dict whose entries are attributes, too, as scikit-learn's."""

    __getattr__ = dict.__getitem__


def load(name: str, return_X_y: bool = False) -> Any:
    """Return a set of data, as scikit-learn's function of its name does."""
    with files("sklearn").joinpath("datasets.npz").open("rb") as file, np.load(file) as held:
        begin = f"{name}-"
        data = {key.removeprefix(begin): held[key] for key in held if key.startswith(begin)}
    if name == "digits":
        data["images"] = data["data"].reshape(-1, 8, 8)
    return (data["data"], data["target"]) if return_X_y else Bunch(data)


def __getattr__(name: str) -> Any:
    if name.startswith("load_"):
        return partial(load, name.removeprefix("load_"))
    raise AttributeError(f"on this page sklearn.datasets has no {name}")
