"""Steppers: readers walk through passes, derivations, optimizers and training, step by step.

Each function returns an `Interactive`. It displays as a widget in a notebook, and as a still with
its data on a page without a kernel, where the page's script brings it to life.
"""

from .display import STATIC, Interactive, module, page_script, style
from .network_steps import backward_stepper, derivation_stepper, forward_stepper

__all__ = [
    "STATIC",
    "Interactive",
    "backward_stepper",
    "derivation_stepper",
    "forward_stepper",
    "module",
    "page_script",
    "style",
]
