"""pybackprop: backpropagation, as readable as the mathematics.

A chapter of the book stands behind each module; start with ``network.py``.
"""

from . import schedules
from .activations import ACTIVATIONS, Activation, softmax_jacobian
from .checkpoint import Checkpoint, load, save
from .data import class_weights, one_hot
from .gradcheck import GradientReport, check_gradient, numerical_gradient, verify
from .history import History, Moment, Record
from .initializers import INITIALIZERS
from .losses import LOSSES, Loss, Objective, objective
from .network import Forward, Network, Trace, backprop, forward
from .optimizers import OPTIMIZERS, SGD, Adam, AdamW, RMSProp
from .params import Entry, Params
from .scores import accuracy, confusion, evaluate, predict, recall
from .stopping import LossBelow, LossChangeBelow, MaxIterations, Patience
from .training import train

__version__ = "0.1.0"

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "LOSSES",
    "OPTIMIZERS",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "Checkpoint",
    "Entry",
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
    "class_weights",
    "confusion",
    "evaluate",
    "forward",
    "load",
    "numerical_gradient",
    "objective",
    "one_hot",
    "predict",
    "recall",
    "save",
    "schedules",
    "softmax_jacobian",
    "train",
    "verify",
]
