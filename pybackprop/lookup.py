"""Find an entry of a table by its name, or say which known name is meant."""

from collections.abc import Mapping
from typing import TypeVar

Entry = TypeVar("Entry")

ELSEWHERE = {
    "identity": "linear none lin purelin",
    "sigmoid": "logistic expit logsig logistic_sigmoid sigm",
    "tanh": "tansig hyperbolic_tangent",
    "relu": "rectifier rectify rectified_linear poslin",
    "leaky_relu": "lrelu leaky_rectify",
    "softplus": "smooth_relu",
    "gelu": "gelu_new gelu_tanh gelu_approximate",
    "softmax": "log_softmax softmax_with_logits normalized_exponential",
    "bce": "binary_crossentropy binary_crossentropy_with_logits bce_with_logits "
    "sigmoid_cross_entropy log_loss logistic binary_logloss deviance",
    "cross_entropy": "categorical_crossentropy sparse_categorical_crossentropy ce xent nll "
    "softmax_crossentropy softmax_crossentropy_with_logits negative_log_likelihood multi_logloss",
    "mse": "mean_squared_error squared_error squared_loss l2 quadratic mean_square",
    "half_sse": "half_squared_error half_mse",
    "sse": "sum_of_squares sum_squared_error rss",
    "zeros": "zero",
    "xavier": "glorot glorot_uniform xavier_uniform glorot_normal xavier_normal",
    "he": "kaiming kaiming_normal he_normal kaiming_uniform he_uniform",
    "uniform": "random random_uniform",
    "sgd": "gd gradient_descent stochastic_gradient_descent",
    "rmsprop": "rms",
}
"""Name here -> what other libraries call it, up to what `plain` takes off."""

NOT_HERE = {
    "an activation of your own, pb.Activation({name!r}, f, derivative)": "swish silu elu selu celu "
    "mish hard_sigmoid hard_swish hard_tanh softsign prelu relu6 exponential sine sin crelu glu",
    "a loss of your own, pb.Loss({name!r}, each, slope)": "hinge squared_hinge huber smooth_l1 mae "
    "mean_absolute_error absolute_error l1 kl_divergence kl_div kld focal dice log_cosh poisson "
    "quantile pinball cosine_similarity",
    "a function of your own, (rng, n_in, n_out) -> array of shape (n_out, n_in)": "normal gaussian "
    "random_normal truncated_normal orthogonal lecun lecun_normal lecun_uniform ones constant",
    "pb.SGD(lr=0.1, momentum=0.9)": "momentum heavy_ball sgd_momentum",
    "pb.SGD(lr=0.1, momentum=0.9, nesterov=True)": "nesterov nag nesterov_momentum",
    "an optimizer of your own, an object with lr, t, update, state and load_state": "adagrad "
    "adadelta adamax nadam amsgrad radam lbfgs l_bfgs rprop lion lamb lars ftrl muon adafactor",
}
"""What takes the place of a name that other libraries have and this one has not."""


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
    if isinstance(name, str):
        if name in table:
            return table[name]
    else:
        kind = type(next(iter(table.values())))
        if isinstance(name, kind):
            return name
        if callable(name):
            raise TypeError(
                f"{what} is {name!r}, a function alone; give a name or an object of type "
                f"{kind.__name__}. Known: {known(table)}"
            )
    raise ValueError(f"unknown {what} {name!r}; {hint(table, name)}Known: {known(table)}")


def known(table: Mapping[str, Entry]) -> str:
    """Return the names of a table, sorted."""
    return ", ".join(sorted(table))


def hint(table: Mapping[str, Entry], name: object) -> str:
    """Return what an unknown name may mean: another library's name, or the nearest one."""
    from difflib import get_close_matches  # needed only where something is wrong

    given = plain(str(name))
    names = {plain(known): known for known in table}
    for here in names:
        if given == here or given in words(ELSEWHERE.get(names[here].lower(), "")):
            return f"it is called {names[here]!r} here. "
    for cure, absent in NOT_HERE.items():
        if given in words(absent):
            return f"it has no name here: give {cure.format(name=name)}. "
    near = get_close_matches(given, names, n=1, cutoff=0.5)
    return f"did you mean {names[near[0]]!r}? " if near else ""


def plain(name: str) -> str:
    """Return a name without what libraries vary: case, signs, a module in front, "loss" behind.

    >>> plain("torch.nn.BCELoss"), plain("Leaky-ReLU")
    ('bce', 'leakyrelu')
    """
    letters = "".join(sign for sign in name.lower().split(".")[-1] if sign.isalnum())
    return letters.removesuffix("loss") or letters


def words(text: str) -> set[str]:
    """Return the plain names in a text."""
    return {plain(word) for word in text.split()}
