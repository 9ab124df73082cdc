"""Exercises of chapter 7, checking gradients."""

# mypy: allow-untyped-defs, allow-untyped-calls

from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def wrong_entries(f, grad, theta):
    h, wrong = 1e-5, np.zeros(len(theta), dtype=bool)
    floor = 1e-3 * max(abs(grad))
    for i in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[i] += h
        down[i] -= h
        measured = (f(up) - f(down)) / (2 * h)
        scale = max(abs(grad[i]), abs(measured), floor)
        wrong[i] = abs(grad[i] - measured) > 1e-4 * scale
    return wrong


def measure(f: Any, theta: Any, h: float = 1e-5, both: bool = True) -> Any:
    """Central differences, or forward ones."""
    nudges = h * np.eye(len(theta))
    lower = [f(theta - nudge) if both else f(theta) for nudge in nudges]
    upper = [f(theta + nudge) for nudge in nudges]
    return np.subtract(upper, lower) / (2 * h if both else h)


def measure_with(f: Any, theta: Any, quotient: Any) -> Any:
    """A wrong quotient of the two values, for each entry."""
    h = 1e-5
    return np.array([quotient(f(theta + x), f(theta - x), h) for x in h * np.eye(len(theta))])


def compare(grad: Any, measured: Any, floor: float = 1e-3) -> Any:
    """Which entries disagree; floor is a fraction of the largest entry."""
    scale = np.maximum(abs(grad), abs(measured))
    return abs(grad - measured) > 1e-4 * np.maximum(scale, floor * abs(grad).max())


def steep(theta: Any) -> float:
    """A function that bends much, and with gradients of very different sizes."""
    return float(np.sin(50 * theta[0]) + 1e-4 * theta[1] ** 2 + 100 * theta[2] * theta[1])


def steep_gradient(theta: Any) -> Any:
    x, y, z = theta
    return np.array([50 * np.cos(50 * x), 2e-4 * y + 100 * z, 100 * y])


def straight(theta: Any) -> float:
    return float(3 * theta[0])


def small(theta: Any) -> float:
    return float(1e-4 * (theta[0] ** 2 + theta[0] * theta[1]))


def lopsided(theta: Any) -> float:
    """A function whose second slope is lost in the rounding of its values."""
    return float(1e3 * np.cos(theta[0]) + 1e-9 * theta[1])


def gradient_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    at = np.array([0.41, 0.5, 0.02])
    right = steep_gradient(at)
    return [
        (straight, np.array([3.0]), np.array([0.0])),
        (small, np.array([3e-4, 2e-4]), np.array([1.0, 1.0])),
        (lopsided, np.array([-1e3 * np.sin(1.0), 1e-9]), np.array([1.0, 1.0])),
        (steep, right, at),
        (steep, right * [1, 1, -1], at),
        (steep, right * [1.01, 1, 1], at),
        (steep, right * [1, 0.5, 1], at),
        (steep, right * [1, 2, 0.5], at),
    ]


def cube(w: float) -> float:
    return w**3


EXERCISES = [
    Numeric(
        id="07-central-difference",
        title="A central difference",
        question=(
            "<var>f</var>(<var>w</var>) = <var>w</var>³. What does the <b>central</b> difference "
            "give at <var>w</var> = {w} with the step <var>h</var> = {h}?"
        ),
        draw=lambda rng: {
            "w": between(rng, 0.5, 3),
            "h": float(rng.choice([0.1, 0.2, 0.5])),
        },
        answer=lambda w, h: (cube(w + h) - cube(w - h)) / (2 * h),
        digits=3,
        mistakes=[
            Mistake(
                "forward",
                lambda w, h: (cube(w + h) - cube(w)) / h,
                "that is the forward difference, with one step up. Central takes one up and one "
                "down.",
            ),
            Mistake(
                "backward",
                lambda w, h: (cube(w) - cube(w - h)) / h,
                "that is the backward difference. Central takes one step up and one down.",
            ),
            Mistake(
                "not halved",
                lambda w, h: (cube(w + h) - cube(w - h)) / h,
                "from w − h to w + h it is 2h, not h.",
            ),
            Mistake(
                "no parentheses",
                lambda w, h: cube(w + h) - cube(w - h) / (2 * h),
                "only the second value is divided: the difference stands in parentheses, "
                "(f(w + h) − f(w − h)) / (2h).",
            ),
            Mistake(
                "times h",
                lambda w, h: (cube(w + h) - cube(w - h)) / 2 * h,
                "you divided by 2 and multiplied by h: / 2 * h is not / (2 * h).",
            ),
            Mistake(
                "derivative",
                lambda w, h: 3 * w**2,
                "that is the derivative itself. With so large a step the difference is a little "
                "off it; by how much is the point.",
            ),
            Mistake(
                "not divided",
                lambda w, h: cube(w + h) - cube(w - h),
                "that is the difference of the two values. Divide it by the distance.",
            ),
        ],
        hints=[
            "Two values of <var>f</var>, one on each side.",
            "({w} + {h})³ and ({w} − {h})³.",
            "Their difference, over 2 · {h}.",
        ],
        solution=(
            "({up}³ − {down}³) / (2 · {h}) = <b>{answer}</b>. The derivative is 3<var>w</var>² = "
            "{exact}; the difference is off by <var>h</var>²."
        ),
        steps=lambda w, h: {"up": f"{w + h:.1f}", "down": f"{w - h:.1f}", "exact": 3 * w**2},
    ),
    Numeric(
        id="07-relative-error",
        title="A relative error",
        question=(
            "Backpropagation says {g}, the numerical gradient {n}. What is the relative error, "
            "|<var>g</var> − <var>n</var>| over the larger of the two sizes?"
        ),
        draw=lambda rng: dict(
            zip(
                ("g", "n"),
                (rng.choice([-1, 1]) * rng.uniform(0.1, 0.9, size=2)).round(2).tolist(),
                strict=True,
            )
        ),
        answer=lambda g, n: abs(g - n) / max(abs(g), abs(n)),
        digits=3,
        mistakes=[
            Mistake(
                "absolute",
                lambda g, n: abs(g - n),
                "that is the absolute error. Divide it by the larger size.",
            ),
            Mistake(
                "smaller below",
                lambda g, n: abs(g - n) / min(abs(g), abs(n)),
                "you divided by the smaller of the two.",
            ),
            Mistake(
                "sum below",
                lambda g, n: abs(g - n) / (abs(g) + abs(n)),
                "you divided by the sum of both sizes. Some books do; here it is the larger one.",
            ),
            Mistake(
                "signed",
                lambda g, n: -abs(g - n) / max(abs(g), abs(n)),
                "an error is never negative: take its size.",
            ),
        ],
        hints=[
            "Above: how far apart they are. Mind the signs.",
            "Below: the larger of |{g}| and |{n}|.",
            "|{g} − {n:p}|, divided by that.",
        ],
        solution=(
            "{above} / {below} = <b>{answer}</b>. In a check with float64 anything above 0.01 is "
            "a bug, or a kink."
        ),
        steps=lambda g, n: {
            "above": f"{abs(g - n):.2f}",
            "below": f"{max(abs(g), abs(n)):.2f}",
        },
    ),
    Choice(
        id="07-step-size",
        title="Which step?",
        question=(
            "Central differences in float64, a loss and weights of ordinary size. Which step "
            "<var>h</var> measures the gradient best?"
        ),
        right=Option(
            "10<sup>−5</sup>",
            "near the cube root of the precision, about 6 · 10⁻⁶, truncation and rounding "
            "balance. Some 10 digits are right.",
        ),
        wrong=[
            Option(
                "10<sup>−1</sup>",
                "nothing is lost to rounding, but the truncation error h² is about a hundredth.",
            ),
            Option(
                "10<sup>−12</sup>",
                "the two values agree in nearly all of their 16 digits; the few that are left are "
                "mostly rounding.",
            ),
            Option(
                "10<sup>−16</sup>, as small as the computer can hold",
                "a weight of 1 plus that is 1 again: the difference is 0.",
            ),
        ],
        hints=[
            "Two errors work against each other.",
            "Truncation falls with h², rounding grows with 1/h.",
            "They meet near the cube root of 10<sup>−16</sup>.",
        ],
    ),
    Code(
        id="07-wrong_entries",
        title="A gradient check that finds the bug",
        question=(
            "Somebody's backpropagation returns <code>grad</code> at <code>theta</code> (both "
            "vectors), and may have a bug. Write <code>wrong_entries(f, grad, theta)</code>: "
            "measure the gradient of the loss <code>f</code> with central differences "
            "(<var>h</var> = 10<sup>−5</sup>), and return an array of booleans: True where the "
            "relative error of an entry is above 10<sup>−4</sup>. Mind the floor: never divide by "
            "less than a thousandth of the largest entry of <code>grad</code>."
        ),
        cases=gradient_cases,
        solution=wrong_entries,
        alternatives=[
            lambda f, grad, theta: compare(grad, measure(f, theta)),
            lambda f, grad, theta: [
                bool(abs(g - n) / max(abs(g), abs(n), 1e-3 * max(abs(grad))) > 1e-4)
                for g, n in zip(grad, measure(f, theta), strict=True)
            ],
        ],
        mistakes=[
            Mistake(
                "absolute error",
                lambda f, grad, theta: abs(grad - measure(f, theta)) > 1e-4,
                "you compare the absolute error. A gradient of 0.0001 that is off by half stays "
                "unseen: divide by its size.",
            ),
            Mistake(
                "no absolute value",
                lambda f, grad, theta: (
                    (grad > measure(f, theta)) & compare(grad, measure(f, theta))
                ),
                "entries that are too small stay unseen: take the size of the difference.",
            ),
            Mistake(
                "no floor",
                lambda f, grad, theta: compare(grad, measure(f, theta), floor=0),
                "a right entry is blamed: it is tiny beside the largest, and what is measured "
                "there is rounding. Compare it on the scale of the floor.",
            ),
            Mistake(
                "sizes only",
                lambda f, grad, theta: compare(abs(grad), abs(measure(f, theta))),
                "a flipped sign stays unseen: you compare sizes only.",
            ),
            Mistake(
                "forward difference",
                lambda f, grad, theta: compare(grad, measure(f, theta, both=False)),
                "right entries are blamed where the function bends much: that is a forward "
                "difference. Step to both sides.",
            ),
            Mistake(
                "not halved",
                lambda f, grad, theta: compare(grad, 2 * measure(f, theta)),
                "the measured gradient is twice too large: from θ − h to θ + h it is 2h.",
            ),
            Mistake(
                "no parentheses",
                lambda f, grad, theta: compare(
                    grad, measure_with(f, theta, lambda up, down, h: up - down / (2 * h))
                ),
                "only the second value is divided by 2h: the difference stands in parentheses, "
                "(f(θ + h) − f(θ − h)) / (2h).",
            ),
            Mistake(
                "times h",
                lambda f, grad, theta: compare(
                    grad, measure_with(f, theta, lambda up, down, h: (up - down) / 2 * h)
                ),
                "you divided by 2 and multiplied by h: / 2 * h is not / (2 * h).",
            ),
            Mistake(
                "step too small",
                lambda f, grad, theta: compare(grad, measure(f, theta, h=1e-13)),
                "right entries are blamed: the step is too small, and rounding is all it measures.",
            ),
            Mistake(
                "one verdict for all",
                lambda f, grad, theta: np.full(len(theta), compare(grad, measure(f, theta)).any()),
                "one wrong entry makes all of them wrong. Judge each for itself: that is what "
                "leads to the bug.",
            ),
            Mistake(
                "turned around",
                lambda f, grad, theta: ~compare(grad, measure(f, theta)),
                "the answer is turned around: True stands where an entry is wrong.",
            ),
        ],
        hints=[
            "Measure first, as in the chapter: each entry nudged up and down, alone.",
            "The error of an entry is |g − n|, relative to the larger of |g| and |n|.",
            "|g − n| > 1e-4 · max(|g|, |n|, floor) needs no division. The floor is "
            "1e-3 · max(abs(grad)).",
        ],
        reason=(
            "Written with a product in place of a quotient, the comparison also holds where all "
            "numbers are 0."
        ),
    ),
    Choice(
        id="07-kink",
        title="A failure at a kink",
        question=(
            "A network with relu fails its check at the bias of one hidden neuron: backprop 0.50, "
            "central 0.40. All other neurons agree to nine digits. With another input, everything "
            "agrees. What is likely?"
        ),
        right=Option(
            "a weighted sum within h of 0: the central difference straddles the kink",
            "one of its two values lies on the flat side, so it measures a part of the slope only.",
        ),
        wrong=[
            Option(
                "backpropagation has a bug in relu's derivative",
                "a bug would show with other inputs, too, and in more than one neuron.",
            ),
            Option(
                "rounding: the step was too small",
                "rounding spoils all entries a little, not one of them by a fifth of it.",
            ),
            Option(
                "the step was too large, and truncation spoils it",
                "truncation shows wherever the loss bends. On both sides of its kink relu is "
                "straight.",
            ),
        ],
        hints=[
            "Where has relu no derivative?",
            "What do the two values on both sides of the kink give?",
            "0.40 lies between the slopes 0 and 0.50.",
        ],
    ),
]
