"""Exercises of chapter 11: embedding, dropout, residual, normalization."""

# mypy: allow-untyped-defs, allow-untyped-calls

from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def embedding_pullback(g, i, k):
    dE = np.zeros((k, g.shape[-1]))
    np.add.at(dE, i, g)
    return dE


def one_hot_product(g: Any, i: Any, k: int) -> Any:
    """The same as BP4: a table of rows is a layer whose inputs are one-hot."""
    return np.eye(k)[i].reshape(-1, k).T @ g.reshape(-1, g.shape[-1])


def kept_last(g: Any, i: Any, k: int) -> Any:
    dE = np.zeros((k, g.shape[-1]))
    dE[i] += g
    return dE


def once_a_text(g: Any, i: Any, k: int) -> Any:
    dE = np.zeros((k, g.shape[-1]))
    for words, slopes in zip(i, g, strict=True):
        dE[words] += slopes
    return dE


def mean_of_uses(g: Any, i: Any, k: int) -> Any:
    uses = np.bincount(i.ravel(), minlength=k)
    return embedding_pullback(g, i, k) / np.maximum(uses, 1)[:, None]


def first_places(g: Any, i: Any, k: int) -> Any:
    return embedding_pullback(g[:, :1], i[:, :1], k)


def word_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]), np.array([[1, 0, 1]]), 3),
        (rng.normal(size=(3, 3, 2)), np.array([[0, 3, 0], [3, 3, 1], [2, 0, 2]]), 5),
        (rng.normal(size=(2, 4, 3)), np.array([[2, 2, 2, 0], [0, 1, 2, 0]]), 4),
    ]


def dropout_pair(x, g, rate, seed):
    rng = np.random.default_rng(seed)
    mask = (rng.random(x.shape) >= rate) / (1 - rate)
    return x * mask, g * mask


def drop_with(
    scale: Any = lambda rate: 1 / (1 - rate),
    stays: Any = lambda u, rate: u >= rate,
    back: Any = lambda g, mask, scale, again: g * mask * scale,
) -> Any:
    """Return a dropout with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(x: Any, g: Any, rate: float, seed: int) -> Any:
        rng = np.random.default_rng(seed)
        mask = stays(rng.random(x.shape), rate)
        return x * mask * scale(rate), back(
            g, mask, scale(rate), lambda: stays(rng.random(x.shape), rate)
        )

    return wrong


def drop_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.arange(1.0, 9.0), np.arange(8.0, 0.0, -1), 0.25, 0),
        (rng.normal(size=(3, 5)), rng.normal(size=(3, 5)), 0.4, 1),
        (rng.normal(size=(4, 4)), rng.normal(size=(4, 4)), 0.7, 2),
    ]


def standardize_pullback(g, x, eps):
    d = x - x.mean(axis=1, keepdims=True)
    s = np.sqrt((d**2).mean(axis=1, keepdims=True) + eps)
    a = d / s
    mean_g = g.mean(axis=1, keepdims=True)
    mean_ga = (g * a).mean(axis=1, keepdims=True)
    return (g - mean_g - a * mean_ga) / s


def by_jacobian(g: Any, x: Any, eps: float) -> Any:
    """The same, row by row, with the whole matrix of derivatives."""
    rows = []
    for row, slope in zip(x, g, strict=True):
        n = len(row)
        s = np.sqrt(row.var() + eps)
        a = (row - row.mean()) / s
        rows.append(slope @ ((np.eye(n) - 1 / n - np.outer(a, a) / n) / s))
    return np.array(rows)


def standardize_with(
    axis: int = 1,
    ddof: int = 0,
    root: Any = lambda variance, eps: np.sqrt(variance + eps),
    terms: Any = lambda g, a, mean: g - mean(g) - a * mean(g * a),
    by: Any = lambda s: s,
) -> Any:
    """Return a pull-back of `standardize` with one of its pieces exchanged."""

    def mean(v: Any) -> Any:
        return v.mean(axis=axis, keepdims=True)

    def wrong(g: Any, x: Any, eps: float) -> Any:
        s = root(x.var(axis=axis, ddof=ddof, keepdims=True), eps)
        return terms(g, (x - mean(x)) / s, mean) / by(s)

    return wrong


def x_for_a(g: Any, x: Any, eps: float) -> Any:
    s = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    return (g - g.mean(axis=1, keepdims=True) - x * (g * x).mean(axis=1, keepdims=True)) / s


def row_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[3.0, 0, 0, 0]]), np.array([[8.0, 0, 6, 6]]), 0.5),
        (rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), 0.01),
        (rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), 0.25),
    ]


def layer_norm_pullback(g, x, gamma, eps):
    d = x - x.mean(axis=1, keepdims=True)
    s = np.sqrt((d**2).mean(axis=1, keepdims=True) + eps)
    a, h = d / s, g * gamma
    mean_h = h.mean(axis=1, keepdims=True)
    mean_ha = (h * a).mean(axis=1, keepdims=True)
    return (h - mean_h - a * mean_ha) / s, (g * a).sum(axis=0), g.sum(axis=0)


def layer_norm_by_rows(g: Any, x: Any, gamma: Any, eps: float) -> Any:
    a = (x - x.mean(axis=1)[:, None]) / np.sqrt(x.var(axis=1) + eps)[:, None]
    return by_jacobian(g * gamma, x, eps), np.einsum("ik,ik->k", g, a), np.ones(len(x)) @ g


def layer_norm_with(
    inner: Any = lambda g, gamma: g * gamma,
    scale: Any = lambda g, a, x, gamma: g * a,
    gather: Any = lambda v: v.sum(axis=0),
    back: Any = standardize_pullback,
    outer: Any = lambda back, gamma: back,
) -> Any:
    """Return a pull-back of layer norm with one of its pieces exchanged."""

    def wrong(g: Any, x: Any, gamma: Any, eps: float) -> Any:
        a = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + eps)
        by_x = outer(back(inner(g, gamma), x, eps), gamma)
        return by_x, gather(scale(g, a, x, gamma)), gather(g)

    return wrong


def scaled_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[1.0, 0, 0], [0, 2, 0]]), np.array([[1.0, 2, 6], [3, 0, 3]]),
         np.array([1.0, 2, 3]), 0.5),
        (rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.uniform(0.5, 2, 3), 0.01),
        (rng.normal(size=(3, 5)), rng.normal(size=(3, 5)), rng.uniform(0.5, 2, 5), 0.1),
    ]  # fmt: skip


def batch_norm_eval(x, gamma, beta, mean, variance, eps):
    return gamma * (x - mean) / np.sqrt(variance + eps) + beta


def folded(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, eps: float) -> Any:
    """The same as one scale and one shift."""
    scale = gamma / np.sqrt(variance + eps)
    return x * scale + (beta - mean * scale)


def with_batch(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, eps: float) -> Any:
    return batch_norm_eval(x, gamma, beta, x.mean(axis=0), x.var(axis=0), eps)


def moved_first(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, eps: float) -> Any:
    mean = mean + 0.1 * (x.mean(axis=0) - mean)
    variance = variance + 0.1 * (x.var(axis=0, ddof=1) - variance)
    return batch_norm_eval(x, gamma, beta, mean, variance, eps)


def company_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([[1.0, 2], [3, 6]]), np.array([1.0, 2]), np.array([0.0, 1]), np.array([1.0, 0]),
         np.array([3.0, 8]), 1.0),
        *(
            (rng.normal(size=(m, 3)), rng.uniform(0.5, 2, 3), rng.normal(size=3),
             rng.normal(size=3), rng.uniform(0.5, 3, 3), 0.1)
            for m in (4, 5)
        ),
    ]  # fmt: skip


def rms_pullback(g, x, eps):
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    a = x / r
    return (g - a * (g * a).mean(axis=1, keepdims=True)) / r


def rms_by_jacobian(g: Any, x: Any, eps: float) -> Any:
    rows = []
    for row, slope in zip(x, g, strict=True):
        r = np.sqrt(row @ row / len(row) + eps)
        rows.append(slope / r - row * (slope @ row) / (len(row) * r**3))
    return np.array(rows)


def rms_with(
    axis: int = 1,
    square: Any = lambda x, mean: mean(x * x),
    root: Any = lambda square, eps: np.sqrt(square + eps),
    terms: Any = lambda g, a, mean: g - a * mean(g * a),
    by: Any = lambda r: r,
) -> Any:
    """Return a pull-back of RMS norm with one of its pieces exchanged."""

    def mean(v: Any) -> Any:
        return v.mean(axis=axis, keepdims=True)

    def wrong(g: Any, x: Any, eps: float) -> Any:
        r = root(square(x, mean), eps)
        return terms(g, x / r, mean) / by(r)

    return wrong


EXERCISES = [
    Code(
        id="11-embedding_pullback",
        title="The way back to a table of rows",
        question=(
            "<code>a = E[i]</code> reads rows of a table with <var>k</var> rows of <var>d</var> "
            "numbers. <code>i</code> has the shape (<var>m</var>, <var>T</var>), a text of "
            "<var>T</var> words in each row; so <code>g</code> = "
            "∂<var>C</var>/∂<code>a</code> has the shape (<var>m</var>, <var>T</var>, "
            "<var>d</var>). Write <code>embedding_pullback(g, i, k)</code>: "
            "∂<var>C</var>/∂<code>E</code>, of shape (<var>k</var>, <var>d</var>)."
        ),
        cases=word_cases,
        solution=embedding_pullback,
        alternatives=[one_hot_product],
        mistakes=[
            Mistake(
                "= for +=",
                kept_last,
                "a word that stands there several times keeps only what came last. Of equal "
                "indices dE[i] += g adds one: NumPy reads, adds, and writes once.",
            ),
            Mistake(
                "once per text",
                once_a_text,
                "you add over the texts, but within a text a word counts once. It may stand there "
                "twice.",
            ),
            Mistake(
                "mean of the uses",
                mean_of_uses,
                "you took the mean over the uses of a word. Uses add.",
            ),
            Mistake(
                "first place only",
                first_places,
                "only the first word of each text hands something back. All T places were read.",
            ),
            Mistake(
                "not summed",
                lambda g, i, k: g,
                "that has the shape of what was read. The gradient has the shape of the table.",
            ),
            Mistake(
                "every row",
                lambda g, i, k: np.tile(g.sum(axis=(0, 1)), (k, 1)),
                "every row of the table got everything. A row gets what its own uses hand back.",
            ),
        ],
        hints=[
            "Start with zeros in the shape of the table.",
            "Each of the m T places hands its g to the row that was read there.",
            "np.add.at takes an index array of any shape: np.add.at(dE, i, g).",
        ],
        reason="A read is a use, and over uses one adds; rows that were not read get 0.",
    ),
    Code(
        id="11-dropout_pair",
        title="Dropout, forward and back",
        question=(
            "Draw one mask with <code>rng = np.random.default_rng(seed)</code>: an entry stays "
            "where <code>rng.random(x.shape) &gt;= rate</code>. Write <code>dropout_pair(x, g, "
            "rate, seed)</code>: it returns two arrays, the value of inverted dropout at "
            "<code>x</code>, and ∂<var>C</var>/∂<code>x</code> from <code>g</code>, the "
            "derivative by that value."
        ),
        cases=drop_cases,
        solution=dropout_pair,
        alternatives=[
            lambda x, g, rate, seed: [
                np.where(np.random.default_rng(seed).random(x.shape) < rate, 0, v / (1 - rate))
                for v in (x, g)
            ],
        ],
        made_of=drop_with,
        mistakes=[
            Mistake(
                "not scaled",
                {"scale": lambda rate: 1.0},
                "nothing makes up for what was dropped: on average the value is too small, and "
                "out of training all comes out larger.",
            ),
            Mistake(
                "drawn anew",
                {"back": lambda g, mask, scale, again: g * again() * scale},
                "on the way back you drew another mask. What was dropped must get nothing back, "
                "and what stayed must get its own: keep the mask.",
            ),
            Mistake(
                "no mask on the way back",
                {"back": lambda g, mask, scale, again: g},
                "all of g comes back. What was dropped had no part in the value.",
            ),
            Mistake(
                "scaled once",
                {"back": lambda g, mask, scale, again: g * mask},
                "the way forward multiplies by 1/(1 − rate), so the way back does, too.",
            ),
            Mistake(
                "divided by the rate",
                {"scale": lambda rate: 1 / rate},
                "the rate is the share that is dropped; the share that stays is 1 − rate.",
            ),
            Mistake(
                "times what stays",
                {"scale": lambda rate: 1 - rate},
                "that makes small what is too small already. Divide by the share that stays.",
            ),
            Mistake(
                "mask turned round",
                {"stays": lambda u, rate: u < rate},
                "you kept what should be dropped.",
            ),
        ],
        hints=[
            "One mask, drawn once, serves both ways.",
            "The value is x times mask / (1 − rate).",
            "That is a product with a constant: so is its pull-back.",
        ],
        reason="A product with a constant: forward x, back g, the same factor for both.",
    ),
    Numeric(
        id="11-residual-chain",
        title="Delta through two residual blocks",
        question=(
            "Two blocks in a row, each <var>h</var> + <var>f</var>(<var>h</var>) with one unit. "
            "At the values that go into them, the slope of the first <var>f</var> is {p}, that of "
            "the second {q}. ∂<var>C</var>/∂<var>h</var> behind the second block is {d}. What is "
            "it before the first one?"
        ),
        draw=lambda rng: {
            "p": between(rng, -0.9, 0.9),
            "q": between(rng, -0.9, 0.9),
            "d": between(rng, 1, 4, digits=0),
        },
        answer=lambda p, q, d: d * (1 + p) * (1 + q),
        digits=2,
        mistakes=[
            Mistake(
                "no path around",
                lambda p, q, d: d * p * q,
                "that is what comes through both f. Each block also hands its input on as it is.",
            ),
            Mistake(
                "path around only",
                lambda p, q, d: d,
                "that is what comes around both blocks. Some comes through the f as well.",
            ),
            Mistake(
                "both or none",
                lambda p, q, d: d * (1 + p * q),
                "you have the path around both blocks and one through both. There are two more: "
                "through one, around the other.",
            ),
            Mistake(
                "never both",
                lambda p, q, d: d * (1 + p + q),
                "one way is missing: through the first f and through the second.",
            ),
            Mistake(
                "one block",
                lambda p, q, d: d * (1 + q),
                "that is the derivative between the two blocks. One block is left.",
            ),
            Mistake(
                "first block only",
                lambda p, q, d: d * (1 + p),
                "you went back through the first block alone. The second one lies behind it.",
            ),
        ],
        hints=[
            "How fast does h + f(h) grow when h grows?",
            "By 1, and by the slope of f.",
            "{d} · (1 + {q:p}) · (1 + {p:p}).",
        ],
        solution="{d} · (1 + {q:p}) · (1 + {p:p}) = <b>{answer}</b>.",
    ),
    Code(
        id="11-standardize_pullback",
        title="The way back through a standardization",
        question=(
            "Each row of <code>x</code>, shape (<var>m</var>, <var>n</var>), becomes "
            "<var>a</var> = (<var>x</var> − mean) / <var>s</var> with <var>s</var> = "
            "√(variance + <var>eps</var>), the variance with 1/<var>n</var>. Write "
            "<code>standardize_pullback(g, x, eps)</code>: ∂<var>C</var>/∂<code>x</code> from "
            "<code>g</code> = ∂<var>C</var>/∂<var>a</var>, by NL6."
        ),
        cases=row_cases,
        solution=standardize_pullback,
        alternatives=[by_jacobian],
        made_of=standardize_with,
        mistakes=[
            Mistake(
                "statistics as constants",
                {"terms": lambda g, a, mean: g},
                "that is one term of three: mean and deviation were taken as constants. Both move "
                "when x moves.",
            ),
            Mistake(
                "the mean's term",
                {"terms": lambda g, a, mean: g - a * mean(g * a)},
                "a term is missing: when one x grows, the mean of its row grows.",
            ),
            Mistake(
                "the deviation's term",
                {"terms": lambda g, a, mean: g - mean(g)},
                "a term is missing: when one x grows, the deviation of its row changes.",
            ),
            Mistake(
                "no factor a",
                {"terms": lambda g, a, mean: g - mean(g) - mean(g * a)},
                "the deviation divides each unit by the same number, and so moves a unit by its "
                "own a: the last mean has a factor.",
            ),
            Mistake(
                "sums for means",
                {"terms": lambda g, a, mean: g - (mean(g) + a * mean(g * a)) * g.shape[1]},
                "you have sums where means belong: one x moves the mean by 1/n of itself.",
            ),
            Mistake(
                "not divided",
                {"by": lambda s: 1.0},
                "the division by s is missing: the way forward divides, so the way back does.",
            ),
            Mistake(
                "over the batch",
                {"axis": 0},
                "you took the means down the columns, over the examples. Here each row is on its "
                "own.",
            ),
            Mistake(
                "n − 1",
                {"ddof": 1},
                "your variance divides by n − 1. Here it is the mean of the squares, with 1/n.",
            ),
            Mistake(
                "eps outside of the root",
                {"root": lambda variance, eps: np.sqrt(variance) + eps},
                "eps stands inside of the root, with the variance.",
            ),
            Mistake(
                "x for a",
                x_for_a,
                "x stands where a belongs, in the third term: once as its factor, and once in the "
                "last mean.",
            ),
        ],
        hints=[
            "Work out s and a as on the way forward, with keepdims=True.",
            "Each x moves itself, the mean and the deviation: three terms, all divided by s.",
            "g, minus the mean of g, minus a times the mean of g a.",
        ],
        reason=(
            "NL6. The mean takes its own share back, the deviation its own, in proportion to a."
        ),
    ),
    Code(
        id="11-layer_norm_pullback",
        title="Layer norm with scale and shift",
        question=(
            "Layer norm returns <var>y</var> = <var>γ</var> ⊙ <var>a</var> + <var>β</var>, where "
            "<var>a</var> is <code>x</code>, standardized row by row. <code>x</code> has the shape "
            "(<var>m</var>, <var>n</var>), <code>gamma</code> and <code>beta</code> (<var>n</var>,)"
            ". Write <code>layer_norm_pullback(g, x, gamma, eps)</code>: the derivatives by "
            "<code>x</code>, <code>gamma</code> and <code>beta</code>, in this order, from "
            "<code>g</code> = ∂<var>C</var>/∂<var>y</var>."
        ),
        cases=scaled_cases,
        solution=layer_norm_pullback,
        alternatives=[layer_norm_by_rows],
        made_of=layer_norm_with,
        mistakes=[
            Mistake(
                "no gamma",
                {"inner": lambda g, gamma: g},
                "what comes back to a is not g: on its way y = γ a + β multiplied a by γ.",
            ),
            Mistake(
                "not summed",
                {"gather": lambda v: v},
                "gamma and beta were repeated for every example. What was repeated is summed.",
            ),
            Mistake(
                "mean for sum",
                {"gather": lambda v: v.mean(axis=0)},
                "gamma and beta get a mean over the examples. A repetition is a use, and uses add; "
                "the 1/m stands in the loss.",
            ),
            Mistake(
                "x for a",
                {"scale": lambda g, a, x, gamma: g * x},
                "gamma multiplies a, not x. So its gradient is g times a.",
            ),
            Mistake(
                "gamma twice",
                {"scale": lambda g, a, x, gamma: g * gamma * a},
                "in a product each factor gets g times the other one. Your derivative by gamma has "
                "gamma itself in it.",
            ),
            Mistake(
                "statistics as constants",
                {"back": standardize_with(terms=lambda g, a, mean: g)},
                "mean and deviation were taken as constants: two of three terms are missing.",
            ),
            Mistake(
                "gamma last",
                {"inner": lambda g, gamma: g, "outer": lambda back, gamma: back * gamma},
                "gamma comes after the standardization on the way forward. So on the way back it "
                "comes first, before the three terms: their means are of g times gamma.",
            ),
            Mistake(
                "over the batch",
                {"back": standardize_with(axis=0)},
                "in the derivative by x you took means down the columns, over the examples. That "
                "is batch norm; layer norm takes each row on its own.",
            ),
            Mistake(
                "n − 1",
                {"back": standardize_with(ddof=1)},
                "in the derivative by x your variance divides by n − 1. Here it is the mean of "
                "the squares, with 1/n.",
            ),
        ],
        hints=[
            "Write it as two steps: a = standardize(x), then y = gamma * a + beta.",
            "gamma and beta: a product and a sum with broadcasting, so sums over the examples.",
            "Hand g * gamma to the three terms.",
        ],
        reason="NL8 after NL6: first through the scale, then through the standardization.",
    ),
    Choice(
        id="11-bias-before-norm",
        title="A bias before batch norm",
        question=(
            "<var>z</var> = <var>a</var> <var>W</var><sup>T</sup> + <var>b</var>, then batch norm "
            "with its own <var>γ</var> and <var>β</var>, in training. What is "
            "∂<var>C</var>/∂<var>b</var>?"
        ),
        right=Option(
            "exactly 0",
            "the mean of the batch takes b away again. On the way back: the three terms add up to "
            "0 over the batch, and b's gradient is that sum.",
        ),
        wrong=[
            Option(
                "the same as that of β",
                "β comes after the standardization, and nothing takes it away. b comes before it.",
            ),
            Option(
                "that of β times γ / s",
                "that is what comes back if mean and deviation are constants. In training they are "
                "the batch's own.",
            ),
            Option(
                "it depends on the batch",
                "the forward pass answers: what happens to the answer if b grows by 1?",
            ),
        ],
        hints=[
            "Let b grow by 1. What happens to the mean of z over the batch?",
            "And to z minus that mean?",
            "If a number has no effect on the answer, its derivative is known.",
        ],
    ),
    Numeric(
        id="11-running-mean",
        title="A running mean, two batches later",
        question=(
            "A running mean stands at {r}. Its momentum is {k}, in the convention of this book and "
            "of PyTorch. The next two batches have the means {u} and {v}. Where does it stand then?"
        ),
        draw=lambda rng: {
            "r": between(rng, -4, 4, digits=0),
            "u": between(rng, -9, 9, digits=0),
            "v": between(rng, -9, 9, digits=0),
            "k": float(rng.choice([0.1, 0.2, 0.3])),
        },
        answer=lambda r, u, v, k: (1 - k) * ((1 - k) * r + k * u) + k * v,
        digits=2,
        mistakes=[
            Mistake(
                "momentum of the old one",
                lambda r, u, v, k: k * (k * r + (1 - k) * u) + (1 - k) * v,
                "you took the momentum as the old value's share. That is the other convention; "
                "here it is the batch's share.",
            ),
            Mistake(
                "one batch only",
                lambda r, u, v, k: (1 - k) * r + k * u,
                "that is after the first of the two batches.",
            ),
            Mistake(
                "second batch only",
                lambda r, u, v, k: (1 - k) * r + k * v,
                "the first of the two batches has moved it, too.",
            ),
            Mistake(
                "added",
                lambda r, u, v, k: r + k * u + k * v,
                "you added without taking away: r moves by k times the difference of the batch's "
                "mean and r.",
            ),
            Mistake(
                "both from the start",
                lambda r, u, v, k: r + k * (u - r) + k * (v - r),
                "the second step goes from where the first one ended, not from the start.",
            ),
            Mistake(
                "plain mean",
                lambda r, u, v, k: (u + v) / 2,
                "that is the mean of the two batches. A running mean moves a part of the way only.",
            ),
        ],
        hints=[
            "Each batch moves it towards its own mean.",
            "r moves by {k} of the difference: r + {k} (mean − r).",
            "First towards {u}, then, from there, towards {v}.",
        ],
        solution=(
            "First {r} + {k} ({u} − {r:p}) = {first}, then {first} + {k} ({v} − {first:p}) = "
            "<b>{answer}</b>."
        ),
        steps=lambda r, u, v, k: {"first": (1 - k) * r + k * u},
    ),
    Code(
        id="11-batch_norm_eval",
        title="Batch norm out of training",
        question=(
            "Write <code>batch_norm_eval(x, gamma, beta, mean, variance, eps)</code>: what batch "
            "norm answers out of training. <code>x</code> has the shape (<var>m</var>, "
            "<var>n</var>); <code>mean</code> and <code>variance</code> are the running averages, "
            "of shape (<var>n</var>,) as <code>gamma</code> and <code>beta</code>."
        ),
        cases=company_cases,
        solution=batch_norm_eval,
        alternatives=[folded],
        mistakes=[
            Mistake(
                "statistics of the batch",
                with_batch,
                "these are the batch's own mean and variance. Then an answer depends on the "
                "company of the example; out of training it may not.",
            ),
            Mistake(
                "averages moved",
                moved_first,
                "you moved the running averages first. Out of training nothing moves.",
            ),
            Mistake(
                "divided by the variance",
                lambda x, gamma, beta, mean, variance, eps: (
                    gamma * (x - mean) / (variance + eps) + beta
                ),
                "you divided by the variance; the deviation is its root.",
            ),
            Mistake(
                "eps outside of the root",
                lambda x, gamma, beta, mean, variance, eps: (
                    gamma * (x - mean) / (np.sqrt(variance) + eps) + beta
                ),
                "eps stands inside of the root, with the variance.",
            ),
            Mistake(
                "no scale and shift",
                lambda x, gamma, beta, mean, variance, eps: (x - mean) / np.sqrt(variance + eps),
                "gamma and beta are missing. They are learned, and needed out of training, too.",
            ),
            Mistake(
                "mean forgotten",
                lambda x, gamma, beta, mean, variance, eps: (
                    gamma * x / np.sqrt(variance + eps) + beta
                ),
                "the running mean is not taken away.",
            ),
        ],
        hints=[
            "The formula of training, with two numbers exchanged.",
            "mean and variance are given; nothing is taken from x.",
            "Subtract, divide by the root of variance + eps, then gamma and beta.",
        ],
        reason="The running averages stand in for the batch's: one scale and one shift a unit.",
    ),
    Code(
        id="11-rms_pullback",
        title="The way back through an RMS norm",
        question=(
            "Each row of <code>x</code> becomes <var>a</var> = <var>x</var> / <var>r</var> with "
            "<var>r</var> = √(mean of <var>x</var>² + <var>eps</var>). Write "
            "<code>rms_pullback(g, x, eps)</code>: ∂<var>C</var>/∂<code>x</code> from "
            "<code>g</code> = ∂<var>C</var>/∂<var>a</var>."
        ),
        cases=row_cases,
        solution=rms_pullback,
        alternatives=[rms_by_jacobian],
        made_of=rms_with,
        mistakes=[
            Mistake(
                "r as a constant",
                {"terms": lambda g, a, mean: g},
                "r was taken as a constant. It grows when x does.",
            ),
            Mistake(
                "a mean too many",
                {"terms": lambda g, a, mean: g - mean(g) - a * mean(g * a)},
                "the way forward takes no mean away. So no mean of g comes back.",
            ),
            Mistake(
                "no factor a",
                {"terms": lambda g, a, mean: g - mean(g * a)},
                "r divides each unit by the same number, and so moves a unit by its own a: the "
                "mean has a factor.",
            ),
            Mistake(
                "sum for mean",
                {"terms": lambda g, a, mean: g - a * mean(g * a) * g.shape[1]},
                "a sum stands where a mean belongs: r is the root of a mean.",
            ),
            Mistake(
                "not divided",
                {"by": lambda r: 1.0},
                "the division by r is missing: the way forward divides, so the way back does.",
            ),
            Mistake(
                "deviation for r",
                {"square": lambda x, mean: mean((x - mean(x)) ** 2)},
                "you divide by the deviation, which is about the mean. r is the root of the mean "
                "of x² itself: no mean is taken away.",
            ),
            Mistake(
                "over the batch",
                {"axis": 0},
                "you took the means down the columns, over the examples. Each row is on its own.",
            ),
            Mistake(
                "eps outside of the root",
                {"root": lambda square, eps: np.sqrt(square) + eps},
                "eps stands inside of the root, with the mean of the squares.",
            ),
        ],
        hints=[
            "It is a standardization in which the mean is left out.",
            "Which of the three terms belonged to the mean?",
            "Two are left: g, minus a times the mean of g a; divided by r.",
        ],
        reason="NL11: of the three terms, the one that belonged to the mean is gone.",
    ),
]
