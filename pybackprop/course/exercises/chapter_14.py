"""Exercises of chapter 14, attention."""

# mypy: allow-untyped-defs, allow-untyped-calls

from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option


def attend_to_all(q, k, v):
    s = q @ k.T / np.sqrt(q.shape[1])
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) @ v


def softmax(s: Any, axis: int = 1) -> Any:
    e = np.exp(s - np.max(s, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def attend_with(
    scale: Any = lambda d: 1 / np.sqrt(d),
    axis: int = 1,
    weights: Any = softmax,
    pairs: Any = lambda q, k: q @ k.T,
) -> Any:
    """Return attention with one of its pieces exchanged, for a mistake in that piece."""
    return lambda q, k, v: weights(pairs(q, k) * scale(q.shape[1]), axis) @ v


def attend_by_loops(q: Any, k: Any, v: Any) -> Any:
    rows = []
    for one in q:
        parts = [np.exp(float(np.sum(one * key)) / len(one) ** 0.5) for key in k]
        rows.append(sum(p * value for p, value in zip(parts, v, strict=True)) / sum(parts))
    return rows


def sequence_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[2.0, 1.0], [0.0, 1.0]]), np.eye(2)),
        tuple(rng.normal(size=(3, 3)) for _ in range(3)),
        tuple(rng.normal(size=shape) for shape in ((3, 4), (5, 4), (5, 2))),
    ]


def attention_pullback(g, a, q, k, v):
    scale = 1 / np.sqrt(q.shape[1])
    da = g @ v.T
    ds = a * (da - np.sum(da * a, axis=1, keepdims=True))
    return scale * ds @ k, scale * ds.T @ q, a.T @ g


def pullback_with(
    jacobian: Any = lambda da, a: a * (da - np.sum(da * a, axis=1, keepdims=True)),
    scale: Any = lambda d: 1 / np.sqrt(d),
    to_k: Any = lambda ds, q: ds.T @ q,
    to_v: Any = lambda a, g: a.T @ g,
) -> Any:
    """Return attention's way back with some of its pieces exchanged."""

    def wrong(g: Any, a: Any, q: Any, k: Any, v: Any) -> Any:
        ds = jacobian(g @ v.T, a) * scale(q.shape[1])
        return ds @ k, to_k(ds, q), to_v(a, g)

    return wrong


def pullback_by_loops(g: Any, a: Any, q: Any, k: Any, v: Any) -> Any:
    dq, dk, dv = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    for i in range(len(q)):
        jacobian = np.diag(a[i]) - np.outer(a[i], a[i])
        ds = jacobian @ (v @ g[i]) / q.shape[1] ** 0.5
        for j in range(len(k)):
            dq[i] += ds[j] * k[j]
            dk[j] += ds[j] * q[i]
            dv[j] += a[i, j] * g[i]
    return [dq, dk, dv]


def pullback_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    cases = []
    for T, S, d, n in ((2, 2, 2, 2), (3, 3, 4, 4), (3, 5, 3, 2)):
        q, k, v, g = (rng.normal(size=shape) for shape in ((T, d), (S, d), (S, n), (T, n)))
        cases.append((g, softmax(q @ k.T / np.sqrt(d)), q, k, v))
    return cases


def masked_weights(s, mask):
    s = np.where(mask, s, -np.inf)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def mask_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    sparse = rng.random((4, 4)) < 0.5
    np.fill_diagonal(sparse, True)
    return [
        (np.array([[1.0, 2.0], [0.0, 1.0]]), np.tri(2, dtype=bool)),
        (rng.normal(size=(4, 4)), np.tri(4, dtype=bool)),
        (rng.normal(size=(4, 4)), sparse),
    ]


def tied_gradient(E, i, g):
    dE = g.T @ E[i]
    np.add.at(dE, i, g @ E)
    return dE


def tied_input(E: Any, i: Any, g: Any) -> Any:
    dE = np.zeros(E.shape)
    np.add.at(dE, i, g @ E)
    return dE


def tied_last(E: Any, i: Any, g: Any) -> Any:
    dE = g.T @ E[i]
    dE[i] += g @ E
    return dE


def tied_overwritten(E: Any, i: Any, g: Any) -> Any:
    dE = g.T @ E[i]
    for row, part in zip(i, g @ E, strict=True):
        dE[row] = part
    return dE


def tied_by_loops(E: Any, i: Any, g: Any) -> Any:
    dE = np.zeros(E.shape)
    for row, part in zip(i, g, strict=True):
        for j, one in enumerate(part):
            dE[j] += one * E[row]
            dE[row] += one * E[j]
    return dE


def tied_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 1]), np.array([[1.0, 0.0], [0.5, 2.0]])),
        (rng.normal(size=(4, 3)), np.array([0, 3, 0, 1, 3]), rng.normal(size=(5, 4))),
        (rng.normal(size=(3, 3)), np.array([2, 2, 0]), rng.normal(size=(3, 3))),
    ]


EXERCISES = [
    Code(
        id="14-attend_to_all",
        title="Attention, forward",
        question=(
            "One sequence: <code>q</code> (<var>T</var>, <var>d</var>), <code>k</code> "
            "(<var>S</var>, <var>d</var>), <code>v</code> (<var>S</var>, <var>n</var>). Write "
            "<code>attend_to_all(q, k, v)</code>: for each query the mean of the values, "
            "weighted by the "
            "softmax of its scores <var>q</var> · <var>k</var> / √<var>d</var>. Shape "
            "(<var>T</var>, <var>n</var>)."
        ),
        cases=sequence_cases,
        solution=attend_to_all,
        alternatives=[attend_by_loops, attend_with()],
        made_of=attend_with,
        mistakes=[
            Mistake(
                "no scale",
                {"scale": lambda d: 1.0},
                "the scores are not divided by the root of d.",
            ),
            Mistake(
                "divided by d",
                {"scale": lambda d: 1 / d},
                "you divided the scores by d. Their size grows with its root.",
            ),
            Mistake(
                "wrong axis",
                {"axis": 0},
                "your weights add up to 1 for each key. Each query shares out 1 among the keys: "
                "softmax over the last axis.",
            ),
            Mistake(
                "no softmax",
                {"weights": lambda s, axis: s},
                "the scores themselves are no weights: they may be negative, and do not add up to "
                "1.",
            ),
            Mistake(
                "not divided by the sum",
                {"weights": lambda s, axis: np.exp(s)},
                "e to the score is positive, but a row does not add up to 1.",
            ),
            Mistake(
                "keys for queries",
                {"pairs": lambda q, k: k @ q.T},
                "your scores have the keys as rows. Row i is query i's: q times k transposed.",
            ),
        ],
        hints=[
            "All scores at once: a matrix (T, S), row i for query i; S counts the keys.",
            "Divide by np.sqrt(d), then take the softmax of each row.",
            "The weights, shape (T, S), times v.",
        ],
        reason="Each row of weights is positive and adds up to 1: a weighted mean of rows of v.",
    ),
    Numeric(
        id="14-score-size",
        title="How large is a score?",
        question=(
            "The {d} numbers of a query and the {d} of a key are independent, with mean 0 and "
            "variance 1. What is the standard deviation of <var>q</var> · <var>k</var>?"
        ),
        draw=lambda rng: {"d": int(rng.integers(3, 13)) ** 2},
        answer=lambda d: round(d**0.5),
        mistakes=[
            Mistake(
                "variance",
                lambda d: d,
                "that is the variance. The standard deviation is its root.",
            ),
            Mistake(
                "no growth",
                lambda d: 1,
                "each term has a variance of 1, and there are many of them. Variances of "
                "independent numbers add.",
            ),
            Mistake(
                "both counted",
                lambda d: 2 * d,
                "there are d terms, each the product of two numbers. A product of two such numbers "
                "has variance 1.",
            ),
            Mistake(
                "squared",
                lambda d: d * d,
                "you squared where a root is asked for.",
            ),
            Mistake(
                "variances added",
                lambda d: (2 * d) ** 0.5,
                "you added the variances of the two factors. The variance of a product of "
                "independent numbers with mean 0 is the product of their variances: 1, not 2.",
            ),
        ],
        hints=[
            "q · k is a sum of {d} products. What is the variance of one?",
            "The mean of (x y)² is the mean of x² times the mean of y²: 1. Variances add: {d}.",
            "Take the root of {d}.",
        ],
        solution="The variance of the sum is {d}, its root <b>{answer}</b>.",
    ),
    Code(
        id="14-attention_pullback",
        title="Attention, back",
        question=(
            "One sequence. <code>a</code>, shape (<var>T</var>, <var>S</var>), holds the weights "
            "of the forward pass, softmax(<var>q</var> <var>k</var><sup>T</sup> / √<var>d</var>), "
            "and <code>g</code>, shape (<var>T</var>, <var>n</var>), is "
            "∂<var>C</var>/∂(<var>a</var> <var>v</var>). Write "
            "<code>attention_pullback(g, a, q, k, v)</code>: the derivatives of <var>C</var> by "
            "<code>q</code>, <code>k</code> and <code>v</code>, in this order."
        ),
        cases=pullback_cases,
        solution=attention_pullback,
        alternatives=[pullback_by_loops, pullback_with()],
        made_of=pullback_with,
        mistakes=[
            Mistake(
                "diagonal alone",
                {"jacobian": lambda da, a: da * a * (1 - a)},
                "you took softmax's Jacobian for its diagonal, a (1 − a). Each score moves all "
                "weights of its row.",
            ),
            Mistake(
                "as if elementwise",
                {"jacobian": lambda da, a: da * a},
                "the sum over the row is missing: what one weight gains, the others lose.",
            ),
            Mistake(
                "wrong axis",
                {"jacobian": lambda da, a: a * (da - np.sum(da * a, axis=0, keepdims=True))},
                "you summed over the queries. A softmax was taken of each row: sum over its keys.",
            ),
            Mistake(
                "no softmax",
                {"jacobian": lambda da, a: da},
                "you went from the weights to q and k at once. The softmax lies between.",
            ),
            Mistake(
                "scale forgotten",
                {"scale": lambda d: 1.0},
                "forward, the scores were divided by the root of d. So is what comes back.",
            ),
            Mistake(
                "scale for one",
                {"scale": lambda d: 1 / d},
                "the factor 1/√d comes back once, and you have it twice.",
            ),
            Mistake(
                "keys not transposed",
                {"to_k": lambda ds, q: ds @ q},
                "the keys' gradient adds over the queries, the first index: transpose.",
            ),
            Mistake(
                "values not transposed",
                {"to_v": lambda a, g: a @ g},
                "the values' gradient adds over the queries that looked at them, the first index "
                "of a: transpose.",
            ),
        ],
        hints=[
            "Two products and a softmax. From the end: to a and v first (AG2).",
            "da = g @ v.T. Then SM2 for each row: ds = a * (da − sum of da * a over the row).",
            "ds @ k and ds.T @ q, both times 1/√d; and a.T @ g.",
        ],
        reason=(
            "A product gives back two products (AG2), a softmax its whole Jacobian (SM2), a factor "
            "itself."
        ),
    ),
    Code(
        id="14-masked_weights",
        title="Weights under a mask",
        question=(
            "<code>s</code>, shape (<var>T</var>, <var>S</var>), holds scores, <code>mask</code> "
            "of the same shape is True where a place (row) may look at another (column). Write "
            "<code>masked_weights(s, mask)</code>: weights that are 0 where the mask is False, and "
            "add up to 1 in each row."
        ),
        cases=mask_cases,
        solution=masked_weights,
        alternatives=[
            lambda s, mask: np.exp(s) * mask / np.sum(np.exp(s) * mask, axis=1, keepdims=True),
            lambda s, mask: softmax(s - 1e9 * ~mask),
        ],
        mistakes=[
            Mistake(
                "mask after softmax",
                lambda s, mask: softmax(s) * mask,
                "your rows do not add up to 1. The softmax has already given a share to the masked "
                "ones: mask the scores, before.",
            ),
            Mistake(
                "score 0",
                lambda s, mask: softmax(s * mask),
                "a score of 0 is not none: e<sup>0</sup> = 1. Take a score of −∞.",
            ),
            Mistake(
                "inverted",
                lambda s, mask: softmax(np.where(mask, -1e9, s)),
                "you kept what the mask hides. Here True means: may look.",
            ),
            Mistake(
                "no mask",
                lambda s, mask: softmax(s),
                "the mask has no effect.",
            ),
            Mistake(
                "wrong axis",
                lambda s, mask: softmax(np.where(mask, s, -1e9), 0),
                "your columns add up to 1. Each row shares out 1 among what it may look at.",
            ),
            Mistake(
                "mask turned round",
                lambda s, mask: softmax(np.where(mask.T, s, -1e9)),
                "rows and columns of the mask are exchanged: a place now sees what comes after it.",
            ),
        ],
        hints=[
            "What score makes e to the score 0?",
            "np.where(mask, s, −np.inf), then the softmax of each row.",
            "Subtract the row's maximum first, then e to it, then divide by the row's sum.",
        ],
        reason="A score of −∞ has the weight 0, and the sum runs over the others alone.",
    ),
    Numeric(
        id="14-head-parameters",
        title="What do heads cost?",
        question=(
            "Attention on vectors of {d} numbers, with {h} heads of {n} numbers each. Queries, "
            "keys and values come from a matrix each, one more matrix mixes the heads at the end, "
            "all without biases. How many parameters?"
        ),
        draw=lambda rng: dict(
            zip(
                ("h", "n", "d"),
                [(2, 8, 16), (6, 8, 48), (8, 8, 64), (8, 16, 128), (2, 16, 32), (3, 4, 12)][
                    int(rng.integers(0, 6))
                ],
                strict=True,
            )
        ),
        answer=lambda h, n, d: 4 * d * d,
        mistakes=[
            Mistake(
                "each head in full",
                lambda h, n, d: 4 * h * d * d,
                "each head works on its own part of the numbers. All heads together have one "
                "matrix of d rows for the queries.",
            ),
            Mistake(
                "no mixing",
                lambda h, n, d: 3 * d * d,
                "those are queries, keys and values. The matrix at the end is missing.",
            ),
            Mistake(
                "one head only",
                lambda h, n, d: 4 * d * n,
                "that is the share of one head.",
            ),
            Mistake(
                "one matrix",
                lambda h, n, d: d * d,
                "that is one of the matrices.",
            ),
            Mistake(
                "biases",
                lambda h, n, d: 4 * d * d + 4 * d,
                "you counted biases. These four maps have none.",
            ),
        ],
        hints=[
            "How many rows and columns has the matrix that makes the queries of all heads?",
            "{h} heads of {n} numbers are {d} numbers: the matrix is {d} by {d}.",
            "Four such matrices.",
        ],
        solution="Four matrices of {d} · {d} numbers, <b>{answer}</b>, whatever the heads.",
    ),
    Code(
        id="14-tied_gradient",
        title="Tied weights",
        question=(
            "A table <code>E</code> (<var>k</var>, <var>d</var>) is used twice: tokens "
            "<code>i</code> (<var>T</var>) pick rows, <var>x</var> = <var>E</var>[<var>i</var>], "
            "and the scores of all tokens are <var>z</var> = <var>x</var> "
            "<var>E</var><sup>T</sup>. From <code>g</code> = ∂<var>C</var>/∂<var>z</var>, shape "
            "(<var>T</var>, <var>k</var>), write <code>tied_gradient(E, i, g)</code>: "
            "∂<var>C</var>/∂<var>E</var>."
        ),
        cases=tied_cases,
        solution=tied_gradient,
        alternatives=[
            tied_by_loops,
            lambda E, i, g: g.T @ E[i] + np.eye(len(E))[i].T @ (g @ E),
        ],
        mistakes=[
            Mistake(
                "output alone",
                lambda E, i, g: g.T @ E[i],
                "that is what the output's use hands back. The rows that were picked are E, too.",
            ),
            Mistake(
                "input alone",
                tied_input,
                "that is what the rows that were picked get. The output's use is missing.",
            ),
            Mistake(
                "mean of both",
                lambda E, i, g: tied_gradient(E, i, g) / 2,
                "you took the mean of both uses. Uses add.",
            ),
            Mistake(
                "last token only",
                tied_last,
                "a token that occurs twice gets only what came last: <code>dE[i] += ...</code> "
                "does so. See np.add.at.",
            ),
            Mistake(
                "= for +=",
                tied_overwritten,
                "the second use overwrote what the first had handed back: += in place of =.",
            ),
        ],
        hints=[
            "Pretend that there are two tables, one for each use. Then add.",
            "The output's: g.T @ x. To x comes back g @ E; its rows go where they were picked.",
            "dE = g.T @ E[i]; np.add.at(dE, i, g @ E).",
        ],
        reason="Two uses are two paths to the loss, and paths add.",
    ),
    Choice(
        id="14-later-tokens",
        title="Too good to be true",
        question=(
            "A model learns to name the next token at each place. Its loss is lower than "
            "anybody's, its gradient check passes. Asked to write a sequence token by token, it "
            "writes nonsense. Which test finds out why?"
        ),
        right=Option(
            "change the last token, and see whether an earlier output moves",
            "an output may depend on what stands before it alone. If it moves, the mask leaks: in "
            "training the model read the answer.",
        ),
        wrong=[
            Option(
                "a gradient check with smaller steps",
                "the gradient of what is computed is right, but that is not what was meant.",
            ),
            Option(
                "a lower learning rate",
                "it trained well: too well. The rate is not the trouble.",
            ),
            Option(
                "the loss on new sequences",
                "it is low there, too: the answer stands in those sequences as well.",
            ),
        ],
        hints=[
            "In training the whole sequence is there. What is missing when it writes?",
            "The tokens to come.",
            "Which outputs may depend on the last token?",
        ],
    ),
]
