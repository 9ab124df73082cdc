"""Attention on a few tokens: scores, weights and outputs row by row, and the way back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...graph import Node as Line
from ...graph import gradient
from ...layers import causal_mask, masked_softmax
from ...params import Array
from ..stage.display import Interactive
from ..stage.drawing import joined, lines, place, result, svg, table, val, var, words
from ..stage.stepper import Frame, choice, columns, num, stepper
from ..stage.tree import Node, Part, node
from .address import address

MOST_TOKENS, MOST_UNITS = 4, 3
WORDS = {"q": "query", "k": "key", "v": "value", "o": "output"}


def spelled(vector: Any) -> str:
    """Return the numbers of a vector.

    >>> spelled(np.array([0.5, -1.0]))
    '0.5, −1'
    """
    return ", ".join(num(float(x)) for x in vector)


def letter(name: str, *indices: int) -> Part:
    """Return a letter with its places, counted from 1: a derivative where it begins with ∂."""
    below = node("sub", "".join(str(i + 1) for i in indices))
    return ["∂C/∂" if name[0] == "∂" else "", var(name[-1]), below]


def products(left: Part, xs: Any, ys: Any, value: float, role: str, over: str = "") -> Part:
    """Return a sum of products as a row, over what it is divided by."""
    terms = joined([val(x), " · ", val(y)] for x, y in zip(xs, ys, strict=True))
    body: Part = ["(", terms, f") / {over} "] if over else [terms, " "]
    return [left, " = ", body, result(value, role)]


def mixed(x: str, i: int, weights: Any, vectors: Any, total: Any, role: str, over: str = "") -> Any:
    """Return a weighted sum of vectors as rows, one for each of its numbers."""
    return [
        products(letter(x, i, c), weights, [one[c] for one in vectors], value, role, over)
        for c, value in enumerate(total)
    ]


def lit(**roles: list[str]) -> str:
    """Return what is lit, by role."""
    return " ".join(f"{key}:{role}" for role, keys in roles.items() for key in keys)


def attention_frames(
    names: Sequence[str], q: Array, k: Array, v: Array, g: Array, mask: Array
) -> list[Frame]:
    """Return the frames: each row forward, each row back, then keys and values."""
    tape: list[Line] = []
    given = [Line(tape, x) for x in (q, k, v)]
    scores = given[0] @ given[1].mT / np.sqrt(q.shape[1])
    shares = masked_softmax(scores, mask)
    mean = shares @ given[2]
    s, a, o = (x.value.tolist() for x in (scores, shares, mean))
    da, ds, dq, dk, dv = (x.tolist() for x in gradient(mean, [shares, scores, *given], g))
    q, k, v, g = (x.tolist() for x in (q, k, v, g))
    rows, root = range(len(q)), f"√{len(q[0])}"
    state: Frame = {f"{u}{x}{i}": "" for u in ("", "u") for x in "qkvo" for i in rows}
    state |= {f"{x}{i}": spelled(of[i]) for x, of in (("q", q), ("k", k), ("v", v)) for i in rows}
    for i, j in np.ndindex(mask.shape):
        state |= {f"c{i}.{j}": "" if mask[i, j] else "–", f"uc{i}.{j}": ""}
    frames: list[Frame] = []

    def show(head: str, equations: Sequence[Part], say: str, lit: str) -> None:
        frames.append(state | {"math": lines(head, *equations), "say": say, "lit": lit})

    for i, name in enumerate(names):
        seen = np.flatnonzero(mask[i]).tolist()
        cells, keys, values = ([f"{x}{j}" for j in seen] for x in (f"c{i}.", "k", "v"))
        state |= {f"c{i}.{j}": num(s[i][j]) for j in seen}
        show(
            f"Forward, row {i + 1}: the scores",
            [products(letter("s", i, j), q[i], k[j], s[i][j], "activation", root) for j in seen],
            f"{name} asks: its query times each key, divided by {root}.",
            lit(activation=[f"q{i}", *keys, *cells]),
        )
        state |= {f"c{i}.{j}": num(a[i][j]) for j in seen}
        total = joined(["e", node("sup", num(s[i][j]))] for j in seen)
        below: list[Part] = [[" / (", total, ") ", result(a[i][j], "activation")] for j in seen]
        show(
            f"Forward, row {i + 1}: the weights",
            [
                [letter("a", i, j), " = e", node("sup", num(s[i][j])), rest]
                for j, rest in zip(seen, below, strict=True)
            ],
            f"The softmax of the row: {name} shares out 1 among the tokens it may look at.",
            lit(activation=cells),
        )
        state |= {f"o{i}": spelled(o[i])}
        weights = [a[i][j] for j in seen]
        show(
            f"Forward, row {i + 1}: the output",
            mixed("o", i, weights, [v[j] for j in seen], o[i], "activation"),
            f"The output for {name}: the mean of the values, each with its weight.",
            lit(activation=[f"o{i}", *cells, *values]),
        )
    state |= {f"uo{i}": f"δ {spelled(g[i])}" for i in rows}
    show(
        "Back, the start",
        [[letter("∂o", i), " = ", spelled(g[i])] for i in rows],
        "From what comes after, each output gets its ∂C/∂o. Now the same way back.",
        lit(delta=[f"o{i}" for i in rows]),
    )
    for i, name in enumerate(names):
        seen = np.flatnonzero(mask[i]).tolist()
        cells, keys, values = ([f"{x}{j}" for j in seen] for x in (f"c{i}.", "k", "v"))
        state |= {f"uc{i}.{j}": f"δ {num(da[i][j])}" for j in seen}
        show(
            f"Back, row {i + 1}: to the weights",
            [products(letter("∂a", i, j), g[i], v[j], da[i][j], "delta") for j in seen],
            f"A weight of {name} counts as much as its value agrees with ∂C/∂o.",
            lit(delta=[f"o{i}", *cells], activation=values),
        )
        state |= {f"uc{i}.{j}": f"δ {num(ds[i][j])}" for j in seen}
        weights, back = [a[i][j] for j in seen], [da[i][j] for j in seen]
        middle = float(np.dot(weights, back))
        pulls: dict[int, Part] = {
            j: [val(a[i][j]), " · (", val(da[i][j]), " − ", val(middle), ") "] for j in seen
        }
        show(
            f"Back, row {i + 1}: through the softmax",
            [
                products("mean", weights, back, middle, "delta"),
                *([letter("∂s", i, j), " = ", pulls[j], result(ds[i][j], "delta")] for j in seen),
            ],
            f"SM2 for {name}: each weight times how far its ∂C/∂a is above the mean. In sum 0.",
            lit(delta=cells),
        )
        state |= {f"uq{i}": f"δ {spelled(dq[i])}"}
        back = [ds[i][j] for j in seen]
        show(
            f"Back, row {i + 1}: to the query",
            mixed("∂q", i, back, [k[j] for j in seen], dq[i], "gradient", root),
            f"The query of {name} gets the keys, each with its score's ∂C/∂s, divided by {root}.",
            lit(gradient=[f"q{i}"], delta=cells, activation=keys),
        )
    for j, name in enumerate(names):
        seen = np.flatnonzero(mask[:, j]).tolist()
        cells = [f"c{i}.{j}" for i in seen]
        for x, factors, vectors, to, over, words_of in (
            ("k", ds, q, dk[j], root, "∂C/∂s with the queries"),
            ("v", a, g, dv[j], "", "weights with ∂C/∂o"),
        ):
            state |= {f"u{x}{j}": f"δ {spelled(to)}"}
            weights, others = [factors[i][j] for i in seen], [vectors[i] for i in seen]
            show(
                f"Back, column {j + 1}: to the {WORDS[x]}",
                mixed(f"∂{x}", j, weights, others, to, "gradient", over),
                f"The {WORDS[x]} of {name} was used in each row that saw it: its column of "
                f"{words_of}, added up.",
                lit(gradient=[f"{x}{j}"], delta=cells),
            )
    return frames


def picture(T: int) -> Node:
    """Draw the weights as a table: queries at its left, keys above, values below, outputs right."""
    wide, high = 92, 76

    def box(key: str, column: int, row: int, name: str = "") -> Node:
        x, y = 8 + wide * column, 26 + high * row
        edges = {"x": x, "y": y, "width": wide - 12, "height": high - 30, "rx": 6}
        press = {"lengthAdjust": "spacingAndGlyphs"}
        return node(
            "g",
            node("rect", fill="none", stroke="currentColor", **edges),
            words(x + 40, y - 6, name, class_="pb-name"),
            words(x + 40, y + 19, data_t=f"{key} 9 72", class_="pb-in", **press),
            words(x + 40, y + 37, data_t=f"u{key} 10 74", class_="pb-under", **press),
            class_="pb-node",
            data_k=key,
        )

    parts = [box(f"c{i}.{j}", j + 1, i + 1) for i, j in np.ndindex(T, T)]
    for i in range(1, T + 1):
        for x, column, row in (("q", 0, i), ("k", i, 0), ("v", i, T + 1), ("o", T + 1, i)):
            parts.append(box(f"{x}{i - 1}", column, row, f"{WORDS[x]} {i}"))
    alt = f"Attention of {T} tokens: a row of weights for each query, a column for each key"
    return svg(wide * (T + 2) + 4, high * (T + 2) + 14, alt, *parts)


def attention_stepper(
    q: ArrayLike, k: ArrayLike, v: ArrayLike, g: ArrayLike, names: Sequence[str] | None = None
) -> Interactive:
    """Step through attention of one sequence on itself, forward and back, with a mask or without.

    Parameters
    ----------
    q, k : array of shape (T, d)
    v, g : array of shape (T, n)
        g is dC/do, what comes back to the outputs. At most 4 tokens, and 3 numbers each.
    names : sequence of T str, optional
        What the sentences call the tokens.

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError
        Shapes that do not fit, too many tokens or numbers, a NaN.

    Examples
    --------
    >>> x = np.eye(2)
    >>> attention_stepper(x, x, x, x)
    Attention, forward and back: 17 steps
    """
    q, k, v, g = (np.asarray(x, float) for x in (q, k, v, g))
    shapes, (T, most) = [x.shape for x in (q, k, v, g)], q.shape if q.ndim == 2 else (0, 0)
    drawn = 0 < T <= MOST_TOKENS and 0 < max(most, *v.shape[1:]) <= MOST_UNITS
    if not drawn or shapes != [(T, most)] * 2 + [(T, *v.shape[1:2])] * 2:
        raise ValueError(
            f"q, k, v, g have the shapes {shapes}; a stepper draws (T, d) twice and (T, n) twice, "
            f"T from 1 to {MOST_TOKENS}, d and n from 1 to {MOST_UNITS}"
        )
    called = [f"token {i + 1}" for i in range(T)] if names is None else [f"“{n}”" for n in names]
    if len(called) != T:
        raise ValueError(f"there are {len(called)} names for {T} tokens; give a name for each")
    masks = np.ones((T, T), bool), causal_mask(T)
    runs = [attention_frames(called, q, k, v, g, mask) for mask in masks]
    rows = [
        (f"{WORDS[x]} of {name}", place(f"{x}{i}", "td"), place(f"u{x}{i}", "td"))
        for x in "qkvo"
        for i, name in enumerate(called)
    ]
    return stepper(
        "attention",
        "Attention, forward and back",
        picture(T),
        [{**columns(frames), "n": len(frames)} for frames in runs],
        choices=[choice("mask", ("none", "causal"))],
        table=table(["vector", "numbers", "adjoint δ"], rows),
        caption="Queries, keys, values",
        wide=True,
        address=address("attention", q=q, k=k, v=v, g=g, names=names),
    )
