"""Learning rates that change with the number of the update."""

from .optimizers import SCHEDULES, Schedule, constant, cosine, step_decay, warmup

__all__ = ["SCHEDULES", "Schedule", "constant", "cosine", "step_decay", "warmup"]
