"""pybackprop: backpropagation, as readable as the mathematics.

A chapter of the book stands behind each module; start with ``network.py``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .activations import ACTIVATIONS, Activation, softmax_jacobian
from .losses import LOSSES, Loss, Objective, objective
from .network import (
    Forward,
    Network,
    Trace,
    backprop,
    evaluate,
    forward,
    one_hot,
    predict,
)
from .params import Params

if TYPE_CHECKING:
    from .gradcheck import *  # noqa: F403
    from .optimizers import *  # noqa: F403
    from .training import *  # noqa: F403

__version__ = "0.1.0"

# A forward and a backward pass need the modules above. The others are loaded when one of their
# names is first used: with all of them, importing the package would take half as long again as
# importing NumPy does.
LATER = {
    "gradcheck": ["GradientReport", "check_gradient", "numerical_gradient", "verify"],
    "optimizers": [
        "OPTIMIZERS",
        "SGD",
        "Adam",
        "AdamW",
        "RMSProp",
        "constant",
        "cosine",
        "step_decay",
        "warmup",
    ],
    "training": [
        "Checkpoint",
        "History",
        "LossBelow",
        "LossChangeBelow",
        "MaxIterations",
        "Moment",
        "Patience",
        "Record",
        "accuracy",
        "load",
        "save",
        "train",
    ],
}

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "Activation",
    "Forward",
    "Loss",
    "Network",
    "Objective",
    "Params",
    "Trace",
    "backprop",
    "evaluate",
    "forward",
    "objective",
    "one_hot",
    "predict",
    "softmax_jacobian",
]
__all__ += [name for names in LATER.values() for name in names]


def __getattr__(name: str) -> Any:
    """Load the module of a name in `LATER`, or that module itself, the first time it is used."""
    for module, names in LATER.items():
        if name in (module, *names):
            loaded = import_module(f".{module}", __name__)
            globals().update({each: getattr(loaded, each) for each in names})
            return globals().get(name, loaded)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *LATER})
