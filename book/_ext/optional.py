"""Chapters that need more than the book does: they are run where it is there.

Elsewhere their stored outputs stand, which the tests hold to what they compute.
"""

from importlib.util import find_spec

NEEDED = {"15_pytorch_and_jax": ("jax", "torch"), "16_many_workers": ("distributed",)}


def not_run() -> list[str]:
    """Return the chapters that cannot be run here."""
    return [name for name, needed in NEEDED.items() if not all(map(find_spec, needed))]
