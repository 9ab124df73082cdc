"""What a gradient check found, by hand: differences, verdicts, the printed table."""

import numpy as np
import pytest

from pybackprop.report import GradientReport, enough_digits


def report(g, n, allowance=0.1, kinks=None, cause="", block="W[1]"):
    """Return a report of entries ``W[1][0, 0]``, ``W[1][0, 1]``, ..."""
    names = [f"{block}[0, {k}]" for k in range(len(g))]
    g, n = np.array(g, float), np.array(n, float)
    return GradientReport(
        names, g, n, np.full(len(g), allowance), kinks or {}, "central", 1e-5, cause
    )


def test_an_entry_is_wrong_beyond_its_allowance():
    found = report([1.0, 2.0, 3.0], [1.25, 2.5, 2.0], 0.5)
    assert found.difference.tolist() == [0.25, 0.5, 1.0]
    assert found.wrong.tolist() == [False, False, True]
    assert not found
    assert found.worst == "W[1][0, 2]"
    assert found.blocks == ["W[1]"]
    assert report([1.0], [1.0], 0.0)
    assert repr(found) == str(found)


@pytest.mark.parametrize("strange", [np.nan, np.inf])
def test_what_is_no_number_is_wrong_and_the_worst(strange):
    for found in (report([5.0, strange], [1.0, 1.0]), report([5.0, 1.0], [1.0, strange])):
        assert found.wrong.tolist() == [True, True]
        assert found.worst == "W[1][0, 1]"
    assert not report([strange], [strange])
    assert not report([1.0], [strange], np.inf)


def test_at_a_kink_the_distance_from_what_is_right_counts():
    for g, distance in ((-2.0, 1.0), (-1.0, 0.0), (0.25, 0.0), (0.5, 0.0), (3.0, 2.5)):
        found = report([7.0, g], [7.0, 9.0], kinks={"W[1][0, 1]": (-1.0, 0.5)})
        assert found.difference.tolist() == [0.0, distance]
        assert bool(found) is (distance == 0)


def test_the_worst_is_what_exceeds_its_own_allowance_most():
    found = report([1.0, 1.0], [2.0, 1.5])
    assert found.worst == "W[1][0, 0]"
    found.allowance[:] = [1.0, 0.1]
    assert found.worst == "W[1][0, 1]"


def test_errors_are_relative_to_the_larger_or_to_a_thousandth_of_the_largest():
    found = report([4.0, -1.0, 1e-6, 0.0], [5.0, -2.0, 3e-6, 0.0])
    np.testing.assert_allclose(found.error, [1 / 5, 1 / 2, 2e-6 / 5e-3, 0], rtol=1e-14)
    assert found.max_relative_error == 0.5
    assert report([0.0], [0.0]).max_relative_error == 0
    assert np.isnan(report([np.nan, 1.0], [1.0, 1.0]).max_relative_error)


def test_a_table_of_right_entries():
    g = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    lines = str(report(g, [1.0, 2.0, 3.0, 4.0, 5.0, 6.05])).splitlines()
    assert lines[0] == "backprop and central agree in all 6 entries checked"
    assert lines[1] == "entry               backprop       central  difference  allowed"
    assert lines[2] == "W[1][0, 5]      6.000000e+00  6.050000e+00     5.0e-02    1e-01"
    assert [line[:10] for line in lines[3:]] == [f"W[1][0, {k}]" for k in (0, 1, 2, 3)]


def test_a_table_of_wrong_entries():
    lines = str(report([0.0] * 8, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0])).splitlines()
    assert lines[0] == "backprop and central DISAGREE in 7 of 8 entries checked: W[1]"
    assert [line[:10] for line in lines[2:-1]] == [f"W[1][0, {k}]" for k in (6, 5, 4, 3, 2)]
    assert lines[-1] == "and 2 more"
    lines = str(report([0.0] * 5, [1.0] * 5, cause="suspect: all")).splitlines()
    assert len(lines) == 2 + 5 + 1
    assert lines[-1] == "suspect: all"
    assert "and 1 more" in str(report([0.0] * 6, [1.0] * 6))


def test_a_long_cause_is_wrapped():
    lines = str(report([0.0], [1.0], cause="word " * 40)).splitlines()
    assert [len(line) for line in lines[3:]] == [79, 79, 39]
    assert max(map(len, str(report([0.0], [1.0], cause="x" * 100)).splitlines())) == 80


def test_entries_at_a_kink_stand_below_the_others():
    names = [f"W[1][0, {k}]" for k in range(1, 7)]
    found = report([2.0, 0.25, 0, 0, 0, 0, 0], [2.0] * 7, kinks=dict.fromkeys(names, (-1.0, 0.5)))
    lines = str(found).splitlines()
    assert len(lines) == 3 + 1 + 5 + 2
    assert lines[2].startswith("W[1][0, 0]")
    assert lines[3] == (
        "at a kink (z = 0): between its left and its right branch all is taken for right"
    )
    assert lines[4] == "W[1][0, 1]      2.500000e-01    from -1.000000e+00 to  5.000000e-01"
    assert lines[-2] == "and 1 more entries at a kink"
    assert lines[-1] == "where several layers have one, a little noise on the biases tells more"
    five = report([0.0] * 5, [2.0] * 5, kinks=dict.fromkeys(["W[1][0, 0]", *names[:4]], (-1, 0.5)))
    assert len(str(five).splitlines()) == 2 + 1 + 5 + 1
    assert "at a kink" not in str(report([0.0], [1.0]))


def test_as_many_decimals_as_show_a_difference():
    """6 at least; 1e-8 needs 8, 1e-14 needs 14, and last bits are not shown at all."""
    for step, digits in ((0.1, 6), (1e-6, 6), (1e-7, 7), (1e-8, 8), (1e-14, 14), (2**-50, 6)):
        assert enough_digits([2.0, 1.0], [3.0, 1.0 + step]) == digits
    assert enough_digits([1.0, 2.0], [1.0, 2.0]) == 6
    assert enough_digits([], []) == 6
    row = str(report([1.0], [1 + 1e-8], 1e-9)).splitlines()[2]
    assert row == "W[1][0, 0]      1.00000000e+00  1.00000001e+00     1.0e-08    1e-09"
