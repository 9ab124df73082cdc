"""Steppers: readers walk through passes, derivations, optimizers and training, step by step.

Each function returns an `Interactive`. It displays as a widget in a notebook, and as a still with
its data on a page without a kernel, where the page's script brings it to life.
"""

from ..stage.display import STATIC, Interactive, module, page_script, style
from .attention import attention_stepper
from .backward import backward_stepper
from .convolution import convolution_stepper
from .derivation import derivation_stepper
from .explorers import activation_explorer, gradient_check_stepper, loss_explorer
from .forward import forward_stepper
from .graph import graph_stepper
from .learning import learning_stepper
from .race import optimizer_race
from .recurrence import recurrence_stepper
from .training import training_stepper
from .workers import workers_explorer

__all__ = [
    "STATIC",
    "Interactive",
    "activation_explorer",
    "attention_stepper",
    "backward_stepper",
    "convolution_stepper",
    "derivation_stepper",
    "forward_stepper",
    "gradient_check_stepper",
    "graph_stepper",
    "learning_stepper",
    "loss_explorer",
    "module",
    "optimizer_race",
    "page_script",
    "recurrence_stepper",
    "style",
    "training_stepper",
    "workers_explorer",
]
