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


def matrix_gradient(f, W, h):
    grad = np.zeros(W.shape)
    for j in range(W.shape[0]):
        for k in range(W.shape[1]):
            up, down = W.copy(), W.copy()
            up[j, k] += h
            down[j, k] -= h
            grad[j, k] = (f(up) - f(down)) / (2 * h)
    return grad


def matrix_gradient_given(f, W, h):
    """Return the gradient of f at the matrix W, by central differences."""
    grad = np.zeros(W.shape)
    for j in range(W.shape[0]):
        for k in range(W.shape[1]):
            up = down = W.copy()
            up[j, k] += h
            down[j, k] -= h
            grad[j, k] = (f(up) - f(down)) / (2 * h)
    return grad


def entry(shape: Any, j: int, k: int) -> Any:
    """The matrix that is 1 at one place."""
    nudge = np.zeros(shape)
    nudge[j, k] = 1
    return nudge


def up_to(shape: Any, j: int, k: int) -> Any:
    """The matrix that is 1 up to one place, row by row."""
    nudge = np.zeros(shape)
    nudge.flat[: j * shape[1] + k + 1] = 1
    return nudge


def matrix_gradient_with(
    nudged: Any = entry, quotient: Any = lambda up, down, h: (up - down) / (2 * h)
) -> Any:
    """Return the gradient of a matrix with one of its lines exchanged, for a mistake in it."""

    def wrong(f: Any, W: Any, h: Any) -> Any:
        grad = np.zeros(W.shape)
        for j, k in np.ndindex(W.shape):
            nudge = h * nudged(W.shape, j, k)
            grad[j, k] = quotient(f(W + nudge), f(W - nudge), h)
        return grad

    return wrong


def matrix_gradient_forward(f: Any, W: Any, h: Any) -> Any:
    return [
        [(f(W + h * entry(W.shape, j, k)) - f(W)) / h for k in range(len(W[0]))]
        for j in range(len(W))
    ]


def matrix_gradient_left_below(f: Any, W: Any, h: Any) -> Any:
    """One copy that is moved up, then down by 2h, and stays there."""
    grad, moved = np.zeros(W.shape), W.copy()
    for place in np.ndindex(W.shape):
        moved[place] += h
        up = f(moved)
        moved[place] -= 2 * h
        grad[place] = (up - f(moved)) / (2 * h)
    return grad


def matrix_gradient_of_itself(f: Any, W: Any, h: Any) -> Any:
    """W is moved up and stays there; only the way down has a copy."""
    grad = np.zeros(W.shape)
    for place in np.ndindex(W.shape):
        up, down = W, W.copy()
        up[place] += h
        down[place] -= h
        grad[place] = (f(up) - f(down)) / (2 * h)
    return grad


def matrix_gradient_set(f: Any, W: Any, h: Any) -> Any:
    """Entries that are set to the step, not moved by it."""
    grad = np.zeros(W.shape)
    for place in np.ndindex(W.shape):
        up, down = W.copy(), W.copy()
        up[place], down[place] = h, -h
        grad[place] = (f(up) - f(down)) / (2 * h)
    return grad


def cubes(W: Any) -> Any:
    return (W**3).sum()


def mixed(W: Any) -> Any:
    return np.sin(W).sum() + W[0, 0] * W[-1, -1] + (W.sum(axis=1) ** 2).sum()


def matrix_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (cubes, np.array([[1.0, 2.0], [0.5, -1.0]]), 0.1),
        (mixed, rng.normal(size=(2, 3)), 1e-2),
        (mixed, rng.normal(size=(3, 1)), 1e-3),
    ]


def relative_errors(g, n):
    """Return the relative error of each entry, with a floor below."""
    floor = 1e-3 * max(abs(g).max(), abs(n).max())
    return abs(g - n) / np.maximum(np.maximum(abs(g), abs(n)), floor)


def relative_errors_with(
    above: Any = lambda g, n: abs(g - n),
    below: Any = lambda g, n: np.maximum(abs(g), abs(n)),
    floor: Any = lambda g, n: max(abs(g).max(), abs(n).max()),
    joined: Any = np.maximum,
) -> Any:
    """Return the relative errors with one of their pieces exchanged, for a mistake in it."""
    return lambda g, n: above(g, n) / joined(below(g, n), 1e-3 * floor(g, n))


def pairs_of_gradients(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Two gradients each: large and tiny entries, and one of them dead."""
    g, noise = rng.normal(size=6), 1e-7 * rng.normal(size=6)
    tiny = np.array([1, 1e-6, 1, -1e-5, 1, 1])
    return [
        (np.array([0.5, -0.2]), np.array([0.4, 0.2])),
        (np.array([2.0, 1e-8, -1e-4]), np.array([2.0, 3e-8, 1e-4])),
        (np.array([0.0, 0.0, 0.0]), np.array([4.0, 1e-9, -0.5])),
        (np.array([-3.0, 2e-4, 0.5]), np.array([0.0, 1e-3, 0.0])),
        (np.array([-3.0, 1e-4, 0.2]), np.array([-2.9, 2e-4, 0.1])),
        (tiny * g, tiny * g + noise),
        (-2 * tiny * g + noise, tiny * g),
    ]


def taylor_order(f, g, theta, d, h):
    """Return the order with which the remainder falls from h to h/10."""
    large, small = (abs(f(theta + s * d) - f(theta) - s * g @ d) for s in (h, h / 10))
    return np.log10(large / small)


def taylor_order_in_steps(f: Any, g: Any, theta: Any, d: Any, h: Any) -> Any:
    slope = sum(x * y for x, y in zip(g, d, strict=True))
    rests = []
    for step in (h, 0.1 * h):
        predicted = f(theta) + step * slope
        rests.append(np.abs(f(theta + step * d) - predicted))
    return np.log10(rests[0]) - np.log10(rests[1])


def taylor_order_with(
    rest: Any = lambda f, step, along: f(step) - f(0) - step * along,
    order: Any = lambda large, small: np.log10(large / small),
    nearer: float = 0.1,
) -> Any:
    """Return the Taylor test with one of its pieces exchanged, for a mistake in it."""

    def wrong(f: Any, g: Any, theta: Any, d: Any, h: Any) -> Any:
        large, small = (
            abs(rest(lambda s: f(theta + s * d), step, g @ d)) for step in (h, nearer * h)
        )
        return order(large, small)

    return wrong


def valley(theta: Any) -> float:
    return float(np.sum(theta**2) + np.sin(theta[0]))


def valley_gradient(theta: Any) -> Any:
    return 2 * theta + np.cos(theta[0]) * np.eye(len(theta))[0]


def taylor_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    found = []
    for n, change, h in [
        (2, 1.0, 0.1),
        (3, 1.0, 0.2),
        (3, 0.9, 0.1),
        (4, -1.0, 0.1),
        (2, 2.0, 0.3),
    ]:
        theta, d = rng.normal(size=n).round(2), rng.normal(size=n).round(2)
        found.append((valley, change * valley_gradient(theta), theta, d, h))
    return found


TURN = {
    "bent": np.array([[0.6, -0.8], [0.4, 1.1]]),
    "wide": np.array([[1.0, 0.5], [-0.7, 0.2], [0.3, 0.9]]),
}


def bent(x: Any) -> Any:
    return np.tanh(TURN["bent"] @ x)


def bent_back(x: Any, w: Any) -> Any:
    return TURN["bent"].T @ (w * (1 - bent(x) ** 2))


def no_slope_back(x: Any, w: Any) -> Any:
    return TURN["bent"].T @ w


def untransposed_back(x: Any, w: Any) -> Any:
    return TURN["bent"] @ (w * (1 - bent(x) ** 2))


def wide(x: Any) -> Any:
    return TURN["wide"] @ (x * x)


def wide_back(x: Any, w: Any) -> Any:
    return 2 * x * (TURN["wide"].T @ w)


def half_back(x: Any, w: Any) -> Any:
    return x * (TURN["wide"].T @ w)


def layer_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (forward, back, *(rng.normal(size=n).round(2) for n in (2, 2, m)))
        for forward, back, m in [
            (bent, no_slope_back, 2),
            (bent, bent_back, 2),
            (bent, untransposed_back, 2),
            (wide, wide_back, 3),
            (wide, half_back, 3),
        ]
    ]


def dot_product_gap(forward, back, x, v, w):
    """Return the difference of both sides of the dot-product test."""
    Jv = forward(x + 1e-30j * v).imag / 1e-30
    return Jv @ w - v @ back(x, w)


def dot_product_gap_with(
    ahead: Any = lambda forward, x, v: forward(x + 1e-30j * v).imag / 1e-30,
    left: Any = lambda Jv, v, w: Jv @ w,
    right: Any = lambda back, x, v, w: v @ back(x, w),
    gap: Any = lambda left, right: left - right,
) -> Any:
    """Return the dot-product test with one of its pieces exchanged, for a mistake in it."""
    return lambda forward, back, x, v, w: gap(
        left(ahead(forward, x, v), v, w), right(back, x, v, w)
    )


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
                "mean below",
                lambda g, n: 2 * abs(g - n) / (abs(g) + abs(n)),
                "you divided by the mean of both sizes. Some books do; here it is the larger one.",
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
    Code(
        id="07-matrix_gradient",
        title="A judge that always says 0",
        question=(
            "Somebody has written the chapter's judge anew, for the weights <code>W</code> of one "
            "layer: a matrix, nudged entry by entry. <code>f</code> takes such a matrix and "
            "returns the loss. Whatever the loss is, the program returns zeros. Find the mistake "
            "and mend it. <code>W</code> itself stays as it is."
        ),
        cases=matrix_cases,
        solution=matrix_gradient,
        given=matrix_gradient_given,
        made_of=matrix_gradient_with,
        alternatives=[
            matrix_gradient_with(),
            lambda f, W, h: np.reshape(
                [
                    (f(W + h * e.reshape(W.shape)) - f(W - h * e.reshape(W.shape))) / h / 2
                    for e in np.eye(W.size)
                ],
                W.shape,
            ),
        ],
        mistakes=[
            Mistake(
                "two names, one array",
                matrix_gradient_given,
                "<code>up = down = W.copy()</code> makes one copy with two names. What is added "
                "under one name is taken away under the other, and f sees W twice.",
            ),
            Mistake(
                "never put back",
                {"nudged": up_to},
                "the nudges pile up: an entry that has been moved stays moved when the next one "
                "has its turn. Begin each entry with fresh copies.",
            ),
            Mistake(
                "left below",
                matrix_gradient_left_below,
                "each entry ends at −h and stays there, so the later ones are measured at another "
                "place. Put it back, or begin with a fresh copy.",
            ),
            Mistake(
                "W itself",
                matrix_gradient_of_itself,
                "one of the two names is W itself, so W is moved and stays moved. Both, up and "
                "down, need a copy.",
            ),
            Mistake(
                "set, not moved",
                matrix_gradient_set,
                "the entry is set to h and to −h. It has to be moved by h: += and −=.",
            ),
            Mistake(
                "whole row",
                {
                    "nudged": lambda shape, j, k: (
                        np.ones(shape) * (np.arange(shape[0]) == j)[:, None]
                    )
                },
                "a whole row is nudged at once: W[j] is a row; one entry is W[j, k].",
            ),
            Mistake(
                "whole column",
                {"nudged": lambda shape, j, k: np.ones(shape) * (np.arange(shape[1]) == k)},
                "a whole column is nudged at once; nudge one entry, W[j, k], alone.",
            ),
            Mistake(
                "all entries at once",
                {"nudged": lambda shape, j, k: np.ones(shape)},
                "all entries are nudged at once: W + h moves every one. Each has to move alone.",
            ),
            Mistake(
                "forward difference",
                matrix_gradient_forward,
                "that is a forward difference: the lower value is f at W itself. Step down, too.",
            ),
            Mistake(
                "not halved",
                {"quotient": lambda up, down, h: (up - down) / h},
                "from −h to +h it is 2h, not h.",
            ),
            Mistake(
                "no parentheses",
                {"quotient": lambda up, down, h: up - down / (2 * h)},
                "only the second value is divided: the difference stands in parentheses, "
                "(f(up) − f(down)) / (2h).",
            ),
            Mistake(
                "times h",
                {"quotient": lambda up, down, h: (up - down) / 2 * h},
                "you divided by 2 and multiplied by h: / 2 * h is not / (2 * h).",
            ),
        ],
        hints=[
            "How many arrays are there after the line <code>up = down = W.copy()</code>?",
            "Print up[j, k] and down[j, k] after both nudges: they are the same number.",
            "Each name needs a copy of its own.",
        ],
        reason=(
            "An assignment names an array, it does not copy one. Two names need two calls of "
            "<code>copy</code>."
        ),
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
                "10<sup>−16</sup>, about the precision of float64",
                "a weight of 1 plus that is 1 again: the difference is 0.",
            ),
        ],
        hints=[
            "Two errors work against each other.",
            "Truncation falls with h², rounding grows with 1/h.",
            "They meet near the cube root of 10<sup>−16</sup>.",
        ],
    ),
    Numeric(
        id="07-complex-step",
        title="A step sideways",
        question=(
            "<var>f</var>(<var>w</var>) = <var>w</var>³ again. What does the <b>complex step</b> "
            "give at <var>w</var> = {w} with the (much too large) step <var>h</var> = {h}?"
        ),
        draw=lambda rng: {
            "w": between(rng, 0.5, 3),
            "h": float(rng.choice([0.1, 0.2, 0.5])),
        },
        answer=lambda w, h: 3 * w**2 - h**2,
        digits=3,
        mistakes=[
            Mistake(
                "derivative",
                lambda w, h: 3 * w**2,
                "that is the derivative itself. With so large a step the result is a little off "
                "it; by how much is the point.",
            ),
            Mistake(
                "i squared is one",
                lambda w, h: 3 * w**2 + h**2,
                "that is what the central difference gives. Here the last term has the other "
                "sign: i² = −1, so (ih)³ = −ih³.",
            ),
            Mistake(
                "real part",
                lambda w, h: w**3 - 3 * w * h**2,
                "that is the real part, where the function's value is. The derivative is in the "
                "imaginary part.",
            ),
            Mistake(
                "real part over h",
                lambda w, h: (w**3 - 3 * w * h**2) / h,
                "you divided the real part by h. The derivative is in the imaginary part.",
            ),
            Mistake(
                "not divided",
                lambda w, h: 3 * w**2 * h - h**3,
                "that is the imaginary part. Divide it by h.",
            ),
            Mistake(
                "divided by 2h",
                lambda w, h: (3 * w**2 - h**2) / 2,
                "there is one step, from w to w + ih: divide by h, not by 2h.",
            ),
            Mistake(
                "length",
                lambda w, h: (w**2 + h**2) ** 1.5 / h,
                "that is the length of the complex number, over h. Take its imaginary part.",
            ),
        ],
        hints=[
            "Multiply (<var>w</var> + <var>ih</var>)³ out: four terms.",
            "i² = −1 and i³ = −i. The imaginary part is 3<var>w</var>²<var>h</var> − "
            "<var>h</var>³.",
            "Divided by <var>h</var>: 3 · {w}² − {h}².",
        ],
        solution=(
            "3 · {w}² − {h}² = <b>{answer}</b>. The derivative is {exact}: off by <var>h</var>², "
            "as the central difference is, on the other side. A step of 10<sup>−30</sup> is off by "
            "10<sup>−60</sup>, and nothing cancels."
        ),
        steps=lambda w, h: {"exact": 3 * w**2},
    ),
    Code(
        id="07-relative_errors",
        title="Relative errors with a floor",
        question=(
            "Write <code>relative_errors(g, n)</code> for two gradients, vectors of one length: "
            "|<var>g</var> − <var>n</var>| of each entry, over the larger of its two sizes, but "
            "never over less than the floor. The floor is a thousandth of the largest size "
            "in <b>both</b> gradients: either of them may be the one that is dead. (They are not "
            "both 0.)"
        ),
        cases=pairs_of_gradients,
        solution=relative_errors,
        made_of=relative_errors_with,
        alternatives=[
            lambda g, n: [
                abs(x - y) / max(abs(x), abs(y), 1e-3 * max(*map(abs, g), *map(abs, n)))
                for x, y in zip(g, n, strict=True)
            ],
            lambda g, n: (
                np.abs(g - n)
                / np.clip(np.abs([g, n]).max(axis=0), 1e-3 * np.linalg.norm([*g, *n], np.inf), None)
            ),
        ],
        mistakes=[
            Mistake(
                "no floor",
                {"floor": lambda g, n: 0},
                "there is no floor: an entry of 0.00000001 is divided by itself, and its "
                "rounding looks like a bug.",
            ),
            Mistake(
                "floor from g",
                {"floor": lambda g, n: abs(g).max()},
                "the floor comes from g alone. If g is dead, all zeros, so is the floor.",
            ),
            Mistake(
                "floor from n",
                {"floor": lambda g, n: abs(n).max()},
                "the floor comes from n alone. Take the largest entry of both gradients.",
            ),
            Mistake(
                "floor added",
                {"joined": lambda below, floor: below + floor},
                "the floor is added to the sizes below. It stands in their place where they are "
                "smaller: a maximum.",
            ),
            Mistake(
                "floor is the mean",
                {"floor": lambda g, n: np.mean([abs(g), abs(n)])},
                "the floor is taken from the mean size. Take the largest one.",
            ),
            Mistake(
                "the floor for all",
                {"joined": lambda below, floor: floor},
                "every entry is divided by the floor. Only those that are smaller are.",
            ),
            Mistake(
                "signs kept",
                {"floor": lambda g, n: max(g.max(), n.max())},
                "the largest entry is looked for with its sign. A gradient of −3 is larger than "
                "one of 0.5: take sizes first.",
            ),
            Mistake(
                "absolute error",
                lambda g, n: abs(g - n),
                "that is the absolute error. Divide it.",
            ),
            Mistake(
                "largest only",
                lambda g, n: relative_errors(g, n).max(),
                "that is the largest of the errors. An error for each entry is asked for: the "
                "pattern leads to the bug.",
            ),
            Mistake(
                "whole vectors",
                lambda g, n: np.linalg.norm(g - n) / max(np.linalg.norm(g), np.linalg.norm(n)),
                "that is one error for the whole vector, by lengths. An error for each entry is "
                "asked for.",
            ),
            Mistake(
                "fixed floor",
                {"floor": lambda g, n: 1},
                "the floor is the number 0.001 itself. It is a thousandth of the largest size, so "
                "that it grows and shrinks with the gradients.",
            ),
            Mistake(
                "sizes only",
                {"above": lambda g, n: abs(abs(g) - abs(n))},
                "a flipped sign stays unseen: you subtract the sizes.",
            ),
            Mistake(
                "signed",
                {"above": lambda g, n: g - n},
                "an error is never negative: take the size of the difference.",
            ),
            Mistake(
                "smaller below",
                {"below": lambda g, n: np.minimum(abs(g), abs(n))},
                "you divide by the smaller of the two sizes.",
            ),
            Mistake(
                "sum below",
                {"below": lambda g, n: abs(g) + abs(n)},
                "you divide by the sum of both sizes. Some books do; here it is the larger one.",
            ),
        ],
        hints=[
            "Three sizes below the line: |g|, |n|, and the floor.",
            "np.maximum compares entry by entry; abs(g).max() is the largest of all.",
            "The floor is 1e-3 * max(abs(g).max(), abs(n).max()).",
        ],
        reason=(
            "With a floor from one gradient alone, a backward pass that returns zeros would be "
            "judged by a floor of 0."
        ),
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
            "A network with ReLU fails its check at the bias of one hidden unit: backprop 0.50, "
            "central 0.40. All other units agree to nine digits. With another input, everything "
            "agrees. What is likely?"
        ),
        right=Option(
            "a weighted sum within h of 0: the central difference straddles the kink",
            "one of its two values lies on the flat side, so it measures a part of the slope only.",
        ),
        wrong=[
            Option(
                "backpropagation has a bug in ReLU's derivative",
                "a bug would show with other inputs, too, and in more than one unit.",
            ),
            Option(
                "rounding: the step was too small",
                "rounding spoils all entries a little, not one of them by a fifth of it.",
            ),
            Option(
                "the step was too large, and truncation spoils it",
                "truncation shows wherever the loss bends. On both sides of its kink ReLU is "
                "straight.",
            ),
        ],
        hints=[
            "Where has ReLU no derivative?",
            "What do the two values on both sides of the kink give?",
            "0.40 lies between the slopes 0 and 0.50.",
        ],
    ),
    Code(
        id="07-taylor_order",
        title="The Taylor test, whole",
        question=(
            "Write <code>taylor_order(f, g, theta, d, h)</code>. First the remainder at a step "
            "<var>s</var>: the size of the left side of (G9), with <var>s</var> for <var>h</var>. "
            "Take it at <var>s</var> = <var>h</var> and at <var>s</var> = <var>h</var>/10. Return "
            "the order with which it falls: 1 if it gets ten times smaller, 2 if a hundred times."
        ),
        cases=taylor_cases,
        solution=taylor_order,
        made_of=taylor_order_with,
        alternatives=[taylor_order_in_steps, taylor_order_with()],
        mistakes=[
            Mistake(
                "no gradient",
                {"rest": lambda f, s, along: f(s) - f(0)},
                "the prediction s (g · d) is not taken away. What is left falls with the order 1 "
                "whatever g is.",
            ),
            Mistake(
                "step left out",
                {"rest": lambda f, s, along: f(s) - f(0) - along},
                "the predicted change is g · d times the step; you took g · d alone.",
            ),
            Mistake(
                "full step in both",
                lambda f, g, theta, d, h: np.log10(
                    abs(f(theta + h * d) - f(theta) - h * g @ d)
                    / abs(f(theta + h / 10 * d) - f(theta) - h * g @ d)
                ),
                "the short step is compared with the prediction for the long one. Both have the "
                "same step in them.",
            ),
            Mistake(
                "value left out",
                {"rest": lambda f, s, along: f(s) - s * along},
                "f(theta) is missing: a change is the value after less the value before.",
            ),
            Mistake(
                "prediction added",
                {"rest": lambda f, s, along: f(s) - f(0) + s * along},
                "the predicted change is added. Take it away: what is left is what the "
                "gradient did not foresee.",
            ),
            Mistake(
                "both sides",
                {"rest": lambda f, s, along: f(s) - f(-s) - 2 * s * along},
                "you stepped to both sides. There the terms with h² cancel, and a right gradient "
                "has the order 3.",
            ),
            Mistake(
                "turned around",
                {"order": lambda large, small: np.log10(small / large)},
                "the quotient is turned around: the remainder at h stands above, the one at h/10 "
                "below.",
            ),
            Mistake(
                "natural logarithm",
                {"order": lambda large, small: np.log(large / small)},
                "that is the natural logarithm. The step is ten times smaller, so the order is a "
                "logarithm to the base 10.",
            ),
            Mistake(
                "base 2",
                {"order": lambda large, small: np.log2(large / small)},
                "that is the logarithm to the base 2, for a step that is halved. Here it is a "
                "tenth.",
            ),
            Mistake(
                "no logarithm",
                {"order": lambda large, small: large / small},
                "that is by how much the remainder falls, 10 or 100 times. The order is its "
                "logarithm.",
            ),
            Mistake(
                "a hundredth",
                {"nearer": 0.01},
                "the second step is h/100; a tenth is asked for.",
            ),
            Mistake(
                "all entries alike",
                lambda f, g, theta, d, h: np.log10(
                    abs(f(theta + h) - f(theta) - h * g @ d)
                    / abs(f(theta + h / 10) - f(theta) - h / 10 * g @ d)
                ),
                "theta is moved by the step in all entries alike. Move it along d: theta + s * d.",
            ),
            Mistake(
                "halved",
                {"nearer": 0.5},
                "the second step is h/2; a tenth is asked for.",
            ),
        ],
        hints=[
            "Write the remainder first, as a function of the step, and try it with both steps.",
            "The prediction is s * (g @ d). What is left has the size abs(after - before - that).",
            "np.log10(remainder at h / remainder at h/10).",
        ],
        reason=(
            "Near 2: g is right, and the bend of the loss is all that is left. Near 1: a part of "
            "the slope is left. No entry was nudged, and nobody had to say how large an error may "
            "be."
        ),
    ),
    Code(
        id="07-dot_product_gap",
        title="The dot-product test, by hand",
        question=(
            "<code>forward(x)</code> is a layer: it takes a vector and returns one. "
            "<code>back(x, w)</code> claims to be its way back, "
            "<var>J</var><sup>T</sup><var>w</var> with the Jacobian <var>J</var> at <var>x</var>. "
            "Write <code>dot_product_gap(forward, back, x, v, w)</code>: find <var>Jv</var> by a "
            "complex step of 10<sup>−30</sup>, and return the left side of (G10) less its right "
            "side."
        ),
        cases=layer_cases,
        solution=dot_product_gap,
        made_of=dot_product_gap_with,
        alternatives=[
            dot_product_gap_with(),
            lambda forward, back, x, v, w: (
                np.dot(w, np.imag(forward(x + 1e-20j * v))) * 1e20
                - sum(a * b for a, b in zip(v, back(x, w), strict=True))
            ),
        ],
        mistakes=[
            Mistake(
                "real part",
                {"ahead": lambda forward, x, v: forward(x + 1e-30j * v).real},
                "that is the layer's value, in the real part. Jv is in the imaginary part.",
            ),
            Mistake(
                "not divided",
                {"ahead": lambda forward, x, v: forward(x + 1e-30j * v).imag},
                "the imaginary part is not divided by the step, so the left side is 0.",
            ),
            Mistake(
                "no direction",
                {"ahead": lambda forward, x, v: forward(x + 1e-30j).imag / 1e-30},
                "all inputs are moved alike. Move them along v: x + 1e-30j * v.",
            ),
            Mistake(
                "large step",
                {"ahead": lambda forward, x, v: forward(x + 1j * v).imag},
                "the step is 1. The imaginary part is the derivative for a tiny step only.",
            ),
            Mistake(
                "value for change",
                {"ahead": lambda forward, x, v: forward(v)},
                "that is the layer at v. Jv is how its result at x changes along v.",
            ),
            Mistake(
                "not at x",
                {"ahead": lambda forward, x, v: forward(1e-30j * v).imag / 1e-30},
                "the Jacobian is taken at 0. Take it at x.",
            ),
            Mistake(
                "added",
                {"gap": lambda left, right: left + right},
                "you added both sides; they should be equal, so take one from the other.",
            ),
            Mistake(
                "turned around",
                {"gap": lambda left, right: right - left},
                "that is the right side less the left one.",
            ),
            Mistake(
                "size",
                {"gap": lambda left, right: abs(left - right)},
                "the sign is lost: left less right is asked for.",
            ),
            Mistake(
                "v and w exchanged behind",
                {"right": lambda back, x, v, w: w @ back(x, v)},
                "on the way back w goes in, and the result is multiplied by v.",
            ),
            Mistake(
                "v in front",
                {"left": lambda Jv, v, w: v @ Jv},
                "what goes forward is as long as the layer's result: multiply it by w, not by v.",
            ),
            Mistake(
                "w on both sides",
                {"right": lambda back, x, v, w: w @ back(x, w)},
                "what comes back is as long as x: multiply it by v, not by w.",
            ),
        ],
        hints=[
            "The way forward: how does the result change if x moves along v?",
            "Jv is forward(x + 1e-30j * v).imag / 1e-30.",
            "Left: Jv @ w. Right: v @ back(x, w).",
        ],
        reason=(
            "0 for a right pair, for any v and w. Each side uses one way only, so a mistake cannot "
            "hide on both."
        ),
    ),
]
