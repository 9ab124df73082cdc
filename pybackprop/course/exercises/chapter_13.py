"""Exercises of chapter 13, recurrence."""

# mypy: allow-untyped-defs, allow-untyped-calls

from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def deltas_in_time(g, h, U):
    delta = np.zeros_like(h)
    later = np.zeros(h.shape[1])
    for t in reversed(range(len(h))):
        delta[t] = (g[t] + later @ U) * (1 - h[t] ** 2)
        later = delta[t]
    return delta


def deltas_by_pairs(g: Any, h: Any, U: Any) -> Any:
    """The same as a sum over the times of the loss: each g walks back on its own."""
    delta = np.zeros_like(h)
    for t in range(len(h)):
        back = g[t]
        for s in range(t, -1, -1):
            delta[s] += back * (1 - h[s] ** 2)
            back = (back * (1 - h[s] ** 2)) @ U
    return delta


def deltas_with(
    order: Any = lambda T: reversed(range(T)),
    carry: Any = lambda later, U: later @ U,
    keep: Any = lambda delta, g: delta,
    from_loss: Any = lambda g, t: g[t],
    slope: Any = lambda h, t: 1 - h[t] ** 2,
) -> Any:
    """Return a way back through time with one of its pieces exchanged."""

    def wrong(g: Any, h: Any, U: Any) -> Any:
        delta = np.zeros_like(h)
        later = np.zeros(h.shape[1])
        for t in order(len(h)):
            delta[t] = (from_loss(g, t) + carry(later, U)) * slope(h, t)
            later = keep(delta[t], g[t])
        return delta

    return wrong


def time_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    small = (
        np.array([[1.0, 0.0], [0.0, 2.0]]),
        np.array([[0.5, 0.0], [0.0, 0.5]]),
        np.array([[0.0, 1.0], [2.0, 0.0]]),
    )
    return [small] + [
        (rng.normal(size=(T, n)), np.tanh(rng.normal(size=(T, n))), rng.normal(size=(n, n)))
        for T, n in ((4, 3), (6, 2))
    ]


def gradients_in_time(delta, x, h, start):
    before = np.vstack([start, h[:-1]])
    return delta.T @ x, delta.T @ before, delta.sum(axis=0)


def gradients_by_loops(delta: Any, x: Any, h: Any, start: Any) -> Any:
    dW, dU, db = np.zeros((h.shape[1], x.shape[1])), np.zeros((h.shape[1],) * 2), 0.0
    before = start
    for t in range(len(h)):
        dW += np.outer(delta[t], x[t])
        dU += np.outer(delta[t], before)
        db = db + delta[t]
        before = h[t]
    return dW, dU, db


def gradients_with(
    before: Any = lambda h, start: np.vstack([start, h[:-1]]),
    times: Any = lambda T: range(T),
    product: Any = np.outer,
    over: Any = lambda T: 1,
) -> Any:
    """Return the sums over time with one of their pieces exchanged."""

    def wrong(delta: Any, x: Any, h: Any, start: Any) -> Any:
        seen, T = before(h, start), len(h)
        dW = sum(product(delta[t], x[t]) for t in times(T))
        dU = sum(product(delta[t], seen[t]) for t in times(T))
        return dW / over(T), dU / over(T), sum(delta[t] for t in times(T)) / over(T)

    return wrong


def sum_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    small = (
        np.array([[1.0, 0.0], [0.0, 2.0]]),
        np.array([[1.0], [3.0]]),
        np.array([[0.5, 0.0], [0.25, 1.0]]),
        np.array([1.0, -1.0]),
    )
    return [small] + [
        (*(rng.normal(size=(T, k)) for k in (n, d, n)), rng.normal(size=n))
        for T, d, n in ((4, 2, 3), (5, 4, 2))
    ]


def clip_together(grads, limit):
    length = np.sqrt(sum(np.sum(g**2) for g in grads))
    return [g * min(1, limit / length) for g in grads]


def clip_by_vector(grads: Any, limit: float) -> Any:
    length = np.linalg.norm(np.concatenate([np.ravel(g) for g in grads]))
    return [g if length <= limit else g / length * limit for g in grads]


def clip_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        ([np.array([3.0, 0.0]), np.array([[4.0]])], 1.0),
        ([np.array([0.3, 0.4]), np.array([[0.0]])], 1.0),
        ([rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=(3, 3))], 2.0),
        ([0.1 * rng.normal(size=(2, 2)), 3 * rng.normal(size=2)], 1.5),
    ]


def lengths(grads: Any) -> list[float]:
    return [float(np.linalg.norm(g)) for g in grads]


def whole(grads: Any) -> float:
    return float(np.linalg.norm(lengths(grads)))


def lstm_back(g, later, i, f, u, o, before, c):
    bent = np.tanh(c)
    to_c = later + g * o * (1 - bent**2)
    return (
        to_c * u * i * (1 - i),
        to_c * before * f * (1 - f),
        to_c * i * (1 - u**2),
        g * bent * o * (1 - o),
        to_c * f,
    )


def lstm_back_with(
    to_c: Any = lambda g, later, o, bent: later + g * o * (1 - bent**2),
    seen_by_f: Any = lambda before, c: before,
    slope_of_u: Any = lambda u: 1 - u**2,
    slope: Any = lambda gate: gate * (1 - gate),
    on: Any = lambda to_c, f, later: to_c * f,
    in_o: Any = lambda bent, c: bent,
) -> Any:
    """Return the way back through a cell with one of its pieces exchanged."""

    def wrong(
        g: Any, later: Any, i: Any, f: Any, u: Any, o: Any, before: Any, c: Any
    ) -> tuple[Any, ...]:
        bent = np.tanh(c)
        bar = to_c(g, later, o, bent)
        return (
            bar * u * slope(i),
            bar * seen_by_f(before, c) * slope(f),
            bar * i * slope_of_u(u),
            g * in_o(bent, c) * slope(o),
            on(bar, f, later),
        )

    return wrong


def lstm_by_chain(g: Any, later: Any, i: Any, f: Any, u: Any, o: Any, before: Any, c: Any) -> Any:
    to_c = later + g * o / np.cosh(c) ** 2
    to_gates = (to_c * u, to_c * before, to_c * i, g * np.tanh(c))
    slopes = (i - i**2, f - f**2, (1 - u) * (1 + u), o - o**2)
    return [*(bar * slope for bar, slope in zip(to_gates, slopes, strict=True)), f * to_c]


def cell_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    cases: list[tuple[Any, ...]] = []
    for n in (1, 2, 3):
        g, later, before = rng.normal(size=(3, n)).round(2)
        i, f, o = rng.uniform(0.1, 0.9, (3, n)).round(2)
        u = rng.uniform(-0.9, 0.9, n).round(2)
        cases.append((g, later, i, f, u, o, before, f * before + i * u))
    return cases


EXERCISES = [
    Numeric(
        id="13-two-steps",
        title="A weight that is used twice in a row",
        question=(
            "A recurrence without a bend: <var>h</var><sub>1</sub> = <var>u</var> "
            "<var>h</var><sub>0</sub> + <var>x</var><sub>1</sub> and <var>h</var><sub>2</sub> = "
            "<var>u</var> <var>h</var><sub>1</sub> + <var>x</var><sub>2</sub>, with "
            "<var>h</var><sub>0</sub> = {h0}, <var>x</var><sub>1</sub> = {x1}, "
            "<var>x</var><sub>2</sub> = {x2}, <var>u</var> = {u}. What is "
            "∂<var>h</var><sub>2</sub>/∂<var>u</var>?"
        ),
        draw=lambda rng: {
            "h0": between(rng, -2, 2, avoid=0.0),
            "x1": between(rng, -2, 2, avoid=0.0),
            "x2": between(rng, -2, 2, avoid=0.0),
            "u": between(rng, -2, 2, avoid=0.0),
        },
        answer=lambda h0, x1, x2, u: (u * h0 + x1) + u * h0,
        digits=2,
        mistakes=[
            Mistake(
                "last use only",
                lambda h0, x1, x2, u: u * h0 + x1,
                "that is h<sub>1</sub>, the share of the last use. u made h<sub>1</sub>, too.",
            ),
            Mistake(
                "first use only",
                lambda h0, x1, x2, u: u * h0,
                "that is the share of the first use, on its way through u. The last use adds "
                "h<sub>1</sub>.",
            ),
            Mistake(
                "not carried",
                lambda h0, x1, x2, u: u * h0 + x1 + h0,
                "on its way to h<sub>2</sub> the first share passes the weight u once more.",
            ),
            Mistake(
                "initial state ignored",
                lambda h0, x1, x2, u: x1,
                "you left out the initial state: the first use of u multiplied h<sub>0</sub>, and "
                "h<sub>1</sub> holds it, too.",
            ),
            Mistake(
                "mean for sum",
                lambda h0, x1, x2, u: (2 * u * h0 + x1) / 2,
                "that is the mean over the two uses. Uses add up.",
            ),
            Mistake(
                "value for slope",
                lambda h0, x1, x2, u: u * (u * h0 + x1) + x2,
                "that is h<sub>2</sub> itself; its derivative is asked for.",
            ),
        ],
        hints=[
            "u is used at both times. Each use has a share; add them.",
            "The last use multiplies h<sub>1</sub>. The first multiplies h<sub>0</sub>, and what "
            "it makes passes u once more.",
            "h<sub>1</sub> = {u} · {h0:p} + {x1:p}. Add {u} · {h0:p} to it.",
        ],
        solution=(
            "The last use gives h<sub>1</sub> = {h1}, the first one u h<sub>0</sub> = {first}; "
            "together <b>{answer}</b>."
        ),
        steps=lambda h0, x1, x2, u: {"h1": u * h0 + x1, "first": u * h0},
    ),
    Code(
        id="13-deltas_in_time",
        title="Delta walks back through time",
        question=(
            "One sequence of <var>T</var> times through <var>h<sub>t</sub></var> = "
            "tanh(<var>z<sub>t</sub></var>), <var>z<sub>t</sub></var> = <var>W x<sub>t</sub></var> "
            "+ <var>U h</var><sub><var>t</var>−1</sub> + <var>b</var>. Given are "
            "<code>g</code> of shape (T, n): what the loss hands to each state <em>directly</em>; "
            "the states <code>h</code> of shape (T, n); and <code>U</code>. Write "
            "<code>deltas_in_time(g, h, U)</code>: ∂<var>C</var>/∂<var>z<sub>t</sub></var> of all "
            "times, shape (T, n)."
        ),
        cases=time_cases,
        solution=deltas_in_time,
        alternatives=[deltas_by_pairs],
        made_of=deltas_with,
        mistakes=[
            Mistake(
                "carried delta forgotten",
                {"carry": lambda later, U: 0.0},
                "each time gets only what the loss hands to it directly. A state also makes the "
                "next state, and delta of that one comes back, too.",
            ),
            Mistake(
                "last time only",
                {"from_loss": lambda g, t: g[t] if t == len(g) - 1 else 0.0},
                "the loss comes in at the last time only. It hands g to every state: add it at "
                "each.",
            ),
            Mistake(
                "U not transposed",
                {"carry": lambda later, U: later @ U.T},
                "on the way back the matrix is turned round: forward U h, back U<sup>T</sup> δ, "
                "as a row δ U.",
            ),
            Mistake(
                "slope of the time before",
                {"slope": lambda h, t: 1 - (h[t - 1] if t else 0.0 * h[t]) ** 2},
                "the slope is that of another time: δ of time t takes the slope at z of time t, "
                "which h of the same time tells.",
            ),
            Mistake(
                "slope of the time after",
                {"slope": lambda h, t: 1 - h[min(t + 1, len(h) - 1)] ** 2},
                "the slope is that of the time after. δ of time t takes the slope of its own time.",
            ),
            Mistake(
                "no slope",
                {"slope": lambda h, t: 1.0},
                "that is ∂C/∂h of each time; δ is ∂C/∂z, on the other side of tanh.",
            ),
            Mistake(
                "g carried for delta",
                {"keep": lambda delta, g: g},
                "what walks back from a time is its delta, not its g: with the slope, and with "
                "what had come from later still.",
            ),
            Mistake(
                "forward order",
                {"order": lambda T: range(T)},
                "you walked from the first time to the last. A time needs the delta of the time "
                "after it: start from the end.",
            ),
        ],
        hints=[
            "Start at the last time. After it nothing comes.",
            "To h of time t come two things: g[t], and delta of the next time through U.",
            "delta[t] = (g[t] + delta[t + 1] @ U) * (1 - h[t] ** 2).",
        ],
        reason="It is BP2 with one more way: the loss of its own time, and the time after it.",
    ),
    Code(
        id="13-gradients_in_time",
        title="The sums over time",
        question=(
            "The deltas of one sequence are known, <code>delta</code> of shape (T, n), with the "
            "inputs <code>x</code> (T, d), the states <code>h</code> (T, n) and the state before "
            "the first time, <code>start</code> (n,). Write <code>gradients_in_time(delta, x, h, "
            "start)</code>: the gradients of <var>W</var>, <var>U</var> and <var>b</var>."
        ),
        cases=sum_cases,
        solution=gradients_in_time,
        alternatives=[gradients_by_loops],
        made_of=gradients_with,
        mistakes=[
            Mistake(
                "last time only",
                {"times": lambda T: [T - 1]},
                "that is the share of the last time. The same weights were used at each time: add "
                "over all of them.",
            ),
            Mistake(
                "first time only",
                {"times": lambda T: [0]},
                "only the first time's share is left: = in place of += as you walk back.",
            ),
            Mistake(
                "mean for sum",
                {"over": lambda T: T},
                "you took the mean over the times. A time is a use, and uses add.",
            ),
            Mistake(
                "own state for the one before",
                {"before": lambda h, start: h},
                "U multiplied the state of the time <em>before</em>: pair each delta with that.",
            ),
            Mistake(
                "initial state ignored",
                {"before": lambda h, start: np.vstack([0 * start, h[:-1]])},
                "at the first time U multiplied the initial state, which is not 0 here.",
            ),
            Mistake(
                "turned round",
                {"product": lambda delta, value: np.outer(value, delta)},
                "the outer products are turned round: a gradient has the shape of its matrix, "
                "delta down, what came in across.",
            ),
        ],
        hints=[
            "At one time it is BP4 and BP3: delta times what the weight multiplied.",
            "W multiplied x of the same time, U the state of the time before; at the first time "
            "that is start.",
            "delta.T @ x sums over the times by itself.",
        ],
        reason="BP4 and BP3 at each time, added up; the product of matrices does the sum.",
    ),
    Choice(
        id="13-norm-above-one",
        title="What does the norm decide?",
        question=(
            "A plain recurrence with tanh. The largest stretch of <var>U</var>, its norm "
            "‖<var>U</var>‖, is 1.3. What follows for what comes back over 100 steps?"
        ),
        right=Option(
            "nothing for certain",
            "RT5 is a bound from above. With a norm below 1 it proves that delta vanishes; above "
            "1 it leaves all open: slopes below 1, and directions that shrink, can make it vanish "
            "all the same.",
        ),
        wrong=[
            Option(
                "it explodes",
                "1.3<sup>100</sup> is only what it can be at most. A slope of tanh below 1 at "
                "every step, or a direction that U shrinks, is enough for less.",
            ),
            Option(
                "it vanishes",
                "near z = 0 the slopes are 1. Then a direction that U stretches each time grows.",
            ),
            Option(
                "its length stays about the same",
                "a hundred factors that are all near 1 would do that. One number above 1 does "
                "not say that they are.",
            ),
            Option(
                "it explodes if the sequence is long enough",
                "the bound grows with the length. What it bounds need not.",
            ),
        ],
        hints=[
            "Is RT5 an equation?",
            "What are the slopes, if the units are saturated?",
            "A bound that is large allows much and forces nothing.",
        ],
    ),
    Choice(
        id="13-truncation",
        title="What a cut forgets",
        question=(
            "A text of 1,000 letters is cut into pieces of 20. The state goes on from piece to "
            "piece, delta stops at the cuts. Letter 15 of a piece depends on what stood 50 letters "
            "before. What can training do?"
        ),
        right=Option(
            "the state may bring it there, but no gradient teaches the network to keep it",
            "forward nothing is cut. But of all pairs of a use and a loss, only those within a "
            "piece have their share, and this pair is 50 apart.",
        ),
        wrong=[
            Option(
                "learn it, only more slowly",
                "the share of this pair is missing in every step, not made smaller.",
            ),
            Option(
                "learn it, since the state is handed on",
                "the state is handed on. What would have to be kept in it, only the gradient over "
                "50 steps could tell.",
            ),
            Option(
                "not even use it: the state begins at 0 in each piece",
                "here it is handed on; only delta stops.",
            ),
            Option(
                "learn it, if the learning rate is larger",
                "a rate multiplies what is there. This share is not.",
            ),
            Option(
                "learn it from the pieces where the two letters stand together",
                "50 letters apart, they never stand in one piece of 20.",
            ),
        ],
        hints=[
            "What is cut: the way forward, or the way back?",
            "Which pairs (s, t) of RT6 are left?",
            "What does a weight of time s learn of a loss 50 steps later?",
        ],
    ),
    Code(
        id="13-clip_together",
        title="Clipping all gradients together",
        question=(
            "Write <code>clip_together(grads, limit)</code>: <code>grads</code> is a list of "
            "arrays of any shape, the gradients of <var>W</var>, <var>U</var>, <var>b</var>. Taken "
            "as <em>one</em> long vector they have a norm. If it is above the limit, shorten them "
            "all alike, so that the norm is the limit. Return a list."
        ),
        cases=clip_cases,
        solution=clip_together,
        alternatives=[clip_by_vector],
        mistakes=[
            Mistake(
                "each entry",
                lambda grads, limit: [np.clip(g, -limit, limit) for g in grads],
                "each entry is clipped for itself. That turns the gradient: long entries become "
                "short, short ones stay. Divide all by the same number.",
            ),
            Mistake(
                "each array",
                lambda grads, limit: [
                    g * min(1, limit / max(np.linalg.norm(g), 1e-30)) for g in grads
                ],
                "each array is clipped by a norm of its own. That turns the whole gradient: one "
                "norm for all of them.",
            ),
            Mistake(
                "always",
                lambda grads, limit: [g * limit / whole(grads) for g in grads],
                "short gradients are made longer. What is below the limit stays as it is.",
            ),
            Mistake(
                "norms added",
                lambda grads, limit: [g * min(1, limit / sum(lengths(grads))) for g in grads],
                "you added the norms of the arrays. The norm of the whole is the root of the sum "
                "of all squares.",
            ),
            Mistake(
                "no root",
                lambda grads, limit: [g * min(1, limit / whole(grads) ** 2) for g in grads],
                "that divides by the sum of the squares; its root is the norm.",
            ),
            Mistake(
                "largest norm",
                lambda grads, limit: [g * min(1, limit / max(lengths(grads))) for g in grads],
                "you took the longest array's norm for that of the whole.",
            ),
            Mistake(
                "largest entry",
                lambda grads, limit: [
                    g * min(1, limit / max(float(np.abs(one).max()) for one in grads))
                    for g in grads
                ],
                "you took the largest entry for the norm. The norm is the root of the sum of all "
                "squares.",
            ),
        ],
        hints=[
            "First one number: the norm of everything.",
            "np.sqrt of the sum over the arrays of np.sum(g ** 2).",
            "Multiply each array by min(1, limit / norm).",
        ],
        reason="One factor for all: the direction stays, the length is at most the limit.",
    ),
    Numeric(
        id="13-through-gates",
        title="What a gate lets through",
        question=(
            "On the direct way, what comes back to a memory is multiplied by the forget gate once "
            "a step. The gate stands at {gate}. What share is left after {k} steps?"
        ),
        draw=lambda rng: {
            "gate": round(float(rng.uniform(0.7, 0.97)), 2),
            "k": int(rng.integers(4, 12)),
        },
        answer=lambda gate, k: gate**k,
        digits=3,
        mistakes=[
            Mistake(
                "times for power",
                lambda gate, k: gate / k,
                "the gate multiplies once per step: a power, not a division.",
            ),
            Mistake(
                "with its slope",
                lambda gate, k: (gate * (1 - gate)) ** k,
                "the gate's own slope is for what goes <em>into</em> the gate. The memory is "
                "multiplied by the gate's value.",
            ),
            Mistake(
                "what is forgotten",
                lambda gate, k: 1 - gate**k,
                "that is the share that is lost.",
            ),
            Mistake(
                "one step more",
                lambda gate, k: gate ** (k + 1),
                "that is one step too many: one factor a step.",
            ),
            Mistake(
                "one step less",
                lambda gate, k: gate ** (k - 1),
                "that is one step too few: one factor a step.",
            ),
            Mistake(
                "added losses",
                lambda gate, k: 1 - k * (1 - gate),
                "the losses do not add: each step takes its share of what is left.",
            ),
        ],
        hints=[
            "One factor a step.",
            "The factor is the gate itself.",
            "{gate}, {k} times.",
        ],
        solution="{gate} to the power of {k} is <b>{answer}</b>.",
    ),
    Code(
        id="13-lstm_back",
        title="The way back through an LSTM cell",
        question=(
            "A cell makes <var>c</var> = <var>f</var> <var>c</var><sub>before</sub> + <var>i</var> "
            "<var>u</var> and <var>h</var> = <var>o</var> tanh(<var>c</var>); the gates "
            "<var>i</var>, <var>f</var>, <var>o</var> are sigmoids of their sums, <var>u</var> is "
            "the tanh of its sum. Given <code>g</code> = ∂<var>C</var>/∂<var>h</var> and "
            "<code>later</code>, what comes to <var>c</var> from the next time, write "
            "<code>lstm_back(g, later, i, f, u, o, before, c)</code>. It returns five arrays: "
            "delta of the sums of <var>i</var>, <var>f</var>, <var>u</var>, <var>o</var>, and what "
            "goes on to <var>c</var><sub>before</sub>. All arrays have shape (n,), and "
            "<code>before</code> is <var>c</var><sub>before</sub>."
        ),
        cases=cell_cases,
        solution=lstm_back,
        alternatives=[lstm_by_chain],
        made_of=lstm_back_with,
        mistakes=[
            Mistake(
                "later forgotten",
                {"to_c": lambda g, later, o, bent: g * o * (1 - bent**2)},
                "the memory is used twice: it makes h, and it makes the next memory. What comes "
                "from later is missing.",
            ),
            Mistake(
                "later only",
                {"to_c": lambda g, later, o, bent: later},
                "the memory is used twice: it makes the next memory, and it makes h. What comes "
                "by way of h is missing.",
            ),
            Mistake(
                "no slope of tanh(c)",
                {"to_c": lambda g, later, o, bent: later + g * o},
                "between c and h stands a tanh: its slope is missing on the way from h to c.",
            ),
            Mistake(
                "new memory at the forget gate",
                {"seen_by_f": lambda before, c: c},
                "the forget gate multiplied the memory <em>before</em> this step.",
            ),
            Mistake(
                "candidate as a sigmoid",
                {"slope_of_u": lambda u: u * (1 - u)},
                "the candidate u is a tanh, not a sigmoid: look at its slope.",
            ),
            Mistake(
                "no slopes of the gates",
                {"slope": lambda gate: 1.0},
                "that is what comes to the gates i, f, o; delta is on the other side of their "
                "sigmoids.",
            ),
            Mistake(
                "later handed on alone",
                {"on": lambda to_c, f, later: later * f},
                "to the memory before goes f times <em>all</em> that came to c, also by way of h.",
            ),
            Mistake(
                "gate not applied",
                {"on": lambda to_c, f, later: to_c},
                "the memory before was multiplied by f on the way forward, and so it is on the way "
                "back.",
            ),
            Mistake(
                "no tanh at the output gate",
                {"in_o": lambda bent, c: c},
                "the output gate multiplied tanh(c), not c.",
            ),
        ],
        hints=[
            "First what comes to c: from later, and from h through o and the slope of tanh.",
            "c is a sum of two products: in a product each gets the other one.",
            "Then the slopes: i (1 − i), f (1 − f), 1 − u², o (1 − o).",
        ],
        reason="Two uses of c add; products hand over the other factor; then each bend's slope.",
    ),
]
