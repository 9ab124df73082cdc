"""pybackprop: backpropagation, as readable as the mathematics.

A chapter of the book stands behind each module; start with ``network.py``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .activations import ACTIVATIONS, Activation, softmax_jacobian
from .checkpoint import Checkpoint, load, save
from .data import class_weights, one_hot
from .gradcheck import GradientReport, check_gradient, numerical_gradient, verify
from .history import History, Moment, Record
from .initializers import INITIALIZERS
from .losses import LOSSES, Loss, Objective, objective
from .network import Forward, Network, Trace, backprop, forward
from .optimizers import OPTIMIZERS, SGD, Adam, AdamW, RMSProp, constant, cosine, step_decay, warmup
from .params import Entry, Params
from .scores import accuracy, confusion, evaluate, predict, recall
from .stopping import LossBelow, LossChangeBelow, MaxIterations, Patience
from .training import train

__version__ = "0.1.0"
