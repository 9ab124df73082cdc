"""Exercises of chapter 15, from here to PyTorch and JAX. None of them needs either."""

# mypy: allow-untyped-defs, allow-untyped-calls

from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def held(grads, zeroed):
    total = np.zeros_like(np.asarray(grads[0], float))
    for grad, zero in zip(grads, zeroed, strict=True):
        if zero:
            total = np.zeros_like(total)
        total = total + grad
    return total


def held_with(
    start: Any = lambda total, zero: 0 * total if zero else total,
    add: Any = lambda total, grad: total + grad,
    end: Any = lambda total, grads, zeroed: total,
) -> Any:
    """Return the loop with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(grads: Any, zeroed: Any) -> Any:
        total = np.zeros_like(np.asarray(grads[0], float))
        for grad, zero in zip(grads, zeroed, strict=True):
            total = add(start(total, zero), grad)
        return end(total, grads, zeroed)

    return wrong


def zero_after(grads: Any, zeroed: Any) -> Any:
    total = np.zeros_like(np.asarray(grads[0], float))
    for grad, zero in zip(grads, zeroed, strict=True):
        total = total + grad
        if zero:
            total = 0 * total
    return total


def from_the_last_zero(grads: Any, zeroed: Any) -> Any:
    """The same from the back."""
    total = np.zeros_like(np.asarray(grads[0], float))
    for grad, zero in zip(grads[::-1], zeroed[::-1], strict=True):
        total = total + grad
        if zero:
            break
    return total


def backward_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Gradients of several calls of backward, and before which of them zero_grad was called."""
    return [
        ([np.array([1.0, 2.0]), np.array([3.0, -1.0])], [True, False]),
        (list(rng.normal(size=(4, 3))), [True, False, False, True]),
        (list(rng.normal(size=(5, 2))), [True, True, True, False, False]),
    ]


def cross_entropy(z, t):
    top = z.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(z - top).sum(axis=1)) + top[:, 0]
    return np.mean(log_sum - z[np.arange(len(z)), t])


def picked(z: Any, t: Any) -> Any:
    return z[np.arange(len(z)), t]


def plain_softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def by_log_softmax(z: Any, t: Any) -> Any:
    shifted = z - z.max(axis=1)[:, None]
    logs = shifted - np.log(np.exp(shifted).sum(axis=1))[:, None]
    return -logs[range(len(t)), t].sum() / len(t)


def over_exponentials(z: Any, t: Any) -> Any:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.mean(np.log(np.exp(z).sum(axis=1)) - picked(z, t))


def logit_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[2.0, 0.5, -1.0], [0.0, 1.0, 3.0]]), np.array([0, 1])),
        (rng.normal(size=(4, 3)), np.array([2, 0, 1, 2])),
        (np.array([[1000.0, 0.0], [0.0, 800.0]]), np.array([0, 0])),
    ]


def updated(params, grads, lr):
    if isinstance(params, dict):
        return {name: updated(params[name], grads[name], lr) for name in params}
    return params - lr * grads


def updated_with(step: Any = lambda g, lr: lr * g, move: Any = lambda p, step: p - step) -> Any:
    """Return a walk over the tree with what is done at a leaf exchanged."""

    def wrong(params: Any, grads: Any, lr: float) -> Any:
        if isinstance(params, dict):
            return {name: wrong(params[name], grads[name], lr) for name in params}
        return move(params, step(grads, lr))

    return wrong


def first_level(params: Any, grads: Any, lr: float) -> Any:
    return {
        name: value if isinstance(value, dict) else value - lr * grads[name]
        for name, value in params.items()
    }


def flattened(params: Any, grads: Any, lr: float) -> Any:
    """Without recursion: a stack of what is left to do."""
    made: dict[str, Any] = {}
    todo = [(params, grads, made)]
    while todo:
        p, g, out = todo.pop()
        for name in p:
            if isinstance(p[name], dict):
                out[name] = {}
                todo.append((p[name], g[name], out[name]))
            else:
                out[name] = p[name] - lr * g[name]
    return made


def tree_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    def tree(draw: Any) -> Any:
        return {"first": {"W": draw((2, 2)), "b": draw(2)}, "last": {"W": draw((1, 2))}}

    return [
        ({"w": np.array([1.0, 2.0])}, {"w": np.array([10.0, -10.0])}, 0.1),
        (tree(lambda shape: rng.normal(size=shape)), tree(lambda s: rng.normal(size=s)), 0.5),
    ]


EXERCISES = [
    Code(
        id="15-cross_entropy",
        title="CrossEntropyLoss, by hand",
        question=(
            "PyTorch's <code>CrossEntropyLoss</code> takes <em>logits</em> <code>z</code> of shape "
            "(<var>m</var>, <var>n</var>) and class numbers <code>t</code> of shape (<var>m</var>,)"
            ". Write <code>cross_entropy(z, t)</code>, the mean over the batch, also for logits of "
            "size 1000."
        ),
        cases=logit_cases,
        solution=cross_entropy,
        alternatives=[by_log_softmax],
        mistakes=[
            Mistake(
                "softmax twice",
                lambda z, t: cross_entropy(plain_softmax(z), t),
                "you took the softmax, and then the loss took it again. It wants logits.",
            ),
            Mistake(
                "sum",
                lambda z, t: cross_entropy(z, t) * len(t),
                "that is the sum over the batch; its default is the mean.",
            ),
            Mistake(
                "mean over the classes, too",
                lambda z, t: cross_entropy(z, t) / z.shape[1],
                "you divided by the number of classes as well. Only the batch is averaged.",
            ),
            Mistake(
                "sign",
                lambda z, t: -cross_entropy(z, t),
                "a loss is minus the logarithm of the probability: at least 0.",
            ),
            Mistake(
                "overflow",
                over_exponentials,
                "right for small logits, but exp(1000) overflows. Subtract the largest first.",
            ),
            Mistake(
                "axis",
                lambda z, t: np.mean(
                    np.log(np.exp(z - z.max()).sum(axis=0)).mean() + z.max() - picked(z, t)
                ),
                "you summed the exponentials down the batch. The classes of one example lie in a "
                "row.",
            ),
        ],
        hints=[
            "The loss of one example: log Σ exp z − z of the right class.",
            "z[np.arange(len(z)), t] picks the right class of each row.",
            "log Σ exp z = c + log Σ exp(z − c), with the row's largest as c.",
        ],
        reason="L13 with a class number in place of a row of 0s and a 1.",
    ),
    Code(
        id="15-held",
        title="What does .grad hold?",
        question=(
            "A loop calls <code>loss.backward()</code> several times. <code>grads[i]</code> is the "
            "gradient of the <var>i</var>-th loss, and <code>zeroed[i]</code> says whether "
            "<code>zero_grad()</code> was called right before it. Write <code>held(grads, "
            "zeroed)</code>: what <code>.grad</code> holds at the end."
        ),
        cases=backward_cases,
        solution=held,
        alternatives=[from_the_last_zero],
        made_of=held_with,
        mistakes=[
            Mistake(
                "the last only",
                {"add": lambda total, grad: grad},
                "backward adds to .grad; it does not replace what is there.",
            ),
            Mistake(
                "never zeroed",
                {"start": lambda total, zero: total},
                "you added all of them. Where zero_grad was called, it starts at 0 again.",
            ),
            Mistake(
                "zeroed after",
                zero_after,
                "zero_grad was called before that backward, so its own gradient is in .grad.",
            ),
            Mistake(
                "mean",
                {"end": lambda total, grads, zeroed: total / len(grads)},
                "you divided by the number of calls. backward adds, and nobody divides.",
            ),
            Mistake(
                "upside down",
                {"start": lambda total, zero: total if zero else 0 * total},
                "you zeroed where zeroed is False.",
            ),
        ],
        hints=[
            "Start at 0.",
            "In each round: first zero, where it says so; then add.",
            "What came before the last zero_grad is gone.",
        ],
        reason=".grad is a sum since the last zero_grad, as adjoints are sums over uses.",
    ),
    Numeric(
        id="15-accumulated",
        title="Three times backward",
        question=(
            "The gradient of the loss by <var>w</var> is {g}. <code>loss.backward()</code> is "
            "called {k} times without <code>zero_grad()</code> (the graph is kept), and then SGD "
            "with rate {lr} makes one step from <var>w</var> = {w}. Where is <var>w</var>?"
        ),
        draw=lambda rng: {
            "g": between(rng, -2, 2, avoid=0.0),
            "k": int(rng.integers(2, 5)),
            "lr": [0.1, 0.2, 0.5][int(rng.integers(0, 3))],
            "w": between(rng, 1, 4),
        },
        answer=lambda g, k, lr, w: w - lr * k * g,
        digits=2,
        mistakes=[
            Mistake(
                "once",
                lambda g, k, lr, w: w - lr * g,
                "that is the step with the gradient itself. Each call adds it once more to .grad.",
            ),
            Mistake(
                "uphill",
                lambda g, k, lr, w: w + lr * k * g,
                "the gradient is subtracted.",
            ),
            Mistake(
                "no rate",
                lambda g, k, lr, w: w - k * g,
                "the learning rate is missing.",
            ),
            Mistake(
                "power",
                lambda g, k, lr, w: w - lr * g**k,
                "the calls add the gradient; they do not multiply it.",
            ),
            Mistake(
                "mean",
                lambda g, k, lr, w: w - lr * g / k,
                "nobody divides by the number of calls.",
            ),
        ],
        hints=[
            "What does .grad hold after the calls?",
            "As many times {g}.",
            "Then one step with rate {lr}.",
        ],
        solution=".grad holds {k} · {g}, so w = {w} − {lr} · {k} · {g} = <b>{answer}</b>.",
    ),
    Choice(
        id="15-leaf",
        title="Who has a .grad?",
        question=(
            "<code>w = torch.ones(3, requires_grad=True)</code>; <code>v = 2 * w</code>; "
            "<code>C = v.sum()</code>; <code>C.backward()</code>. Which of them has a "
            "<code>.grad</code>?"
        ),
        right=Option(
            "w alone, and it is 2 in each entry",
            "w is a leaf. What lies between hands its gradient on and keeps none, unless "
            "retain_grad asks for it.",
        ),
        wrong=[
            Option(
                "w and v",
                "v was computed. Its gradient is worked out, handed on, and dropped.",
            ),
            Option(
                "w alone, and it is 1 in each entry",
                "those are the adjoints of v. On the way to w they meet the factor 2.",
            ),
            Option(
                "C alone",
                "the adjoint of C is 1; it is where the way back begins, and it is not kept.",
            ),
        ],
        hints=[
            "Which of them was not computed from another?",
            "Only leaves keep what comes back.",
            "What comes back to w passes the factor 2.",
        ],
    ),
    Code(
        id="15-updated",
        title="A step on a tree",
        question=(
            "In JAX parameters and gradients are nested dictionaries of the same form. Write "
            "<code>updated(params, grads, lr)</code>: a new dictionary after one step of gradient "
            "descent. What was given must stay as it is."
        ),
        cases=tree_cases,
        solution=updated,
        alternatives=[flattened],
        made_of=updated_with,
        mistakes=[
            Mistake(
                "uphill",
                {"move": lambda p, step: p + step},
                "that goes uphill: the gradient is subtracted.",
            ),
            Mistake(
                "first level only",
                first_level,
                "dictionaries inside of dictionaries stay as they were. Go into them.",
            ),
            Mistake(
                "no rate",
                {"step": lambda g, lr: g},
                "the learning rate is missing.",
            ),
            Mistake(
                "the step alone",
                {"move": lambda p, step: -step},
                "that is the step. Add it to the parameter.",
            ),
            Mistake(
                "divided",
                {"step": lambda g, lr: g / lr},
                "you divided by the rate.",
            ),
        ],
        hints=[
            "What is to be done where params is no dictionary?",
            "Where it is one, do the same for each name.",
            "Call updated for each name of the dictionary, and collect what comes back.",
        ],
        reason="jax.tree.map does this walk for every function of the leaves.",
    ),
    Choice(
        id="15-bug",
        title="Name the bug",
        question=(
            "<code>for x, y in loader:</code> <code>loss = F.cross_entropy(model(x).softmax(1), "
            "y)</code>; <code>optimizer.zero_grad()</code>; <code>loss.backward()</code>; "
            "<code>optimizer.step()</code>. It learns, slowly, and the loss stays high. What is "
            "wrong?"
        ),
        right=Option(
            "The softmax is taken twice.",
            "cross_entropy takes logits and does it itself. With probabilities for logits, which "
            "lie between 0 and 1, no answer can be sure.",
        ),
        wrong=[
            Option(
                "zero_grad must come before the loss is computed.",
                "it must come before backward; here it does.",
            ),
            Option(
                "y must be rows of 0s and a 1.",
                "cross_entropy takes class numbers.",
            ),
            Option(
                "The loss must be divided by the batch size.",
                "it is a mean already.",
            ),
        ],
        hints=[
            "What does cross_entropy expect: logits or probabilities?",
            "How large can the difference of two probabilities be?",
            "Then how sure can the softmax of them be?",
        ],
    ),
    Numeric(
        id="15-broadcast",
        title="(m, 1) against (m,)",
        question=(
            "Two outputs in shape (2, 1) are {a} and {b}. The targets in shape (2,) are the same "
            "two numbers: every answer is right. What does <code>MSELoss</code> return, which "
            "broadcasts them against each other?"
        ),
        draw=lambda rng: {
            "a": float(rng.integers(-4, 1)),
            "b": float(rng.integers(1, 6)),
        },
        answer=lambda a, b: (a - b) ** 2 / 2,
        digits=2,
        mistakes=[
            Mistake(
                "in pairs",
                lambda a, b: 0.0,
                "it would be 0 if they went in pairs. (2, 1) against (2,) makes (2, 2): each with "
                "each.",
            ),
            Mistake(
                "sum",
                lambda a, b: 2 * (a - b) ** 2,
                "that is the sum of the four squares. The loss is their mean.",
            ),
            Mistake(
                "one pair",
                lambda a, b: (a - b) ** 2,
                "that is one square. Two of the four are it, and two are 0.",
            ),
            Mistake(
                "one of four",
                lambda a, b: (a - b) ** 2 / 4,
                "of the four squares two are not 0.",
            ),
            Mistake(
                "not squared",
                lambda a, b: abs(a - b) / 2,
                "the differences are squared.",
            ),
        ],
        hints=[
            "(2, 1) − (2,) has shape (2, 2).",
            "The four differences: 0, 0, and twice the distance, with both signs.",
            "The mean of their squares.",
        ],
        solution="Two squares of the distance of {a} and {b}, over four: <b>{answer}</b>.",
    ),
]
