"""Exercises of chapter 4, SGD versus Adam."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math
from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def line_step(w: float, x: float, y: float, lr: float) -> float:
    """A step of gradient descent with the loss (w x - y)² / 2."""
    return w - lr * (w * x - y) * x


def two_steps(step: Any) -> Any:
    """Return what the weight is after a step, and another one from there."""
    return lambda w, x, y, lr: step(step(w, x, y, lr), x, y, lr)


def minibatch_step(w, X, y, rows, lr):
    """Return the weights after one step with the examples in these rows."""
    X, y = X[rows], y[rows]
    gradient = X.T @ (X @ w - y) / len(rows)
    return w - lr * gradient


def minibatch_with(
    chosen: Any = lambda X, y, rows: (X[rows], y[rows]),
    error: Any = lambda a, y: a - y,
    back: Any = lambda X, error: X.T @ error,
    count: Any = lambda m, n: m,
    move: Any = lambda w, gradient, lr: w - lr * gradient,
) -> Any:
    """Return a step with a minibatch in which one piece is exchanged, for a mistake in it."""

    def wrong(w: Any, X: Any, y: Any, rows: Any, lr: Any) -> Any:
        some, targets = chosen(X, y, rows)
        gradient = back(some, error(some @ w, targets)) / count(len(some), len(X))
        return move(w, gradient, lr)

    return wrong


def one_after_another(w: Any, X: Any, y: Any, rows: Any, lr: Any) -> Any:
    """Take a step with each example, from where the one before has led."""
    for i in rows:
        w = w - lr * (X[i] @ w - y[i]) * X[i]
    return w


def minibatch_by_examples(w: Any, X: Any, y: Any, rows: Any, lr: Any) -> Any:
    each = [(sum(X[i] * w) - y[i]) * X[i] for i in rows]
    return [w[j] - lr * sum(g[j] for g in each) / len(each) for j in range(len(w))]


def minibatch_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    cases = []
    for m, n, rows, lr in [(3, 2, [2, 1], 0.5), (6, 3, [4, 0, 3], 0.1), (7, 2, [1, 6, 3, 2], 0.3)]:
        X, y = rng.normal(size=(m, n)), rng.normal(size=m)
        cases.append((rng.normal(size=n), X, y, np.array(rows), lr))
    return cases


def momentum_step(theta, g, u, lr, mu):
    u = mu * u + g
    return theta - lr * u, u


def momentum_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([1.0]), np.array([2.0]), np.array([0.5]), 0.1, 0.9),
        (np.array([0.0, 1.0]), np.array([0.3, -2.0]), np.zeros(2), 0.5, 0.8),
        (rng.normal(size=5), rng.normal(size=5), rng.normal(size=5), 0.2, 0.5),
    ]


def rmsprop_walk(theta, gradient, lr, beta, eps, steps):
    """Return theta after some steps of RMSProp, with v = 0 at the start."""
    v = np.zeros_like(theta)
    for _ in range(steps):
        g = gradient(theta)
        v = beta * v + (1 - beta) * g**2
        theta = theta - lr * g / (np.sqrt(v) + eps)
    return theta


def rmsprop_walk_lines(theta, gradient, lr, beta, eps, steps):
    """Return theta after some steps of RMSProp, with v = 0 at the start."""
    # theta = theta - lr * g / (np.sqrt(v) + eps)
    # g = gradient(theta)
    # return theta
    # v = beta * v + (1 - beta) * g**2
    # for _ in range(steps):
    # v = np.zeros_like(theta)
    return ...


def rmsprop_walk_with(
    forget: bool = False,
    once: bool = False,
    late: bool = False,
    stops: bool = False,
    moves: Any = range,
    root: Any = lambda v, eps: np.sqrt(v) + eps,
    mean: Any = lambda v, g, beta: beta * v + (1 - beta) * g**2,
    sign: int = -1,
) -> Any:
    """Return a walk with RMSProp in which a line has another place, or says another thing."""

    def wrong(theta: Any, gradient: Any, lr: Any, beta: Any, eps: Any, steps: Any) -> Any:
        v, g = np.zeros_like(theta), gradient(theta)
        for step in range(steps):
            g = g if once else gradient(theta)
            before = np.zeros_like(theta) if forget else v
            v = mean(before, g, beta)
            if step in moves(steps):
                theta = theta + sign * lr * g / root(before if late else v, eps)
            if stops:
                break
        return theta

    return wrong


def rmsprop_in_place(theta: Any, gradient: Any, lr: Any, beta: Any, eps: Any, steps: Any) -> Any:
    theta, v = np.array(theta), 0.0
    for _ in range(steps):
        g = gradient(theta)
        v = v + (1 - beta) * (g * g - v)
        theta -= lr * g / (v**0.5 + eps)
    return theta


def long_bowl(theta: Any) -> Any:
    """The gradient of a bowl that is ten times as steep in every other coordinate."""
    return theta * np.where(np.arange(theta.size) % 2, 10.0, 1.0)


def rmsprop_walk_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([2.0, -1.0]), long_bowl, 0.1, 0.9, 0.5, 2),
        (rng.normal(size=3), long_bowl, 0.05, 0.8, 0.2, 3),
        (rng.normal(size=4), long_bowl, 0.1, 0.5, 0.1, 5),
    ]


def penalized(w, X, y, decay):
    """Return the loss with an L2 penalty, and its gradient."""
    error = X @ w - y
    loss = np.mean(error**2) / 2 + decay / 2 * np.sum(w**2)
    gradient = X.T @ error / len(y) + decay * w
    return loss, gradient


def penalized_given(w, X, y, decay):
    """Return the loss with an L2 penalty, and its gradient."""
    error = X @ w - y
    loss = np.mean(error**2) / 2 + decay / 2 * np.sum(w**2)
    gradient = X.T @ error / len(y)
    return loss, gradient


def penalized_with(
    price: Any = lambda w, decay, m: decay / 2 * np.sum(w**2),
    slope: Any = lambda w, decay, m: decay * w,
) -> Any:
    """Return a penalized loss with another price of the weights, or another slope of it."""

    def wrong(w: Any, X: Any, y: Any, decay: Any) -> Any:
        error, m = X @ w - y, len(y)
        return np.mean(error**2) / 2 + price(w, decay, m), X.T @ error / m + slope(w, decay, m)

    return wrong


def penalized_by_examples(w: Any, X: Any, y: Any, decay: Any) -> Any:
    """Share the penalty out among the examples."""
    loss, gradient = 0.0, np.zeros(len(w))
    for x, target in zip(X, y, strict=True):
        error = w @ x - target
        loss += (error**2 + decay * w @ w) / 2 / len(X)
        gradient += (error * x + decay * w) / len(X)
    return [loss, gradient]


def penalized_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (rng.normal(size=n), rng.normal(size=(m, n)), rng.normal(size=m), decay)
        for m, n, decay in [(3, 2, 0.5), (4, 3, 0.1), (6, 2, 2.0)]
    ]


def rate_of(t, lr, warm, total):
    """Return the learning rate of update number t: a warm-up, then a cosine."""
    if t <= warm:
        return lr * t / warm
    return lr / 2 * (1 + np.cos(np.pi * (t - warm - 1) / (total - warm)))


def rate_with(
    rise: Any = lambda t, warm: t / warm,
    done: Any = lambda t, warm, total: (t - warm - 1) / (total - warm),
    fall: Any = lambda share: (1 + math.cos(math.pi * share)) / 2,
    joined: Any = lambda t, warm, rise, fall: rise if t <= warm else fall,
) -> Any:
    """Return a schedule with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(t: Any, lr: Any, warm: Any, total: Any) -> Any:
        return lr * joined(t, warm, rise(t, warm), fall(done(t, warm, total)))

    return wrong


def rate_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (t, lr, warm, total)
        for lr, warm, total in [(0.1, 4, 20), (0.5, 10, 30)]
        for t in (1, warm, warm + 1, warm + 2, total - 3, total)
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


def adamw_step(theta, g, m, v, t, lr, decay, beta1, beta2, eps):
    """Return theta, m and v after step number t of AdamW."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    step = m_hat / (np.sqrt(v_hat) + eps)
    return (1 - lr * decay) * theta - lr * step, m, v


def adamw_step_given(theta, g, m, v, t, lr, decay, beta1, beta2, eps):
    """Return theta, m and v after step number t of AdamW."""
    g = g + decay * theta
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    step = m_hat / (np.sqrt(v_hat) + eps)
    return theta - lr * step, m, v


def adamw_with(
    gradient: Any = lambda g, theta, decay: g,
    share: Any = lambda lr, decay: 1 - lr * decay,
    above: Any = lambda m_hat, theta, decay: m_hat,
    number: Any = lambda t: t,
    corrected: Any = lambda beta, t: 1 - beta**t,
    after: bool = False,
    sign: int = -1,
) -> Any:
    """Return a step of AdamW with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(theta: Any, g: Any, m: Any, v: Any, t: Any, *settings: Any) -> Any:
        lr, decay, beta1, beta2, eps = settings
        g, t = gradient(g, theta, decay), number(t)
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / corrected(beta1, t), v / corrected(beta2, t)
        step = sign * lr * above(m_hat, theta, decay) / (np.sqrt(v_hat) + eps)
        kept = share(lr, decay)
        return (kept * (theta + step) if after else kept * theta + step), m, v

    return wrong


def adamw_by_loops(
    theta: Any, g: Any, m: Any, v: Any, t: Any, lr: Any, decay: Any, *settings: Any
) -> Any:
    new, *means = adam_by_loops(theta, g, m, v, t, lr, *settings)
    return [[x - lr * decay * old for x, old in zip(new, theta, strict=True)], *means]


def adamw_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (*case[:5], lr, decay, *case[6:])
        for case, lr, decay in zip(adam_cases(rng), (0.1, 0.05, 0.2), (0.5, 2.0, 0.3), strict=True)
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


def adam_move(m, v, t, lr, beta1, beta2, eps):
    return -lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)


def adam_move_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([0.2, -0.3]), np.array([0.04, 0.25]), 1, 0.1, 0.9, 0.99, 0.01),
        (rng.normal(size=3), rng.uniform(0.1, 1, size=3), 3, 0.02, 0.8, 0.95, 0.03),
        (rng.normal(size=4), rng.uniform(0.1, 1, size=4), 20, 0.3, 0.9, 0.999, 1e-3),
    ]


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
        id="04-two-steps",
        title="Two steps downhill",
        question=(
            "A unit without activation and bias has the output <var>w</var> <var>x</var> and the "
            "loss ½ (<var>w</var> <var>x</var> − <var>y</var>)². The one example is <var>x</var> = "
            "{x} with <var>y</var> = {y}, and <var>w</var> = {w}. What is <var>w</var> after "
            "<b>two</b> steps of gradient descent with η = {lr}?"
        ),
        draw=lambda rng: {
            "w": between(rng, -1, 1),
            "x": between(rng, 0.5, 2, avoid=1.0),
            "y": between(rng, -2, 2, avoid=0.0),
            "lr": float(rng.choice([0.1, 0.2])),
        },
        answer=lambda w, x, y, lr: (
            w - lr * (w * x - y) * x - lr * ((w - lr * (w * x - y) * x) * x - y) * x
        ),
        digits=3,
        mistakes=[
            Mistake(
                "one step",
                line_step,
                "that is the weight after the first step, and it is right. Go on from there.",
            ),
            Mistake(
                "old gradient",
                lambda w, x, y, lr: w - 2 * lr * (w * x - y) * x,
                "the first step is right, but you took the same one twice. The weight has moved, "
                "so the gradient is another one.",
            ),
            Mistake(
                "no input",
                two_steps(lambda w, x, y, lr: w - lr * (w * x - y)),
                "you stepped by the error alone. How much the output changes with w, the input "
                "says: it is a factor of the gradient. The rest is right.",
            ),
            Mistake(
                "one step uphill",
                lambda w, x, y, lr: w + lr * (w * x - y) * x,
                "that is one step, and it leads uphill: subtract the gradient. Then take the "
                "second step from there.",
            ),
            Mistake(
                "uphill",
                two_steps(lambda w, x, y, lr: w + lr * (w * x - y) * x),
                "both steps lead uphill: subtract the gradient.",
            ),
            Mistake(
                "no half",
                two_steps(lambda w, x, y, lr: w - lr * 2 * (w * x - y) * x),
                "your gradients are twice as large: the ½ of the loss takes the 2 away.",
            ),
            Mistake(
                "no target",
                two_steps(lambda w, x, y, lr: w - lr * w * x * x),
                "the target is missing: the slope of the loss is w x − y, not w x.",
            ),
            Mistake(
                "no rate",
                two_steps(lambda w, x, y, lr: w - (w * x - y) * x),
                "the learning rate is missing, in both steps.",
            ),
        ],
        hints=[
            "The gradient is (<var>w</var> <var>x</var> − <var>y</var>) <var>x</var>. Work it out "
            "twice: the second time with the new <var>w</var>.",
            "The first step: {w} − {lr} · ({w:p} · {x} − {y:p}) · {x}.",
            "The second step: the same line, with what came out in place of {w}.",
        ],
        solution=(
            "The first gradient is ({w:p} · {x} − {y:p}) · {x} = {g1}, which leads to {w1}. There "
            "it is ({w1:p} · {x} − {y:p}) · {x} = {g2}, which leads to {w1} − {lr} · {g2:p} = "
            "<b>{answer}</b>."
        ),
        steps=lambda w, x, y, lr: {
            "g1": (w * x - y) * x,
            "w1": line_step(w, x, y, lr),
            "g2": (line_step(w, x, y, lr) * x - y) * x,
        },
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
            Mistake(
                "curvature",
                lambda p, q: q,
                "that is the largest curvature. The limit is 2 divided by it.",
            ),
            Mistake(
                "half the curvature",
                lambda p, q: q / 2,
                "that is upside down: the steeper the bowl, the smaller the rate.",
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
    Code(
        id="04-minibatch_step",
        title="A step with a minibatch",
        question=(
            "A unit without activation and bias has the outputs <code>X @ w</code>. The loss is "
            "½ (<var>a</var> − <var>y</var>)², and its <b>mean</b> over the examples. Write "
            "<code>minibatch_step(w, X, y, rows, lr)</code>: one step of gradient descent with the "
            "examples in these rows alone. <code>X</code> is (<var>m</var>, <var>n</var>), "
            "<code>y</code> (<var>m</var>,), and <code>rows</code> an array such as "
            "<code>[2, 0, 5]</code>. Return the new <code>w</code>."
        ),
        cases=minibatch_cases,
        solution=minibatch_step,
        made_of=minibatch_with,
        alternatives=[minibatch_by_examples, minibatch_with()],
        mistakes=[
            Mistake(
                "sum",
                {"count": lambda m, n: 1},
                "that is the gradient of the sum. The mean is asked for, so that the step does not "
                "grow with the minibatch.",
            ),
            Mistake(
                "divided twice",
                {"count": lambda m, n: m * m},
                "you divided by the number of examples twice. The mean is taken once.",
            ),
            Mistake(
                "all examples counted",
                {"count": lambda m, n: n},
                "you divided by the number of all examples. The mean goes over those in the "
                "minibatch.",
            ),
            Mistake(
                "whole set",
                {"chosen": lambda X, y, rows: (X, y)},
                "that is the step with all examples; <code>rows</code> does not come up in it.",
            ),
            Mistake(
                "targets of others",
                {"chosen": lambda X, y, rows: (X[rows], y[: len(rows)])},
                "the inputs are those of the minibatch, the targets are those of the first "
                "examples. Take both with one index.",
            ),
            Mistake(
                "first examples",
                {"chosen": lambda X, y, rows: (X[: len(rows)], y[: len(rows)])},
                "you took as many examples as there are in <code>rows</code>, but the first ones.",
            ),
            Mistake(
                "no half",
                {"error": lambda a, y: 2 * (a - y)},
                "the gradient is twice as large: the ½ of the loss takes the 2 away.",
            ),
            Mistake(
                "no target",
                {"error": lambda a, y: a},
                "the targets are missing: the slope of the loss in a is a − y.",
            ),
            Mistake(
                "no input",
                {"back": lambda X, error: np.sum(error)},
                "all weights move alike, by the error. Each weight's gradient has what it carries "
                "as a factor.",
            ),
            Mistake(
                "error along the row",
                {"back": lambda X, error: np.sum(error * X, axis=0)},
                "<code>error * X</code> multiplies column j by the error of example j. The error "
                "of an example belongs to its whole row: <code>error[:, None] * X</code>, or "
                "<code>X.T @ error</code>.",
            ),
            Mistake(
                "one number for all",
                {"back": lambda X, error: np.mean(X.T @ error)},
                "all weights move alike: the mean goes over the weights as well. It goes over the "
                "examples alone, axis 0.",
            ),
            Mistake(
                "product of means",
                {"back": lambda X, error: np.sum(error) * X.mean(axis=0)},
                "that is the mean error times the mean input. The mean of the products is another "
                "thing: multiply first, example by example.",
            ),
            Mistake(
                "loss for the error",
                {"error": lambda a, y: (a - y) ** 2 / 2},
                "you sent the loss itself back. Its slope in a belongs there.",
            ),
            Mistake(
                "uphill",
                {"move": lambda w, gradient, lr: w + lr * gradient},
                "the gradient is right, the step leads uphill.",
            ),
            Mistake(
                "no rate",
                {"move": lambda w, gradient, lr: w - gradient},
                "the gradient is right, and the learning rate is missing.",
            ),
            Mistake(
                "step only",
                {"move": lambda w, gradient, lr: -lr * gradient},
                "that is the step. Where does it lead from w?",
            ),
            Mistake(
                "one after another",
                one_after_another,
                "that is a step for each example. A minibatch makes one step, with the mean of "
                "the gradients at one and the same w.",
            ),
        ],
        hints=[
            "Take the rows of X and of y first; then it is a batch like any other.",
            "The error is X @ w − y. The gradient is X.T @ error, divided by its examples.",
            "Subtract lr times that from w.",
        ],
        reason=(
            "X.T @ error adds up error times input over the minibatch; divided by its examples it "
            "is the mean gradient."
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
    Code(
        id="04-rmsprop_walk",
        title="RMSProp, its lines mixed up",
        question=(
            "These are the lines of <code>rmsprop_walk(theta, gradient, lr, beta, eps, "
            "steps)</code>, but their order is lost, and so is how far each is indented. Put them "
            "right; <code>return ...</code> only holds the place. <code>gradient(theta)</code> "
            "returns the gradient at <code>theta</code>."
        ),
        cases=rmsprop_walk_cases,
        solution=rmsprop_walk,
        given=rmsprop_walk_lines,
        made_of=rmsprop_walk_with,
        alternatives=[rmsprop_in_place, rmsprop_walk_with()],
        mistakes=[
            Mistake(
                "v one step behind",
                {"late": True},
                "theta moves with the v of the step before; in the first step that is 0. The new "
                "gradient enters v first.",
            ),
            Mistake(
                "v begins anew",
                {"forget": True},
                "v is set to 0 in every step, so it remembers nothing. It starts once, before the "
                "loop.",
            ),
            Mistake(
                "gradient once",
                {"once": True},
                "the gradient was taken once, at the start. At each new theta it is another one.",
            ),
            Mistake(
                "returns within the loop",
                {"stops": True},
                "it comes back after the first step: the return stands inside of the loop.",
            ),
            Mistake(
                "moves after the loop",
                {"moves": lambda steps: [steps - 1]},
                "theta moves once only, after the loop. Each step of the loop moves it.",
            ),
            Mistake(
                "nothing moves",
                {"moves": lambda steps: []},
                "theta came back as it was: the line that moves it is not in use.",
            ),
            Mistake(
                "no root",
                {"root": lambda v, eps: v + eps},
                "you divided by v; its root belongs there.",
            ),
            Mistake(
                "eps inside the root",
                {"root": lambda v, eps: np.sqrt(v + eps)},
                "ε stands inside the root. Here it is added after it.",
            ),
            Mistake(
                "no square",
                {"mean": lambda v, g, beta: beta * v + (1 - beta) * g},
                "v is a mean of squares: g², not g.",
            ),
            Mistake(
                "uphill",
                {"sign": 1},
                "v is right, and the steps lead uphill.",
            ),
        ],
        hints=[
            "Which line is needed once only, before all steps? Which one once, after them?",
            "Three lines stand in the loop. Which of them needs the results of which?",
            "v = 0; for each step: g, then v, then theta; return theta.",
        ],
        reason=(
            "The gradient is that of the present theta, v has it in it before it divides, and v "
            "itself lives on from step to step."
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
        id="04-adam_move",
        title="Adam's step as a formula",
        question=(
            "Type a formula for what Adam adds to the parameters in step number <code>t</code>: a "
            "negative number moves a parameter down."
        ),
        names={
            "m": "running mean of the gradient, this step's in it, shape (<var>n</var>,)",
            "v": "running mean of its square, this step's in it, shape (<var>n</var>,)",
            "t": "number of the step: 1, 2, …",
            "lr": "learning rate",
            "beta1": "share of <var>m</var> that stays in a step",
            "beta2": "share of <var>v</var> that stays in a step",
            "eps": "the small number beside the root",
        },
        cases=adam_move_cases,
        solution=adam_move,
        alternatives=[
            lambda m, v, t, lr, beta1, beta2, eps: (
                lr * m / (1 - beta1**t) / -((v / (1 - beta2**t)) ** 0.5 + eps)
            ),
            lambda m, v, t, lr, beta1, beta2, eps: (
                -lr
                * (np.sqrt(1 - beta2**t) / (1 - beta1**t))
                * m
                / (np.sqrt(v) + eps * np.sqrt(1 - beta2**t))
            ),
        ],
        mistakes=[
            Mistake(
                "uphill",
                lambda m, v, t, lr, beta1, beta2, eps: (
                    lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
                ),
                "this goes uphill: a positive gradient moves the parameter down.",
            ),
            Mistake(
                "no bias correction",
                lambda m, v, t, lr, beta1, beta2, eps: -lr * m / (np.sqrt(v) + eps),
                "the bias correction is missing: m and v start at 0 and are too small at first.",
            ),
            Mistake(
                "t left out",
                lambda m, v, t, lr, beta1, beta2, eps: (
                    -lr * (m / (1 - beta1)) / (np.sqrt(v / (1 - beta2)) + eps)
                ),
                "the bias correction does not see t: it fades as the steps go on.",
            ),
            Mistake(
                "no root",
                lambda m, v, t, lr, beta1, beta2, eps: (
                    -lr * (m / (1 - beta1**t)) / (v / (1 - beta2**t) + eps)
                ),
                "you divided by v̂ itself; its root has the unit of a gradient.",
            ),
            Mistake(
                "eps inside the root",
                lambda m, v, t, lr, beta1, beta2, eps: (
                    -lr * (m / (1 - beta1**t)) / np.sqrt(v / (1 - beta2**t) + eps)
                ),
                "ε stands inside the root; in Adam it is added after it.",
            ),
            Mistake(
                "betas swapped",
                lambda m, v, t, lr, beta1, beta2, eps: (
                    -lr * (m / (1 - beta2**t)) / (np.sqrt(v / (1 - beta1**t)) + eps)
                ),
                "β₁ and β₂ are swapped: the first belongs to m, the second to v.",
            ),
            Mistake(
                "root not corrected",
                lambda m, v, t, lr, beta1, beta2, eps: (
                    -lr * (m / (1 - beta1**t)) / (np.sqrt(v) + eps)
                ),
                "m is corrected, v is not.",
            ),
        ],
        hints=[
            "First m̂ = m/(1 − β₁ᵗ), and the same for v.",
            "Then m̂ over the root of v̂, with ε added to the root. A power is **.",
            "Times the learning rate, and downhill.",
        ],
        reason="−η m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ) (OP13 to OP16).",
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
    Code(
        id="04-penalized",
        title="A penalty that is only paid",
        question=(
            "Find the mistake. A unit without activation and bias has the outputs <code>X @ "
            "w</code>, and the loss is the mean of ½ (<var>a</var> − <var>y</var>)² plus the "
            "penalty ½ λ ‖<var>w</var>‖². <code>penalized(w, X, y, decay)</code>, with λ in "
            "<code>decay</code>, should return the loss and its gradient. The loss is right, and "
            "with it the network trains as if there were no penalty."
        ),
        cases=penalized_cases,
        solution=penalized,
        given=penalized_given,
        made_of=penalized_with,
        alternatives=[penalized_by_examples, penalized_with()],
        mistakes=[
            Mistake(
                "not in the gradient",
                {"slope": lambda w, decay, m: 0},
                "the penalty is in the loss, and not in the gradient. Training sees the gradient "
                "alone: it goes on as if the penalty were 0.",
            ),
            Mistake(
                "not in the loss",
                {"price": lambda w, decay, m: 0},
                "the gradient is right; now the penalty is missing in the loss.",
            ),
            Mistake(
                "twice in the gradient",
                {"slope": lambda w, decay, m: 2 * decay * w},
                "the gradient has twice the slope: the ½ of the penalty takes the 2 away.",
            ),
            Mistake(
                "no half in the loss",
                {"price": lambda w, decay, m: decay * np.sum(w**2)},
                "the ½ of the penalty is missing in the loss.",
            ),
            Mistake(
                "the wrong way",
                {"slope": lambda w, decay, m: -decay * w},
                "that pushes the weights away from 0. The penalty grows with a weight's size, so "
                "its slope has the weight's sign.",
            ),
            Mistake(
                "the penalty itself",
                {"slope": lambda w, decay, m: decay / 2 * np.sum(w**2)},
                "you added the penalty itself to the gradient. Its derivative belongs there: for "
                "each weight a number of its own.",
            ),
            Mistake(
                "half the slope",
                {"slope": lambda w, decay, m: decay / 2 * w},
                "the slope is half of what it should be: the derivative of w² has a 2, which takes "
                "the ½ away.",
            ),
            Mistake(
                "length in the gradient",
                {"slope": lambda w, decay, m: decay * np.sqrt(np.sum(w**2))},
                "every weight got the length of all of them. Each one has its own slope.",
            ),
            Mistake(
                "slope of the size",
                {"slope": lambda w, decay, m: decay * np.sign(w)},
                "that is the slope of λ times the sum of |w|. This penalty is a sum of squares.",
            ),
            Mistake(
                "length",
                {"price": lambda w, decay, m: decay / 2 * np.sqrt(np.sum(w**2))},
                "you took the length of w; its square is the penalty.",
            ),
            Mistake(
                "for each example",
                {"slope": lambda w, decay, m: decay * w / m},
                "the slope of the penalty is divided by the number of examples. The penalty stands "
                "once in the loss, however many examples there are.",
            ),
            Mistake(
                "sum of the weights",
                {"slope": lambda w, decay, m: decay * np.sum(w)},
                "every weight got the slope of all together. Each one has its own: λ times itself.",
            ),
        ],
        hints=[
            "Compare the two lines: what the loss adds up, and what the gradient adds up.",
            "Differentiate ½ λ w² by w.",
            "The gradient gets decay * w on top.",
        ],
        reason=(
            "A gradient is that of a loss: what is added to the one has its derivative in the "
            "other. A gradient check with this loss shows the bug at once."
        ),
    ),
    Code(
        id="04-adamw_step",
        title="Adam that says it is AdamW",
        question=(
            "Find the mistake. <code>adamw_step(theta, g, m, v, t, lr, decay, beta1, beta2, "
            "eps)</code> should be step number <code>t</code> of AdamW (OP19), with λ in "
            "<code>decay</code>. What is given is Adam with an L2 penalty: weights with large "
            "gradients hardly decay. It should return the new <code>theta</code>, <code>m</code> "
            "and <code>v</code>."
        ),
        cases=adamw_cases,
        solution=adamw_step,
        given=adamw_step_given,
        made_of=adamw_with,
        alternatives=[adamw_by_loops, adamw_with()],
        mistakes=[
            Mistake(
                "decay through the means",
                {
                    "gradient": lambda g, theta, decay: g + decay * theta,
                    "share": lambda lr, decay: 1,
                },
                "the decay goes through m and v, so it is divided by √v̂ like the rest. In AdamW it "
                "acts on theta and on nothing else.",
            ),
            Mistake(
                "both ways",
                {"gradient": lambda g, theta, decay: g + decay * theta},
                "theta decays as it should, but the decay is still in the gradient, too.",
            ),
            Mistake(
                "no decay",
                {"share": lambda lr, decay: 1},
                "that is Adam without any decay. Where does theta shrink?",
            ),
            Mistake(
                "no rate",
                {"share": lambda lr, decay: 1 - decay},
                "theta shrinks by the factor 1 − λ. The learning rate belongs to it.",
            ),
            Mistake(
                "grows",
                {"share": lambda lr, decay: 1 + lr * decay},
                "theta grows where it should shrink.",
            ),
            Mistake(
                "decay over the root",
                {
                    "above": lambda m_hat, theta, decay: m_hat + decay * theta,
                    "share": lambda lr, decay: 1,
                },
                "m and v are right, but the decay is divided by √v̂ still: it stands on top of the "
                "fraction with m̂.",
            ),
            Mistake(
                "after the step",
                {"after": True},
                "the factor acts on the step as well. In AdamW the old theta shrinks, and then the "
                "step is taken.",
            ),
            Mistake(
                "t from 0",
                {"number": lambda t: t - 1},
                "the bias correction is one step behind: t starts at 1, and with 0 it would divide "
                "by 0.",
            ),
            Mistake(
                "no bias correction",
                {"corrected": lambda beta, t: 1},
                "the decay is right; the bias correction has gone.",
            ),
            Mistake(
                "uphill",
                {"sign": 1},
                "the decay is right; the step leads uphill.",
            ),
        ],
        hints=[
            "Two lines have to change. What must m and v not see?",
            "Take the decay out of the gradient.",
            "(1 − η λ) times the old theta, minus the step.",
        ],
        reason=(
            "The means see the plain gradient, and theta shrinks by 1 − η λ in every step, "
            "whatever its gradients."
        ),
    ),
    Code(
        id="04-rate_of",
        title="A warm-up and a cosine",
        question=(
            "Write <code>rate_of(t, lr, warm, total)</code>: the learning rate of update number "
            "<code>t</code> = 1, 2, …, <code>total</code>. In the first <code>warm</code> updates "
            "it rises evenly and reaches <code>lr</code> at the last of them (OP21). Then a cosine "
            "begins (OP20), over the <code>total</code> − <code>warm</code> updates that are left; "
            "its own count starts at 1 again."
        ),
        cases=rate_cases,
        solution=rate_of,
        made_of=rate_with,
        alternatives=[
            rate_with(),
            lambda t, lr, warm, total: (
                t * (lr / warm)
                if t < warm + 1
                else lr * np.cos(np.pi / 2 * (t - 1 - warm) / (total - warm)) ** 2
            ),
        ],
        mistakes=[
            Mistake(
                "one count for both",
                {"done": lambda t, warm, total: (t - 1) / total},
                "the cosine runs since the first update. It begins after the warm-up, with a count "
                "of its own.",
            ),
            Mistake(
                "whole length",
                {"done": lambda t, warm, total: (t - warm - 1) / total},
                "the cosine begins at the right place, but it is too long: total − warm updates "
                "are left to it.",
            ),
            Mistake(
                "one update early",
                {"done": lambda t, warm, total: (t - warm) / (total - warm)},
                "the cosine is one update ahead: its first rate is still the whole lr. In OP20 "
                "stands t − 1.",
            ),
            Mistake(
                "early and long",
                {"done": lambda t, warm, total: (t - warm) / total},
                "in the cosine t − warm stands for t, so OP20 has t − warm − 1 there. And its T is "
                "what is left after the warm-up.",
            ),
            Mistake(
                "at 0 too soon",
                {"done": lambda t, warm, total: (t - warm - 1) / (total - warm - 1)},
                "the cosine is at 0 in the last update, one too soon: it has total − warm updates.",
            ),
            Mistake(
                "warm-up one short",
                {"joined": lambda t, warm, rise, fall: rise if t < warm else fall},
                "the cosine begins one update too soon: update number warm is still part of the "
                "rise, its last.",
            ),
            Mistake(
                "starts at 0",
                {"rise": lambda t, warm: (t - 1) / warm},
                "the warm-up is one update behind: the first rate is lr / warm, not 0.",
            ),
            Mistake(
                "whole cosine",
                {"fall": lambda share: (1 + math.cos(2 * math.pi * share)) / 2},
                "the rate comes up again at the end: half a cosine goes with π, a whole one with "
                "2 π.",
            ),
            Mistake(
                "no half",
                {"fall": lambda share: 1 + math.cos(math.pi * share)},
                "the cosine begins at twice lr: 1 + cos is 2 at first.",
            ),
            Mistake(
                "cosine alone",
                {"fall": lambda share: math.cos(math.pi * share)},
                "the cosine goes down to −lr; the rate should end at 0. Lift it by 1 and halve it.",
            ),
            Mistake(
                "no warm-up",
                {"rise": lambda t, warm: 1},
                "the warm-up is missing: the rate is lr from the first update on.",
            ),
            Mistake(
                "no cosine",
                {"fall": lambda share: 1},
                "after the warm-up the rate stays where it is; the cosine is missing.",
            ),
            Mistake(
                "straight line",
                {"fall": lambda share: 1 - share},
                "after the warm-up the rate falls in a straight line. A cosine starts and ends "
                "gently.",
            ),
            Mistake(
                "product",
                {"joined": lambda t, warm, rise, fall: min(rise, 1) * fall},
                "the cosine is right where it stands alone, but during the warm-up both are "
                "multiplied. First one, then the other.",
            ),
        ],
        hints=[
            "Two cases: t ≤ warm, and the rest.",
            "The first: lr · t / warm. In the second put t − warm for t in OP20, and total − warm "
            "for T.",
            "lr / 2 · (1 + cos(π (t − warm − 1) / (total − warm))).",
        ],
        reason=(
            "A schedule is a function of the update's number, and each part of it counts its own "
            "updates. <code>pb.schedules.warmup(warm, then=pb.schedules.cosine(lr, total - "
            "warm))</code> gives the same."
        ),
    ),
]
