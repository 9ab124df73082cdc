"""Names: the right one, another library's, and none."""

import re

import numpy as np
import pytest

import pybackprop as pb
from pybackprop.lookup import ELSEWHERE, NOT_HERE, lookup, plain, words

TABLES = {
    "activation": pb.ACTIVATIONS,
    "loss": pb.LOSSES,
    "initialization": pb.INITIALIZERS,
    "optimizer": pb.OPTIMIZERS,
}


@pytest.mark.parametrize("what", TABLES)
def test_every_name_and_every_object_is_found(what):
    for name, thing in TABLES[what].items():
        assert lookup(TABLES[what], name, what) is thing
        assert lookup(TABLES[what], thing, what) is thing
        if name != name.upper():
            with pytest.raises(ValueError, match=f"it is called '{name}' here"):
                lookup(TABLES[what], name.upper(), what)


def test_every_name_of_other_libraries_leads_to_one_that_is_there():
    here = {name.lower() for table in TABLES.values() for name in table}
    assert set(ELSEWHERE) <= here
    absent = set().union(*map(words, NOT_HERE.values()))
    for name, other in ELSEWHERE.items():
        assert not words(other) & absent
        assert not words(other) & {plain(known) for known in here}, name


@pytest.mark.parametrize(
    ("what", "given", "meant"),
    [
        ("activation", "linear", "identity"),
        ("activation", "logistic", "sigmoid"),
        ("activation", "LeakyReLU", "leaky_relu"),
        ("activation", "nn.ReLU", "relu"),
        ("activation", "log_softmax", "softmax"),
        ("loss", "binary_crossentropy", "bce"),
        ("loss", "BinaryCrossentropy", "bce"),
        ("loss", "torch.nn.BCEWithLogitsLoss", "bce"),
        ("loss", "BCELoss", "bce"),
        ("loss", "log_loss", "bce"),
        ("loss", "logistic", "bce"),
        ("loss", "categorical_crossentropy", "cross_entropy"),
        ("loss", "sparse_categorical_crossentropy", "cross_entropy"),
        ("loss", "CrossEntropyLoss", "cross_entropy"),
        ("loss", "nll_loss", "cross_entropy"),
        ("loss", "mean_squared_error", "mse"),
        ("loss", "MSELoss", "mse"),
        ("initialization", "glorot_uniform", "xavier"),
        ("initialization", "kaiming_normal_", "he"),
        ("optimizer", "SGD", "sgd"),
        ("optimizer", "RMSprop", "rmsprop"),
    ],
)
def test_names_of_other_libraries(what, given, meant):
    with pytest.raises(ValueError, match=f"{what} '{given}'; it is called '{meant}' here"):
        lookup(TABLES[what], given, what)


@pytest.mark.parametrize(
    ("what", "given", "cure"),
    [
        ("activation", "swish", "pb.Activation('swish', f, derivative)"),
        ("activation", "SiLU", "pb.Activation('SiLU', f, derivative)"),
        ("loss", "huber", "pb.Loss('huber', each, slope)"),
        ("loss", "L1Loss", "pb.Loss('L1Loss', each, slope)"),
        ("optimizer", "adagrad", "an object with lr, t, update, state and load_state"),
        ("initialization", "lecun_normal", "(rng, n_in, n_out) -> array of shape (n_out, n_in)"),
    ],
)
def test_what_is_not_here_can_be_made(what, given, cure):
    with pytest.raises(ValueError, match="it has no name here: give") as caught:
        lookup(TABLES[what], given, what)
    assert cure in str(caught.value)
    if cure.startswith("pb."):
        made = eval(cure, {"pb": pb, "f": abs, "derivative": abs, "each": abs, "slope": abs})
        assert made.name == given


@pytest.mark.parametrize(
    ("what", "given", "near"),
    [
        ("activation", "sigmiod", "sigmoid"),
        ("loss", "half_see", "half_sse"),
        ("activation", "tahn", "tanh"),
    ],
)
def test_a_slip_of_the_pen(what, given, near):
    with pytest.raises(ValueError, match=f"did you mean '{near}'"):
        lookup(TABLES[what], given, what)


@pytest.mark.parametrize("given", [3, "", "qwxz", [1], {"a": 1}, 0.5])
def test_what_is_no_name_at_all(given):
    with pytest.raises(ValueError, match="unknown activation .*; Known: gelu, identity"):
        lookup(pb.ACTIVATIONS, given, "activation")


def test_a_function_alone_is_no_activation():
    for given in (np.tanh, abs, pb.Activation):
        with pytest.raises(TypeError, match="a function alone; give a name or an object of type"):
            lookup(pb.ACTIVATIONS, given, "activation")


@pytest.mark.parametrize(("name", "nesterov"), [("momentum", False), ("NAG", True)])
def test_a_kind_of_descent_leads_to_its_settings_and_they_work(name, nesterov):
    with pytest.raises(ValueError, match="it has no name here") as failure:
        lookup(pb.OPTIMIZERS, name, "optimizer")
    (cure,) = re.findall(r"give (pb\.SGD\(.*?\))\. Known", str(failure.value))
    optimizer = eval(cure, {"pb": pb})
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, nesterov)
