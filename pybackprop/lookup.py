"""Find an entry of a table by its name, or say which known name is meant."""

from collections.abc import Mapping
from typing import TypeVar

Entry = TypeVar("Entry")

ELSEWHERE = {
    # activations
    "linear": "identity",
    "none": "identity",
    "logistic": "sigmoid",
    "rectifier": "relu",
    "leakyrelu": "leaky_relu",
    "softmax_with_logits": "softmax",
    # losses
    "binary_crossentropy": "bce",
    "binary_cross_entropy": "bce",
    "bceloss": "bce",
    "bcewithlogitsloss": "bce",
    "log_loss": "bce",
    "logloss": "bce",
    "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "crossentropyloss": "cross_entropy",
    "crossentropy": "cross_entropy",
    "ce": "cross_entropy",
    "nll": "cross_entropy",
    "mean_squared_error": "mse",
    "mseloss": "mse",
    "squared_error": "mse",
    "l2": "mse",
    # initial weights
    "glorot": "xavier",
    "glorot_uniform": "xavier",
    "xavier_uniform": "xavier",
    "kaiming": "he",
    "kaiming_normal": "he",
    "he_normal": "he",
    # optimizers
    "gd": "sgd",
    "gradient_descent": "sgd",
    "momentum": "sgd",
    "nesterov": "sgd",
}
"""What other libraries call a thing -> what it is called here."""

NOT_HERE = {
    "swish": "an Activation",
    "silu": "an Activation",
    "elu": "an Activation",
    "selu": "an Activation",
    "mish": "an Activation",
    "hard_sigmoid": "an Activation",
    "softsign": "an Activation",
    "hinge": "a Loss",
    "huber": "a Loss",
    "mae": "a Loss",
    "l1": "a Loss",
    "kl_divergence": "a Loss",
    "kld": "a Loss",
    "adagrad": "an optimizer",
    "adadelta": "an optimizer",
    "adamax": "an optimizer",
    "nadam": "an optimizer",
    "lbfgs": "an optimizer",
    "lion": "an optimizer",
}
"""What other libraries have and this one has not -> what to make of one's own."""


def lookup(table: Mapping[str, Entry], name: object, what: str) -> Entry:
    """Return ``table[name]``; an unknown name raises a ValueError that says which one is meant.

    An entry may be given in place of its name.

    >>> lookup({"tanh": 1, "sigmoid": 2}, "sigmoid", "activation")
    2
    >>> lookup({"tanh": 1, "sigmoid": 2}, "sigmiod", "activation")
    Traceback (most recent call last):
    ValueError: unknown activation 'sigmiod'; did you mean 'sigmoid'? Known: sigmoid, tanh
    >>> lookup({"tanh": 1, "sigmoid": 2}, "logistic", "activation")
    Traceback (most recent call last):
    ValueError: unknown activation 'logistic'; it is called 'sigmoid' here. Known: sigmoid, tanh
    """
    if isinstance(name, str) and name in table:
        return table[name]
    kind = type(next(iter(table.values())))
    if isinstance(name, kind) and not isinstance(name, str):
        return name
    raise ValueError(f"unknown {what} {name!r}; {hint(table, name)}Known: {known(table)}")


def known(table: Mapping[str, Entry]) -> str:
    """Return the names of a table, sorted."""
    return ", ".join(sorted(table))


def hint(table: Mapping[str, Entry], name: object) -> str:
    """Return what an unknown name may mean: another library's name, or the nearest one."""
    from difflib import get_close_matches  # needed only where something is wrong

    given = str(name).lower().replace("-", "_").replace(" ", "_")
    names = {known.lower(): known for known in table}
    if names.get(ELSEWHERE.get(given, given)):
        return f"it is called {names[ELSEWHERE.get(given, given)]!r} here. "
    if given in NOT_HERE:
        return f"it is not here: give {NOT_HERE[given]} of your own (the API page shows how). "
    near = get_close_matches(given, names, n=1, cutoff=0.5)
    return f"did you mean {names[near[0]]!r}? " if near else ""
