"""Exercises of chapter 4, SGD versus Adam."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math
from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def momentum_step(theta, g, u, lr, mu):
    u = mu * u + g
    return theta - lr * u, u


def momentum_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([1.0]), np.array([2.0]), np.array([0.5]), 0.1, 0.9),
        (np.array([0.0, 1.0]), np.array([0.3, -2.0]), np.zeros(2), 0.5, 0.8),
        (rng.normal(size=5), rng.normal(size=5), rng.normal(size=5), 0.2, 0.5),
    ]


def adam_step(theta, g, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def adam_by_loops(
    theta: Any, g: Any, m: Any, v: Any, t: Any, lr: Any, beta1: Any, beta2: Any, eps: Any
) -> Any:
    new = []
    for x, slope, mean, square in zip(theta, g, m, v, strict=True):
        mean = mean + (1 - beta1) * (slope - mean)
        square = square + (1 - beta2) * (slope * slope - square)
        rate = lr * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        root = math.sqrt(square) + eps * math.sqrt(1 - beta2**t)
        new.append((x - rate * mean / root, mean, square))
    return [list(column) for column in zip(*new, strict=True)]


def adam_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    zero = np.zeros(2)
    settings = (0.1, 0.9, 0.99, 0.01)
    return [
        (np.array([1.0, -1.0]), np.array([0.5, -2.0]), zero, zero, 1, *settings),
        (rng.normal(size=2), rng.normal(size=2), rng.normal(size=2), rng.uniform(size=2), 2)
        + (0.05, 0.8, 0.9, 0.001),
        (rng.normal(size=4), rng.normal(size=4), rng.normal(size=4), rng.uniform(size=4), 7)
        + settings,
    ]


def adam_with(
    mean: Any = lambda m, g, beta1, beta2: beta1 * m + (1 - beta1) * g,
    square: Any = lambda v, g, beta1, beta2: beta2 * v + (1 - beta2) * g**2,
    corrected: Any = lambda beta, t: 1 - beta**t,
    step: Any = lambda m, v, eps: m / (np.sqrt(v) + eps),
    betas: Any = lambda beta1, beta2: (beta1, beta2),
    sign: int = -1,
    give: Any = lambda m, v, m_hat, v_hat: (m, v),
) -> Any:
    """Return an Adam step with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(
        theta: Any, g: Any, m: Any, v: Any, t: Any, lr: Any, beta1: Any, beta2: Any, eps: Any
    ) -> Any:
        beta1, beta2 = betas(beta1, beta2)
        m, v = mean(m, g, beta1, beta2), square(v, g, beta1, beta2)
        m_hat, v_hat = m / corrected(beta1, t), v / corrected(beta2, t)
        return theta + sign * lr * step(m_hat, v_hat, eps), *give(m, v, m_hat, v_hat)

    return wrong


EXERCISES = [
    Numeric(
        id="04-gradient-step",
        title="One step of gradient descent",
        question=(
            "A weight is <var>w</var> = {w}, its gradient {g}. What is the weight after one step "
            "of gradient descent with the learning rate η = {lr}?"
        ),
        draw=lambda rng: {
            "w": between(rng, -1, 1),
            "g": between(rng, -2, 2),
            "lr": float(rng.choice([0.05, 0.1, 0.2])),
        },
        answer=lambda w, g, lr: w - lr * g,
        digits=3,
        mistakes=[
            Mistake(
                "uphill",
                lambda w, g, lr: w + lr * g,
                "that is a step uphill: the gradient points to where the loss grows.",
            ),
            Mistake(
                "no rate",
                lambda w, g, lr: w - g,
                "the learning rate is missing.",
            ),
            Mistake(
                "step only",
                lambda w, g, lr: -lr * g,
                "that is the step. Where does it lead from w?",
            ),
            Mistake(
                "relative",
                lambda w, g, lr: w - lr * g * w,
                "you multiplied by the weight itself. The step depends on the gradient alone.",
            ),
            Mistake(
                "sign of the gradient",
                lambda w, g, lr: w - lr * np.sign(g),
                "that step has the length η. Here its length is η times the gradient.",
            ),
        ],
        hints=[
            "Against the gradient, and not all of it.",
            "New weight = old weight − learning rate · gradient.",
            "{w} − {lr} · {g:p}.",
        ],
        solution="{w} − {lr} · {g:p} = <b>{answer}</b>.",
    ),
    Numeric(
        id="04-largest-rate",
        title="The largest learning rate",
        question=(
            "On the bowl <var>C</var> = ½ ({p} <var>x</var>² + {q} <var>y</var>²), plain gradient "
            "descent comes to the bottom from everywhere only below a certain learning rate. "
            "Which?"
        ),
        draw=lambda rng: {"p": int(rng.integers(1, 5)), "q": int(rng.integers(6, 40))},
        answer=lambda p, q: 2 / q,
        digits=4,
        mistakes=[
            Mistake(
                "1/q",
                lambda p, q: 1 / q,
                "with that rate y is at the bottom in one step. A step may even jump over it, as "
                "long as it lands nearer than it was.",
            ),
            Mistake(
                "flat direction",
                lambda p, q: 2 / p,
                "that is enough for the flat direction. In the steep one it flies out.",
            ),
            Mistake(
                "best rate",
                lambda p, q: 2 / (p + q),
                "that is the rate that converges fastest, not the largest that converges.",
            ),
            Mistake(
                "half curvature",
                lambda p, q: 4 / q,
                "the ½ goes when you differentiate: the slope in y is the whole factor times y.",
            ),
        ],
        hints=[
            "Look at one coordinate: <var>y</var> becomes <var>y</var> − η {q} <var>y</var>.",
            "That is (1 − {q} η) <var>y</var>: the factor has to lie between −1 and 1.",
            "1 − {q} η > −1. And the other coordinate?",
        ],
        solution=(
            "In each step <var>y</var> is multiplied by 1 − {q} η, which is above −1 for η below "
            "2/{q} = <b>{answer}</b>. The flat direction allows more, so the steep one decides."
        ),
    ),
    Numeric(
        id="04-second-momentum-step",
        title="The second step with momentum",
        question=(
            "Momentum μ = {mu}, η = 0.1, the velocity starts at 0. The gradient is {g} in two "
            "steps in a row. How far does the parameter move in the <b>second</b> step? (A move to "
            "smaller values is negative.)"
        ),
        draw=lambda rng: {
            "mu": float(rng.choice([0.5, 0.8, 0.9])),
            "g": between(rng, -3, 3),
        },
        answer=lambda mu, g: -0.1 * (1 + mu) * g,
        digits=3,
        mistakes=[
            Mistake(
                "first step",
                lambda mu, g: -0.1 * g,
                "that is the first step. In the second one the velocity is there already.",
            ),
            Mistake(
                "both steps",
                lambda mu, g: -0.1 * (2 + mu) * g,
                "that is how far both steps lead together.",
            ),
            Mistake(
                "running mean",
                lambda mu, g: -0.1 * (1 - mu) * (1 + mu) * g,
                "you weighted the gradients with 1 − μ, as Adam does. Momentum adds them whole.",
            ),
            Mistake(
                "friction only",
                lambda mu, g: -0.1 * mu * g,
                "that is what is left of the first step. The second gradient comes on top.",
            ),
            Mistake(
                "uphill",
                lambda mu, g: 0.1 * (1 + mu) * g,
                "the size is right, the sign is not: the step goes against the velocity.",
            ),
        ],
        hints=[
            "Write down the velocity after the first gradient and after the second.",
            "After the first it is {g}. Then <var>u</var> = {mu} · {g:p} + {g:p}.",
            "The step is −0.1 times that.",
        ],
        solution=(
            "<var>u</var> is {g}, then {mu} · {g:p} + {g:p} = {u}. The step is −0.1 · {u:p} = "
            "<b>{answer}</b>."
        ),
        steps=lambda mu, g: {"u": (1 + mu) * g},
    ),
    Code(
        id="04-momentum_step",
        title="A step with momentum",
        question=(
            "Write <code>momentum_step(theta, g, u, lr, mu)</code>: gradient descent with "
            "momentum, in this book's form. <code>u</code> is the velocity before the step, "
            "<code>g</code> the gradient. Return the new <code>theta</code> and the new "
            "<code>u</code>; leave the given arrays as they are."
        ),
        cases=momentum_cases,
        solution=momentum_step,
        alternatives=[
            lambda theta, g, u, lr, mu: [theta - lr * mu * u - lr * g, g + u * mu],
            lambda theta, g, u, lr, mu: (
                [x - lr * (mu * s + d) for x, d, s in zip(theta, g, u, strict=True)],
                [mu * s + d for d, s in zip(g, u, strict=True)],
            ),
        ],
        mistakes=[
            Mistake(
                "rate inside",
                lambda theta, g, u, lr, mu: (theta - mu * u - lr * g, mu * u + lr * g),
                "the learning rate stands inside of u. That is another form of momentum: here it "
                "multiplies u when theta moves.",
            ),
            Mistake(
                "running mean",
                lambda theta, g, u, lr, mu: (
                    theta - lr * (mu * u + (1 - mu) * g),
                    mu * u + (1 - mu) * g,
                ),
                "that is a running mean, with (1 − μ) g. The velocity of momentum adds the whole "
                "gradient.",
            ),
            Mistake(
                "old velocity",
                lambda theta, g, u, lr, mu: (theta - lr * u, mu * u + g),
                "theta moved with the old velocity: first the new u, then the step.",
            ),
            Mistake(
                "no friction",
                lambda theta, g, u, lr, mu: (theta - lr * (u + g), u + g),
                "μ is missing: without it the velocity never fades.",
            ),
            Mistake(
                "uphill",
                lambda theta, g, u, lr, mu: (theta + lr * (mu * u + g), mu * u + g),
                "u is right, and theta moved uphill.",
            ),
            Mistake(
                "Nesterov",
                lambda theta, g, u, lr, mu: (
                    theta - lr * (g + mu * (mu * u + g)),
                    mu * u + g,
                ),
                "that is Nesterov's step; plain momentum is asked for.",
            ),
            Mistake(
                "velocity forgotten",
                lambda theta, g, u, lr, mu: (theta - lr * (mu * u + g), u),
                "theta is right, but the old velocity came back; the next step needs the new one.",
            ),
        ],
        hints=[
            "Two lines: the velocity first, then theta.",
            "u = μ u + g.",
            "theta = theta − η u, with the new u.",
        ],
        reason=(
            "The velocity is a sum of all gradients so far, each faded by μ per step; the learning "
            "rate stands outside."
        ),
    ),
    Choice(
        id="04-scaled-loss",
        title="A hundred times the loss",
        question=(
            "Predict: somebody multiplies the loss by 100 and trains again from the start, with "
            "the same learning rate. What happens to the steps of plain gradient descent, and to "
            "those of Adam (its ε is tiny)?"
        ),
        right=Option(
            "gradient descent: 100 times as long; Adam: the same",
            "Adam divides the mean gradient by its own size, so a factor cancels. For gradient "
            "descent it is the same as a learning rate 100 times as large.",
        ),
        wrong=[
            Option(
                "both: 100 times as long",
                "that holds for gradient descent. What does Adam divide by?",
            ),
            Option(
                "both the same",
                "the gradient grows by 100, and gradient descent multiplies it by η and no more.",
            ),
            Option(
                "gradient descent: 100 times as long; Adam: one tenth",
                "m̂ grows by 100 and v̂ by 100², but it is the root of v̂ that divides.",
            ),
        ],
        hints=[
            "All gradients become 100 times as large.",
            "Follow the factor through m and v.",
            "m̂ has the factor 100, and so has √v̂.",
        ],
    ),
    Numeric(
        id="04-second-adam-step",
        title="Two steps of Adam",
        question=(
            "Adam with β₁ = 0.9, β₂ = 0.999, η = 0.1 and a tiny ε. The first gradient is {g1}, the "
            "second {g2}. What is the second step, −η <var>m̂</var>/√<var>v̂</var>?"
        ),
        draw=lambda rng: {"g1": between(rng, -2, 2), "g2": between(rng, -2, 2)},
        answer=lambda g1, g2: (
            -0.1
            * ((0.09 * g1 + 0.1 * g2) / 0.19)
            / math.sqrt((0.000999 * g1**2 + 0.001 * g2**2) / 0.001999)
        ),
        digits=4,
        mistakes=[
            Mistake(
                "no bias correction",
                lambda g1, g2: (
                    -0.1 * (0.09 * g1 + 0.1 * g2) / math.sqrt(0.000999 * g1**2 + 0.001 * g2**2)
                ),
                "this is Adam without bias correction: m and v are divided by 1 − βᵗ first.",
            ),
            Mistake(
                "t = 1",
                lambda g1, g2: (
                    -0.1
                    * ((0.09 * g1 + 0.1 * g2) / 0.1)
                    / math.sqrt((0.000999 * g1**2 + 0.001 * g2**2) / 0.001)
                ),
                "you corrected with t = 1. This is the second step: 1 − β².",
            ),
            Mistake(
                "no root",
                lambda g1, g2: (
                    -0.1
                    * ((0.09 * g1 + 0.1 * g2) / 0.19)
                    / ((0.000999 * g1**2 + 0.001 * g2**2) / 0.001999)
                ),
                "you divided by v̂ itself; its root belongs there.",
            ),
            Mistake(
                "second gradient alone",
                lambda g1, g2: -0.1 * float(np.sign(g2)),
                "that would be a first step with the second gradient: m and v remember both.",
            ),
            Mistake(
                "uphill",
                lambda g1, g2: (
                    0.1
                    * ((0.09 * g1 + 0.1 * g2) / 0.19)
                    / math.sqrt((0.000999 * g1**2 + 0.001 * g2**2) / 0.001999)
                ),
                "the size is right, the sign is not: the step goes against m̂.",
            ),
            Mistake(
                "plain mean",
                lambda g1, g2: -0.1 * ((g1 + g2) / 2) / math.sqrt((g1**2 + g2**2) / 2),
                "you took plain means of the two. The newer gradient has a little more weight: "
                "0.1 against 0.09 in m.",
            ),
        ],
        hints=[
            "<var>m</var> after two steps is 0.9 · 0.1 · {g1:p} + 0.1 · {g2:p}.",
            "<var>v</var> is 0.999 · 0.001 · {g1:p}² + 0.001 · {g2:p}². Both are corrected with "
            "<var>t</var> = 2.",
            "1 − 0.9² = 0.19 and 1 − 0.999² = 0.001999.",
        ],
        solution=(
            "<var>m̂</var> = {m} / 0.19 = {m_hat}, <var>v̂</var> = {v} / 0.001999 = {v_hat}. The "
            "step is −0.1 · {m_hat:p} / √{v_hat} = <b>{answer}</b>."
        ),
        steps=lambda g1, g2: {
            "m": 0.09 * g1 + 0.1 * g2,
            "v": f"{0.000999 * g1**2 + 0.001 * g2**2:.6f}",
            "m_hat": (0.09 * g1 + 0.1 * g2) / 0.19,
            "v_hat": (0.000999 * g1**2 + 0.001 * g2**2) / 0.001999,
        },
    ),
    Code(
        id="04-adam_step",
        title="An Adam step",
        question=(
            "Write <code>adam_step(theta, g, m, v, t, lr, beta1, beta2, eps)</code>: step number "
            "<code>t</code> (1, 2, …) with the gradient <code>g</code>. <code>m</code> and "
            "<code>v</code> are the running means before the step. Return the new "
            "<code>theta</code>, <code>m</code> and <code>v</code>; leave the given arrays as they "
            "are."
        ),
        cases=adam_cases,
        solution=adam_step,
        made_of=adam_with,
        alternatives=[adam_by_loops, adam_with()],
        mistakes=[
            Mistake(
                "no bias correction",
                {"corrected": lambda beta, t: 1},
                "this is Adam without bias correction: divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ.",
            ),
            Mistake(
                "t stays 1",
                {"corrected": lambda beta, t: 1 - beta},
                "the bias correction does not see t: it is 1 − βᵗ, not 1 − β.",
            ),
            Mistake(
                "t one behind",
                {"corrected": lambda beta, t: 1 - beta ** (t + 1)},
                "t is one too large in the bias correction: the first step has t = 1 already.",
            ),
            Mistake(
                "no root",
                {"step": lambda m, v, eps: m / (v + eps)},
                "you divided by v̂; its root belongs there.",
            ),
            Mistake(
                "eps inside the root",
                {"step": lambda m, v, eps: m / np.sqrt(v + eps)},
                "ε stands inside the root. In Adam it is added after the root, where the same "
                "number weighs less.",
            ),
            Mistake(
                "no square",
                {"square": lambda v, g, beta1, beta2: beta2 * v + (1 - beta2) * abs(g)},
                "v is a mean of squares, g², not of sizes.",
            ),
            Mistake(
                "betas swapped",
                {"betas": lambda beta1, beta2: (beta2, beta1)},
                "β₁ and β₂ are swapped: the first belongs to m, the second to v.",
            ),
            Mistake(
                "whole gradient",
                {
                    "mean": lambda m, g, beta1, beta2: beta1 * m + g,
                    "square": lambda v, g, beta1, beta2: beta2 * v + g**2,
                },
                "the gradient enters whole. In a running mean it has the weight 1 − β.",
            ),
            Mistake(
                "uphill",
                {"sign": 1},
                "m and v are right, and theta moved uphill.",
            ),
            Mistake(
                "corrected means returned",
                {"give": lambda m, v, m_hat, v_hat: (m_hat, v_hat)},
                "theta is right, but m̂ and v̂ came back. The next step goes on from m and v, "
                "which are not corrected.",
            ),
        ],
        hints=[
            "Five lines: m, v, m̂, v̂, theta.",
            "m = β₁ m + (1 − β₁) g, the same for v with g². Then divide by 1 − βᵗ.",
            "theta − η m̂ / (√v̂ + ε). Return m and v, not their corrected forms.",
        ],
        reason=(
            "The means start at 0 and are too small at first, by the factor 1 − βᵗ; dividing by it "
            "makes up for that."
        ),
    ),
    Choice(
        id="04-first-step",
        title="Who takes the longer first step?",
        question=(
            "Predict: two parameters have the gradients 10 and 0.001. How long are their first "
            "steps under Adam with η = 0.01 and its usual settings?"
        ),
        right=Option(
            "both about 0.01",
            "in the first step m̂ = g and v̂ = g², so each moves by η: by 0.01 to the last digit "
            "shown, and for the small one by 0.0099999.",
        ),
        wrong=[
            Option(
                "0.1 and 0.00001",
                "that is gradient descent: η times the gradient.",
            ),
            Option(
                "both about 0.03",
                "that is Adam without bias correction, which starts with steps √10 times as long.",
            ),
            Option(
                "0.01 for the first, nearly nothing for the second",
                "Adam looks at each parameter by itself; the size of its gradient cancels.",
            ),
        ],
        hints=[
            "Work out m̂ and v̂ for the first step.",
            "m̂ = 0.1 g / 0.1 and v̂ = 0.001 g² / 0.001.",
            "What is g / √g²?",
        ],
    ),
]
