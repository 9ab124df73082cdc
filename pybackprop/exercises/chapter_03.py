"""Exercises of chapter 3, deriving delta."""

import math
from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option


def sigmoid_prime(z: Any) -> Any:
    a = 1 / (1 + np.exp(-z))
    return a * (1 - a)


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _slope(x: float) -> float:
    return math.exp(-x) / (1 + math.exp(-x)) ** 2


def _z_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([0.0]),),
        (np.array([-2.0, 3.0]),),
        (rng.normal(size=(3, 2)),),
        (rng.normal(size=(4, 1)),),
    ]


EXERCISES = [
    Numeric(
        id="03-output-delta",
        title="The output delta of one neuron",
        question=(
            "One sigmoid output, loss <var>C</var> = (<var>a</var> − <var>y</var>)<sup>2</sup>. "
            "<var>z</var> = {z}, so <var>a</var> = σ(<var>z</var>), and <var>y</var> = {y}. "
            "What is δ = ∂<var>C</var>/∂<var>z</var>?"
        ),
        draw=lambda rng: {
            "z": round(float(rng.choice([-1, 1]) * rng.uniform(0.3, 2)), 1),
            "y": int(rng.integers(0, 2)),
        },
        answer=lambda z, y: 2 * (_sigmoid(z) - y) * sigmoid_prime(z),
        digits=4,
        mistakes=[
            Mistake(
                "no slope",
                lambda z, y: 2 * (_sigmoid(z) - y),
                "that is ∂C/∂a: you left out σ′(z), the slope of the sigmoid.",
            ),
            Mistake(
                "no 2",
                lambda z, y: (_sigmoid(z) - y) * sigmoid_prime(z),
                "that is half of it: the 2 of the square is missing. This loss has no ½.",
            ),
            Mistake(
                "sigma for sigma prime",
                lambda z, y: 2 * (_sigmoid(z) - y) * _sigmoid(z),
                "you used σ(z) where σ′(z) belongs: σ′ = σ (1 − σ).",
            ),
            Mistake(
                "slope at a",
                lambda z, y: 2 * (_sigmoid(z) - y) * sigmoid_prime(_sigmoid(z)),
                "you took σ′ at a; its place is z. From a it is a (1 − a).",
            ),
            Mistake(
                "sign",
                lambda z, y: 2 * (y - _sigmoid(z)) * sigmoid_prime(z),
                "the size is right, the sign is not: the derivative of (a − y)² has a − y.",
            ),
        ],
        hints=[
            "Two functions stand one inside the other: the square around the sigmoid.",
            "The chain rule: ∂<var>C</var>/∂<var>a</var> times σ′(<var>z</var>).",
            "2 (<var>a</var> − {y}) · <var>a</var> (1 − <var>a</var>) with <var>a</var> = σ({z}).",
        ],
        solution=(
            "<var>a</var> = σ({z}) = {a}. δ = 2 ({a} − {y}) · {a} (1 − {a}) = <b>{answer}</b>."
        ),
        steps=lambda z, y: {"a": f"{_sigmoid(z):.4f}"},
    ),
    Choice(
        id="03-sign-of-delta",
        title="Which way must the output go?",
        question=(
            "A sigmoid output gives <var>a</var> = 0.8 where <var>y</var> = 1. "
            "Is δ = ∂<var>C</var>/∂<var>z</var> positive, negative or zero?"
        ),
        right=Option(
            "negative",
            "a is below y, so a larger z lowers the loss: the derivative is negative.",
        ),
        wrong=[
            Option(
                "positive",
                "you may have taken y − a: a positive δ says that a larger z raises the loss.",
            ),
            Option("zero", "δ is zero only where a = y, or where the slope of σ vanishes."),
        ],
        hints=[
            "Would you turn z up or down to come nearer to y?",
            "A derivative is positive where the function rises with its variable.",
            "The loss falls as z grows from here.",
        ],
    ),
    Code(
        id="03-sigmoid_prime",
        title="The slope of the sigmoid",
        question=(
            "Write <code>sigmoid_prime(z)</code>: σ′(<var>z</var>), entry by entry, "
            "in the shape of <var>z</var>."
        ),
        stub="def sigmoid_prime(z):\n    ...",
        cases=_z_cases,
        solution=sigmoid_prime,
        alternatives=[
            lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
            lambda z: (
                [[_slope(x) for x in row] for row in z] if z.ndim == 2 else [_slope(x) for x in z]
            ),
        ],
        mistakes=[
            Mistake("sigma itself", _sigmoid, "that is σ(z) itself; its derivative is asked for."),
            Mistake(
                "slope of a",
                lambda z: sigmoid_prime(_sigmoid(z)),
                "you applied σ′ to σ(z): z was put through the sigmoid twice.",
            ),
            Mistake(
                "z in place of a",
                lambda z: z * (1 - z),
                "that is z (1 − z). The formula a (1 − a) needs a = σ(z), not z.",
            ),
            Mistake(
                "sign in the exponent",
                lambda z: -sigmoid_prime(z),
                "the sign is wrong: σ rises everywhere, so its slope is positive.",
            ),
            Mistake(
                "tanh's slope",
                lambda z: 1 - _sigmoid(z) ** 2,
                "1 − a² is the slope of tanh; the sigmoid's is a (1 − a).",
            ),
        ],
        hints=[
            "Write a = σ(z) first and express the derivative in a.",
            "The derivative of 1/(1 + e<sup>−z</sup>) is e<sup>−z</sup>/(1 + e<sup>−z</sup>)².",
            "That fraction equals a (1 − a).",
        ],
        reason="σ′ = e<sup>−z</sup>/(1 + e<sup>−z</sup>)² = a (1 − a) with a = σ(z).",
    ),
]
