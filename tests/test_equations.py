import numpy as np
import pytest

import pybackprop as pb
from pybackprop.equations import relative_error


def test_relative_error():
    np.testing.assert_allclose(
        relative_error([2.0, 0.0, 0.0], [1.0, 0.0, 1e-6], 1e-3), [0.5, 0, 1e-3]
    )
    assert relative_error([0.0], [0.0], 0.0) == 0


def test_verify_prints_the_largest_error(capsys):
    pb.verify("BP2", [np.ones(2), 3.0], [np.ones(2), 3.0 * (1 + 1e-12)])
    assert capsys.readouterr().out == "BP2: largest error 1.0e-12\n"


def test_small_numbers_are_held_to_an_absolute_error(capsys):
    pb.verify("BP2", [0.0, 0.5], [5e-11, 0.5])
    assert capsys.readouterr().out == "BP2: largest error 5.0e-11\n"
    for wrong in (1e-10, 2e-10):
        with pytest.raises(AssertionError, match=f"error {wrong:.1e}, tolerance 1e-10"):
            pb.verify("BP2", 0.0, wrong)


def test_what_agrees_to_the_last_digit_holds(capsys):
    pb.verify("BP2", 0.25, 0.25)
    assert capsys.readouterr().out == "BP2: largest error 0.0e+00\n"


@pytest.mark.parametrize(
    ("computed", "expected", "message"),
    [
        (np.ones(3), -np.ones(3), "BP2 does not hold: 1 against -1"),
        (np.ones((3, 1)), np.ones((1, 3)), r"shapes \(3, 1\) and \(1, 3\) differ"),
        (np.ones(3), np.array([1, 1, np.nan]), "does not hold: 1 against nan"),
        ([1.0, 2.0], [1.0], "2 results against 1"),
        ([1.0], 1.0, r"shapes \(1,\) and \(\) differ"),
        ([], [], "nothing to compare"),
        (np.zeros(0), np.zeros(0), "nothing to compare"),
    ],
)
def test_verify_catches(computed, expected, message):
    with pytest.raises(AssertionError, match=message):
        pb.verify("BP2", computed, expected)
