"""pybackprop: backpropagation, as readable as the mathematics.

A chapter of the book stands behind each module; start with ``network.py``. Here at the top is what
one calls, and the type of what comes back or is handed to a function of the reader's. What comes in
tables stays where the table is: schedules, layers, a graph's operations.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names as in HOME, for type checkers and editors; a test compares
    from . import graph as graph
    from . import layers as layers
    from . import operations as operations
    from . import schedules as schedules
    from .activations import ACTIVATIONS as ACTIVATIONS
    from .activations import Activation as Activation
    from .activations import softmax_jacobian as softmax_jacobian
    from .checkpoint import Checkpoint as Checkpoint
    from .checkpoint import load as load
    from .checkpoint import save as save
    from .data import class_weights as class_weights
    from .data import one_hot as one_hot
    from .dot_product import DotProductReport as DotProductReport
    from .dot_product import dot_product_test as dot_product_test
    from .equations import verify as verify
    from .gradcheck import check_gradient as check_gradient
    from .history import History as History
    from .history import Moment as Moment
    from .history import Record as Record
    from .initializers import INITIALIZERS as INITIALIZERS
    from .losses import LOSSES as LOSSES
    from .losses import Loss as Loss
    from .losses import Objective as Objective
    from .losses import objective as objective
    from .model import Model as Model
    from .model import NamedParams as NamedParams
    from .model import Run as Run
    from .network import Forward as Forward
    from .network import Network as Network
    from .network import Trace as Trace
    from .network import backprop as backprop
    from .network import forward as forward
    from .numerical import numerical_gradient as numerical_gradient
    from .optimizers import OPTIMIZERS as OPTIMIZERS
    from .optimizers import SGD as SGD
    from .optimizers import Adam as Adam
    from .optimizers import AdamW as AdamW
    from .optimizers import Optimizer as Optimizer
    from .optimizers import RMSProp as RMSProp
    from .params import Entry as Entry
    from .params import Params as Params
    from .report import GradientReport as GradientReport
    from .scores import accuracy as accuracy
    from .scores import confusion as confusion
    from .scores import evaluate as evaluate
    from .scores import predict as predict
    from .scores import recall as recall
    from .stopping import LossBelow as LossBelow
    from .stopping import LossChangeBelow as LossChangeBelow
    from .stopping import MaxIterations as MaxIterations
    from .stopping import Patience as Patience
    from .taylor import TaylorReport as TaylorReport
    from .taylor import taylor_test as taylor_test
    from .torch_weights import from_torch as from_torch
    from .torch_weights import to_torch as to_torch
    from .training import train as train

__version__ = "0.1.0"

HOME = {
    "activations": ["ACTIVATIONS", "Activation", "softmax_jacobian"],
    "checkpoint": ["Checkpoint", "load", "save"],
    "checks": [],
    "data": ["class_weights", "one_hot"],
    "dot_product": ["DotProductReport", "dot_product_test"],
    "engine": [],
    "equations": ["verify"],
    "gradcheck": ["check_gradient"],
    "graph": [],
    "history": ["History", "Moment", "Record"],
    "initializers": ["INITIALIZERS"],
    "layers": [],
    "lookup": [],
    "losses": ["LOSSES", "Loss", "Objective", "objective"],
    "model": ["Model", "NamedParams", "Run"],
    "near": [],
    "network": ["Forward", "Network", "Trace", "backprop", "forward"],
    "numerical": ["numerical_gradient"],
    "operations": [],
    "optimizers": ["OPTIMIZERS", "SGD", "Adam", "AdamW", "Optimizer", "RMSProp"],
    "params": ["Entry", "Params"],
    "report": ["GradientReport"],
    "schedules": [],
    "scores": ["accuracy", "confusion", "evaluate", "predict", "recall"],
    "stopping": ["LossBelow", "LossChangeBelow", "MaxIterations", "Patience"],
    "suspects": [],
    "taylor": ["TaylorReport", "taylor_test"],
    "threads": [],
    "torch_weights": ["from_torch", "to_torch"],
    "training": ["train"],
    "workers": [],
}
"""Module -> its public names. A module is loaded when one of its names is first used: loading all
of them takes nearly as long as importing NumPy does."""

__all__ = [
    "graph",
    "layers",
    "operations",
    "schedules",
    *(name for names in HOME.values() for name in names),
]


if not TYPE_CHECKING:  # a type checker that saw this would accept any name

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        for module, names in HOME.items():
            if name in (module, *names):
                home = import_module(f".{module}", __name__)
                value = globals()[name] = home if name == module else getattr(home, name)
                return value
        cure = ""
        if name in ("plots", "steppers", "exercises", "interactive"):
            where = "steppers" if name == "interactive" else name
            cure = f"; it is part of the course: from pybackprop.course import {where}"
        elif not name.startswith("_"):
            cure = meant(name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{cure}")


def meant(name: str) -> str:
    """Return where a name is that is not at the top, or which one may be meant."""
    from difflib import get_close_matches  # needed only where something is wrong
    from importlib import import_module

    rooms = [f".{module}" for module in HOME]
    for room in rooms:
        thing = getattr(import_module(room, __name__), name, None)
        if getattr(thing, "__module__", "").startswith(__name__ + room):
            return f"; it is pb{room}.{name}"
    near = get_close_matches(name, __all__, n=1)
    return f"; did you mean pb.{near[0]}?" if near else ""


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *HOME})
