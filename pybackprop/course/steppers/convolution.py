"""A kernel slides along a signal; then delta comes back, window by window, with all numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..stage.display import Interactive
from ..stage.drawing import joined, lines, place, result, svg, table, val, words
from ..stage.stepper import Frame, columns, num, stepper
from ..stage.tree import Node, Part, node
from .address import address

MOST_ENTRIES, MOST_WEIGHTS = 12, 5
CELL, BOX, LEFT = 56, 44, 66
ROWS = {"x": 34, "w": 112, "z": 190}
"""Row -> where its boxes are, from above."""


def vector(values: ArrayLike, name: str, least: int = 1) -> Any:
    """Return a vector of finite numbers, or say what was given instead."""
    try:
        array = np.asarray(values, float)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is a {type(values).__name__}; give a list of numbers") from None
    if array.ndim != 1 or array.size < least:
        raise ValueError(
            f"{name} has shape {array.shape}; give a vector of {least} or more numbers"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity; a stepper shows finite numbers only")
    return array


def whole(value: Any, name: str, least: int) -> int:
    """Return a whole number that is large enough."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} is {value!r}; give a whole number from {least} up")
    return int(value)


def entry(letter: str, number: int) -> str:
    """Return a letter and its number as text: x₂. Places count from 0, as in the chapter."""
    return letter + str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def entry_of_x(i: int, n: int, padding: int) -> str:
    """Return what a sentence calls an entry of the padded signal."""
    return entry("x", i - padding) if 0 <= i - padding < n else "a zero"


def convolution_frames(
    x: Any, w: Any, b: float, delta: Any, stride: int, padding: int
) -> list[Frame]:
    """Return the frames: each window forward, the deltas, each window back, the gradients."""
    n, k, T = len(x), len(w), len(delta)
    padded = np.pad(x, padding)
    state: Frame = {"at": 0, "b": num(b), "db": ""}
    state |= {f"x{i}": num(value) for i, value in enumerate(padded)}
    state |= {f"w{j}": num(value) for j, value in enumerate(w)}
    state |= {f"dx{i}": "" for i in range(len(padded))} | {f"dw{j}": "" for j in range(k)}
    state |= {f"z{t}": "" for t in range(T)} | {f"d{t}": "" for t in range(T)}
    frames: list[Frame] = []

    def window(t: int, x_role: str, w_role: str, z_role: str) -> str:
        lit = [f"x{stride * t + j}:{x_role} w{j}:{w_role}" for j in range(k)]
        return " ".join([*lit, f"z{t}:{z_role}"])

    def show(head: str, rows: Sequence[Part], say: str, lit: str) -> None:
        frames.append(state | {"math": lines(head, *rows), "say": say, "lit": lit})

    for t in range(T):
        inside = padded[stride * t : stride * t + k]
        z = float(inside @ w + b)
        state |= {"at": stride * t, f"z{t}": num(z)}
        terms: list[Part] = [
            [val(v, "weight"), " · ", val(u, "activation")] for v, u in zip(w, inside, strict=True)
        ]
        names = [entry_of_x(stride * t + j, n, padding) for j in range(k)]
        say = f"Window {t} holds {', '.join(names)}. Weights times entries, plus the bias: "
        rows = [[f"{entry('z', t)} = ", joined([*terms, val(b)])], result(z, "activation")]
        show(f"Forward, window {t}", rows, f"{say}{num(z)}.", window(t, *ROLES["forward"]))
    state |= {f"d{t}": f"δ {num(value)}" for t, value in enumerate(delta)}
    say = "Delta comes from the layers behind: one number for each window."
    rows = [[f"δ = ({', '.join(map(num, delta))})"]]
    show("Back, the start", rows, say, " ".join(f"z{t}:delta" for t in range(T)))
    back, dw, db = np.zeros(len(padded)), np.zeros(k), 0.0
    met: set[int] = set()
    for t, d in enumerate(delta.tolist()):
        span = range(stride * t, stride * t + k)
        inside = padded[span.start : span.stop]
        before, back[span.start : span.stop] = back.copy(), back[span.start : span.stop] + d * w
        dw, db = dw + d * inside, db + d
        state |= {"at": stride * t, "db": num(db)}
        state |= {f"dx{i}": num(back[i]) for i in span} | {f"dw{j}": num(dw[j]) for j in range(k)}
        rows = []
        for j, i in enumerate(span):
            name = entry_of_x(i, n, padding)
            was = [num(before[i]), " + "] if i in met else []
            product = [val(d, "delta"), " · ", val(w[j], "weight")]
            rows.append([f"to {name}: ", was, product, " ", result(back[i], "delta")])
        rows.append(["to w: ", val(d, "delta"), f" · ({', '.join(map(num, inside))})"])
        again = [entry_of_x(i, n, padding) for i in span if i in met]
        again = [name for name in again if name != "a zero"]
        say = f"Window {t} hands its delta, {num(d)}, to its entries, each times its weight"
        say += f". {' and '.join(again)} got something before: it adds." if again else "."
        say += " Each weight gets delta times its entry, and adds, too."
        show(f"Back, window {t}", rows, say, window(t, *ROLES["back"]))
        met |= set(span)
    own = range(padding, padding + n)
    dx = ", ".join(num(back[i]) for i in own)
    rows = [
        [f"dC/dx = ({dx})"],
        [f"dC/dw = ({', '.join(map(num, dw))})"],
        ["dC/db ", result(db, "gradient")],
    ]
    say = "All windows have been added up."
    say += " What came back to the zeros of the padding is left out." if padding else ""
    lit = [*(f"x{i}:delta" for i in own), *(f"w{j}:gradient" for j in range(k))]
    show("The gradients", rows, say, " ".join(lit))
    return frames


ROLES = {
    "forward": ("activation", "weight", "activation"),
    "back": ("delta", "gradient", "delta"),
}
"""Way -> the colors of a window's entries, of its weights, and of its result."""


def box(at: float, row: str, name: str, inside: str, under: str, key: str) -> Node:
    """Draw an entry: a box with its value, its name above and what came back below."""
    y, look = ROWS[row], "pb-w pb-few" if row == "w" else "pb-in"
    shape = {"x": f"{at - BOX / 2:g}", "y": f"{y - 15:g}", "width": BOX, "height": 30, "rx": 6}
    return node(
        "g",
        node("rect", fill="none", stroke="currentColor", **shape),
        words(at, y + 4, data_t=f"{inside} 5 40", class_=look, lengthAdjust="spacingAndGlyphs"),
        words(at, y - 20, name, class_="pb-name"),
        words(at, y + 29, data_t=under, class_="pb-under"),
        class_="pb-node",
        data_k=key,
    )


def picture(n: int, k: int, T: int, stride: int, padding: int) -> Node:
    """Draw the padded signal, the kernel that moves below it, and a result below each window."""
    size = n + 2 * padding

    def at(i: float) -> float:
        return LEFT + CELL * i

    entries = []
    for i in range(size):
        own = 0 <= i - padding < n
        name = entry("x", i - padding) if own else "0"
        entries.append(box(at(i), "x", name, f"x{i}", f"dx{i}", f"x{i}"))
    weights = [box(at(j), "w", entry("w", j), f"w{j}", f"dw{j}", f"w{j}") for j in range(k)]
    kernel = node("g", *weights, data_at=f"at 0 {CELL}")
    middle = (k - 1) / 2
    results = [
        box(at(stride * t + middle), "z", entry("z", t), f"z{t}", f"d{t}", f"z{t}")
        for t in range(T)
    ]
    letters = [words(16, ROWS[row] + 4, row, class_="pb-name") for row in ROWS]
    alt = f"A signal of {size} boxes, a kernel of {k} below it, and {T} results below that"
    return svg(LEFT + CELL * size - 24, ROWS["z"] + 40, alt, *letters, *entries, kernel, *results)


def convolution_stepper(
    x: ArrayLike,
    w: ArrayLike,
    b: float = 0.0,
    *,
    delta: ArrayLike,
    stride: int = 1,
    padding: int = 0,
) -> Interactive:
    """Step through a convolution over one dimension, forward and back.

    Parameters
    ----------
    x : array of shape (n,)
        The signal; with its padding at most 12 numbers.
    w : array of shape (k,)
        The kernel, at most 5 numbers.
    b : float, optional
    delta : array of shape ((n + 2 padding - k) // stride + 1,)
        dC/dz, what comes from the layers behind.
    stride, padding : int, optional

    Returns
    -------
    Interactive

    Raises
    ------
    TypeError, ValueError
        No vectors of finite numbers, or of a length that does not fit.

    Examples
    --------
    >>> convolution_stepper([1.0, 2.0, 4.0], [-1.0, 1.0], delta=[1.0, 0.5])
    A convolution, forward and back: 6 steps
    """
    signal, kernel, given = vector(x, "x"), vector(w, "w"), vector(delta, "delta")
    (b,) = vector([b], "b").tolist()
    stride, padding = whole(stride, "stride", 1), whole(padding, "padding", 0)
    n, k, size = len(signal), len(kernel), len(signal) + 2 * padding
    if size > MOST_ENTRIES or k > MOST_WEIGHTS:
        raise ValueError(
            f"x has {size} numbers with its padding, and w {k}; a stepper draws each and takes at "
            f"most {MOST_ENTRIES} and {MOST_WEIGHTS}"
        )
    if k > size:
        raise ValueError(f"w has {k} numbers, and x with its padding {size}: no window fits")
    T = (size - k) // stride + 1
    if len(given) != T:
        raise ValueError(
            f"delta has {len(given)} numbers; there are {T} windows, give one for each"
        )
    frames = convolution_frames(signal, kernel, b, given, stride, padding)
    rows = [
        *((entry("x", i), place(f"x{i + padding}", "td"), place(f"dx{i + padding}", "td"))
          for i in range(n)),
        *((entry("w", j), place(f"w{j}", "td"), place(f"dw{j}", "td")) for j in range(k)),
        ("b", place("b", "td"), place("db", "td")),
        *((entry("z", t), place(f"z{t}", "td"), place(f"d{t}", "td")) for t in range(T)),
    ]  # fmt: skip
    return stepper(
        "convolution",
        "A convolution, forward and back",
        picture(n, k, T, stride, padding),
        [{**columns(frames), "n": len(frames)}],
        table=table(["entry", "value", "what came back"], rows),
        wide=size > 5,
        address=address(
            "convolution", x=signal, w=kernel, b=b, delta=given, stride=stride, padding=padding
        ),
    )
