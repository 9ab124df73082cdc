"""pybackprop: backpropagation, as readable as the mathematics.

A chapter of the book stands behind each module; start with ``network.py``.
"""

from .activations import ACTIVATIONS, Activation, softmax_jacobian
from .gradcheck import GradientReport, check_gradient, numerical_gradient, verify
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
from .optimizers import (
    OPTIMIZERS,
    SGD,
    Adam,
    AdamW,
    RMSProp,
    constant,
    cosine,
    step_decay,
    warmup,
)
from .params import Params
from .training import (
    Checkpoint,
    History,
    LossBelow,
    LossChangeBelow,
    MaxIterations,
    Moment,
    Patience,
    Record,
    accuracy,
    load,
    save,
    train,
)

__version__ = "0.1.0"

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "OPTIMIZERS",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "Checkpoint",
    "Forward",
    "GradientReport",
    "History",
    "Loss",
    "LossBelow",
    "LossChangeBelow",
    "MaxIterations",
    "Moment",
    "Network",
    "Objective",
    "Params",
    "Patience",
    "RMSProp",
    "Record",
    "Trace",
    "accuracy",
    "backprop",
    "check_gradient",
    "constant",
    "cosine",
    "evaluate",
    "forward",
    "load",
    "numerical_gradient",
    "objective",
    "one_hot",
    "predict",
    "save",
    "softmax_jacobian",
    "step_decay",
    "train",
    "verify",
    "warmup",
]
