"""Exercises of chapter 12, convolution and pooling."""

# mypy: allow-untyped-defs, allow-untyped-calls

from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option


def slide_kernel(x, w, b, stride, padding):
    x = np.pad(x, padding)
    starts = range(0, len(x) - len(w) + 1, stride)
    return np.array([x[i : i + len(w)] @ w + b for i in starts])


def slide_with(
    pad: Any = np.pad,
    kernel: Any = lambda w: w,
    step: Any = lambda stride: stride,
    bias: Any = lambda b, w: b,
    end: Any = 1,
) -> Any:
    """Return slide_kernel with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
        x, w = pad(x, padding), kernel(w)
        starts = range(0, len(x) - len(w) + end, step(stride))
        return np.array([x[i : i + len(w)] @ w + bias(b, w) for i in starts])

    return wrong


def slide_by_loops(x: Any, w: Any, b: Any, stride: int, padding: int) -> Any:
    z = []
    for t in range((len(x) + 2 * padding - len(w)) // stride + 1):
        total = b
        for k in range(len(w)):
            i = stride * t + k - padding
            total += w[k] * x[i] if 0 <= i < len(x) else 0.0
        z.append(total)
    return z


def signal_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Signal, kernel, bias, stride, padding; the last window often ends before the signal."""
    return [
        (np.array([1.0, 2.0, 4.0, 8.0]), np.array([1.0, -1.0]), 0.5, 1, 0),
        (rng.normal(size=5), rng.normal(size=3), 0.3, 1, 1),
        (rng.normal(size=7), rng.normal(size=3), -0.2, 2, 1),
        (rng.normal(size=8), rng.normal(size=3), 1.1, 2, 0),
        (rng.normal(size=6), rng.normal(size=2), 0.7, 3, 2),
    ]


def slide_pullback(delta, x, w, stride, padding):
    padded = np.pad(x, padding)
    back, dw = np.zeros(len(padded)), np.zeros(len(w))
    for t in range(len(delta)):
        window = slice(stride * t, stride * t + len(w))
        back[window] += delta[t] * w
        dw += delta[t] * padded[window]
    return back[padding : padding + len(x)], dw, delta.sum()


def pullback_with(
    step: Any = lambda stride: stride,
    kernel: Any = lambda w: w,
    add: Any = lambda old, new: old + new,
    more: Any = lambda old, new: old + new,
    cut: Any = lambda back, n, padding: back[padding : padding + n],
    total: Any = np.sum,
) -> Any:
    """Return slide_pullback with one of its pieces exchanged."""

    def wrong(delta: Any, x: Any, w: Any, stride: int, padding: int) -> Any:
        padded = np.pad(x, padding)
        back, dw = np.zeros(len(padded)), np.zeros(len(w))
        for t, d in enumerate(delta):
            window = slice(step(stride) * t, step(stride) * t + len(w))
            back[window] = add(back[window], d * kernel(w))
            dw = more(dw, d * padded[window])
        return cut(back, len(x), padding), dw, total(delta)

    return wrong


def pullback_by_matrix(delta: Any, x: Any, w: Any, stride: int, padding: int) -> Any:
    M = np.zeros((len(delta), len(x) + 2 * padding))
    for t in range(len(delta)):
        M[t, stride * t : stride * t + len(w)] = w
    back, padded = M.T @ delta, np.pad(x, padding)
    dw = [delta @ padded[k : k + stride * (len(delta) - 1) + 1 : stride] for k in range(len(w))]
    return back[padding : len(back) - padding], dw, sum(delta)


def back_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    cases = signal_cases(rng)
    return [(rng.normal(size=len(slide_kernel(*case))), *case[:2], *case[3:]) for case in cases]


def delta_back(delta, w):
    k = len(w)
    padded = np.pad(delta, k - 1)
    flipped = w[::-1]
    return np.array([padded[i : i + k] @ flipped for i in range(len(padded) - k + 1)])


def correlated(delta: Any, w: Any, padding: int) -> Any:
    """Delta with zeros at both ends, correlated with w."""
    padded = np.pad(delta, padding)
    return np.array([padded[i : i + len(w)] @ w for i in range(len(padded) - len(w) + 1)])


def delta_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([1.0, 0.0, 0.0, 0.0]), np.array([1.0, 2.0, 3.0])),
        (rng.normal(size=5), rng.normal(size=2)),
        (rng.normal(size=6), rng.normal(size=4)),
    ]


def kernel_gradients(delta, x, k):
    m, o, T = delta.shape
    dW = np.zeros((o, x.shape[1], k))
    for j in range(k):
        dW[:, :, j] = np.einsum("mot,mct->oc", delta, x[:, :, j : j + T])
    return dW, delta.sum(axis=(0, 2))


def kernel_by_windows(delta: Any, x: Any, k: int) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(x, k, axis=2)
    return np.tensordot(delta, windows, axes=([0, 2], [0, 2])), [
        d.sum() for d in delta.swapaxes(0, 1)
    ]


def channel_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """m, o, c, T and k all differ, so that a wrong order of axes has a wrong shape."""
    return [
        (rng.normal(size=(1, 1, 2)), rng.normal(size=(1, 2, 4)), 3),
        (rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 5, 5)), 2),
        (rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 3, 6)), 4),
    ]


def switch_back(g, x, k, stride):
    back = np.zeros(len(x))
    for t in range(len(g)):
        window = x[stride * t : stride * t + k]
        back[stride * t + window.argmax()] += g[t]
    return back


def switch_with(
    share: Any = lambda window, g: g * (np.arange(len(window)) == window.argmax()),
    add: Any = lambda old, new: old + new,
    step: Any = lambda stride, k: stride,
    place: Any = lambda start: start,
) -> Any:
    """Return switch_back with one of its pieces exchanged; share: what each entry gets."""

    def wrong(g: Any, x: Any, k: int, stride: int) -> Any:
        back = np.zeros(len(x))
        for t, got in enumerate(g):
            start = step(stride, k) * t
            part = share(x[start : start + k], got)
            for j in np.flatnonzero(part):
                i = place(start) + j
                back[i] = add(back[i], part[j])
        return back

    return wrong


def last_of(window: Any, g: Any) -> Any:
    return g * (np.arange(len(window)) == len(window) - 1 - window[::-1].argmax())


def pool_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """With ties, and with windows that overlap so that one entry wins twice."""
    return [
        (np.array([1.0, 10.0]), np.array([3.0, 3.0, 0.0, 5.0]), 2, 2),
        (np.array([1.0, 2.0, 4.0]), np.array([1.0, 4.0, 2.0, 0.0, 3.0]), 3, 1),
        (rng.normal(size=3), np.array([2.0, 0.0, 2.0, 1.0, 1.0, 0.0, 4.0]), 3, 2),
        (rng.normal(size=4), rng.normal(size=8), 2, 2),
    ]


EXERCISES = [
    Code(
        id="12-slide_kernel",
        title="A kernel slides along a signal",
        question=(
            "Write <code>slide_kernel(x, w, b, stride, padding)</code> for a signal "
            "<var>x</var> and a "
            "kernel <var>w</var>: put <code>padding</code> zeros at both ends, and return "
            "<var>z</var>, one number for each window: its entries times <var>w</var>, summed, "
            "plus <var>b</var>. The first window stands at the start of the padded signal, the "
            "next one <code>stride</code> entries on, as long as a whole window fits."
        ),
        cases=signal_cases,
        solution=slide_kernel,
        alternatives=[slide_by_loops],
        made_of=slide_with,
        mistakes=[
            Mistake(
                "kernel flipped",
                {"kernel": lambda w: w[::-1]},
                "the kernel runs backwards. That is a mathematician's convolution; here the first "
                "weight meets the first entry of the window.",
            ),
            Mistake(
                "padding forgotten",
                {"pad": lambda x, p: x},
                "the zeros at the ends are missing.",
            ),
            Mistake(
                "padded at one end",
                {"pad": lambda x, p: np.pad(x, (p, 0))},
                "the zeros stand in front only; they go to both ends.",
            ),
            Mistake(
                "stride ignored",
                {"step": lambda stride: 1},
                "the windows move on by one entry, whatever the stride.",
            ),
            Mistake(
                "bias forgotten",
                {"bias": lambda b, w: 0.0},
                "the bias is missing.",
            ),
            Mistake(
                "bias for each entry",
                {"bias": lambda b, w: len(w) * b},
                "the bias comes once for each weight. It is added once for each window.",
            ),
            Mistake(
                "last window missing",
                {"end": 0},
                "a window that ends just at the end of the signal still fits.",
            ),
        ],
        hints=[
            "np.pad(x, padding) puts the zeros.",
            "Windows start at 0, stride, 2 stride, ..., and the last must still fit.",
            "x[i : i + len(w)] @ w + b for each start i.",
        ],
        reason="A unit's weighted sum, of one window after the other, with the same weights.",
    ),
    Numeric(
        id="12-places",
        title="How many windows?",
        question=(
            "A signal of {n} numbers, a kernel of {k}, stride {s}, and padding {p} at each end. "
            "How many numbers does the convolution return?"
        ),
        draw=lambda rng: {
            "n": int(rng.integers(20, 40)),
            "k": int(rng.integers(4, 8)),
            "s": int(rng.integers(2, 4)),
            "p": int(rng.integers(2, 4)),
        },
        answer=lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        mistakes=[
            Mistake(
                "padding forgotten",
                lambda n, k, s, p: (n - k) // s + 1,
                "that is without padding.",
            ),
            Mistake(
                "padding once",
                lambda n, k, s, p: (n + p - k) // s + 1,
                "the padding is added at both ends.",
            ),
            Mistake(
                "stride ignored",
                lambda n, k, s, p: n + 2 * p - k + 1,
                "that is with stride 1.",
            ),
            Mistake(
                "no + 1",
                lambda n, k, s, p: (n + 2 * p - k) // s,
                "you counted the steps. There is one window more: the first, before any step.",
            ),
            Mistake(
                "kernel ignored",
                lambda n, k, s, p: (n + 2 * p) // s + 1,
                "the last window has to fit in whole: its start is a kernel's length before the "
                "end.",
            ),
        ],
        hints=[
            "How long is the padded signal?",
            "How far can a window start from the first? How many strides fit in there?",
            "({n} + 2 · {p} − {k}) / {s}, rounded down, and 1 more.",
        ],
        solution="({n} + 2 · {p} − {k}) / {s}, rounded down, + 1 = <b>{answer}</b>.",
    ),
    Code(
        id="12-slide_pullback",
        title="The way back of a convolution",
        question=(
            "<var>z</var> = slide_kernel(<var>x</var>, <var>w</var>, <var>b</var>, stride, "
            "padding), and "
            "delta = ∂<var>C</var>/∂<var>z</var>, one number for each window. Write "
            "<code>slide_pullback(delta, x, w, stride, padding)</code>: the three of "
            "∂<var>C</var>/∂<var>x</var>, ∂<var>C</var>/∂<var>w</var>, "
            "∂<var>C</var>/∂<var>b</var>."
        ),
        cases=back_cases,
        solution=slide_pullback,
        alternatives=[pullback_by_matrix],
        made_of=pullback_with,
        mistakes=[
            Mistake(
                "= for += at overlaps",
                {"add": lambda old, new: new},
                "where windows overlap, the last one overwrites what came before. An entry that "
                "stands in several windows was used several times: +=.",
            ),
            Mistake(
                "kernel turned round",
                {"kernel": lambda w: w[::-1]},
                "what comes back to a window is turned round: its first entry was multiplied by "
                "the first weight, so the first weight brings it back.",
            ),
            Mistake(
                "stride ignored",
                {"step": lambda stride: 1},
                "the windows of the way back move on by 1. They stand where those of the way "
                "forward stood.",
            ),
            Mistake(
                "padding not cut off",
                {"cut": lambda back, n, padding: back},
                "the first of the three has the length of the padded signal. The zeros were no "
                "inputs: cut off what came back to them.",
            ),
            Mistake(
                "cut at the wrong end",
                {"cut": lambda back, n, padding: back[:n]},
                "the length is right, and all is shifted: x begins behind the zeros in front.",
            ),
            Mistake(
                "last window only",
                {"more": lambda old, new: new},
                "the weights were used in every window; you kept what the last one hands back.",
            ),
            Mistake(
                "mean for b",
                {"total": np.mean},
                "that is the mean of delta. The bias was added to every window, and uses add up.",
            ),
        ],
        hints=[
            "Go through the windows once more, as forward. Window t hands delta[t] on.",
            "Each of its entries gets delta[t] times its weight, each weight delta[t] times its "
            "entry.",
            "Add up in the padded signal (+=), and cut the padding off at the end.",
        ],
        reason="An entry gets something from each window it stood in, a weight from every window.",
    ),
    Code(
        id="12-delta_back",
        title="Delta, padded and flipped",
        question=(
            "Stride 1, no padding. Write <code>delta_back(delta, w)</code>: ∂<var>C</var>/∂"
            "<var>x</var> from delta = ∂<var>C</var>/∂<var>z</var>, as a correlation of delta "
            "itself: with the kernel flipped, and with as many zeros at each end as it takes."
        ),
        cases=delta_cases,
        solution=delta_back,
        alternatives=[
            lambda delta, w: np.convolve(delta, w),
            lambda delta, w: slide_pullback(delta, np.zeros(len(delta) + len(w) - 1), w, 1, 0)[0],
        ],
        mistakes=[
            Mistake(
                "kernel not flipped",
                lambda delta, w: correlated(delta, w, len(w) - 1),
                "the right length, and the kernel is not flipped. Look at the first entry of x: "
                "which weight did it meet in the first window?",
            ),
            Mistake(
                "no zeros",
                lambda delta, w: correlated(delta, w[::-1], 0),
                "this is shorter than delta; the gradient has the length of x, which is longer: "
                "delta needs zeros at its ends.",
            ),
            Mistake(
                "one zero too many",
                lambda delta, w: correlated(delta, w[::-1], len(w)),
                "that is longer than x. The first window of the way back has to reach one entry "
                "of delta.",
            ),
            Mistake(
                "delta flipped",
                lambda delta, w: correlated(delta[::-1], w, len(w) - 1),
                "you flipped delta in place of the kernel: the result runs backwards.",
            ),
            Mistake(
                "both flipped",
                lambda delta, w: correlated(delta[::-1], w[::-1], len(w) - 1),
                "you flipped delta and the kernel. Only the kernel is flipped.",
            ),
        ],
        hints=[
            "x is longer than delta by len(w) − 1.",
            "The first entry of x stood in the first window only, and met w[0].",
            "len(w) − 1 zeros at each end of delta; then its windows times the flipped kernel.",
        ],
        reason=(
            "Entry i met weight j in window i − j: as i stays and j grows, the window goes back. "
            "That is <code>np.convolve(delta, w)</code>, which flips by itself."
        ),
    ),
    Choice(
        id="12-in-how-many-windows",
        title="In how many windows?",
        question=(
            "A long signal, a kernel of 3, stride 2, no padding. Far from the ends, go from one "
            "entry to the next: from how many windows does delta come back to each?"
        ),
        right=Option(
            "from 1 and from 2, by turns",
            "windows start at 0, 2, 4, ...: entry 4 stands in those from 2 and from 4, entry 5 in "
            "the one from 4 alone.",
        ),
        wrong=[
            Option("from 3", "that is with stride 1: the kernel passes over it entry by entry."),
            Option("from 2", "true for every other entry. Write the windows down: 0 1 2, 2 3 4."),
            Option("from 1", "that is where windows do not overlap, with a stride of 3."),
        ],
        hints=[
            "Write down which entries the first three windows hold.",
            "0 1 2, then 2 3 4, then 4 5 6.",
            "Count how often 3 stands there, and how often 4.",
        ],
    ),
    Code(
        id="12-kernel_gradients",
        title="Kernels with channels, and a batch",
        question=(
            "<var>x</var> has shape (m, c, n), <var>W</var> (o, c, k), and with stride 1 and no "
            "padding <code>z[i, o, t] = sum of W[o, c, j] x[i, c, t + j] over c and j, + b[o]"
            "</code>. Write <code>kernel_gradients(delta, x, k)</code>: the pair "
            "∂<var>C</var>/∂<var>W</var>, ∂<var>C</var>/∂<var>b</var>."
        ),
        cases=channel_cases,
        solution=kernel_gradients,
        alternatives=[kernel_by_windows],
        mistakes=[
            Mistake(
                "channels swapped",
                lambda delta, x, k: (
                    kernel_gradients(delta, x, k)[0].swapaxes(0, 1),
                    delta.sum(axis=(0, 2)),
                ),
                "the channels of W are swapped: the channels out come first, as in W.",
            ),
            Mistake(
                "kernel turned round",
                lambda delta, x, k: (
                    kernel_gradients(delta, x, k)[0][:, :, ::-1],
                    delta.sum(axis=(0, 2)),
                ),
                "the gradient of W runs backwards. Weight j met x[t + j].",
            ),
            Mistake(
                "bias over examples only",
                lambda delta, x, k: (kernel_gradients(delta, x, k)[0], delta.sum(axis=0)),
                "the bias is summed over the examples, and not over the places: it was added at "
                "every place of every example.",
            ),
            Mistake(
                "bias over all",
                lambda delta, x, k: (kernel_gradients(delta, x, k)[0], delta.sum()),
                "one number for all channels: each channel has a bias of its own.",
            ),
            Mistake(
                "bias over the wrong axes",
                lambda delta, x, k: (kernel_gradients(delta, x, k)[0], delta.sum(axis=(1, 2))),
                "the bias is summed over channels and places; what is left is one number for each "
                "example. It belongs to the channels.",
            ),
            Mistake(
                "first example only",
                lambda delta, x, k: kernel_gradients(delta[:1], x[:1], k),
                "that is the first example alone. All use the same kernels, and uses add.",
            ),
            Mistake(
                "mean over places",
                lambda delta, x, k: tuple(
                    g / delta.shape[2] for g in kernel_gradients(delta, x, k)
                ),
                "you took the mean over the places. The mean belongs to the loss; here uses add.",
            ),
        ],
        hints=[
            "Which entries of x did weight j meet? x[:, :, j : j + T], where T places there are.",
            "Sum delta times that over examples and places; o and c stay.",
            'np.einsum("mot,mct->oc", delta, x[:, :, j : j + T]) for each j; b: axes 0 and 2.',
        ],
        reason="Same weights at each place of each example: all of these uses add up.",
    ),
    Numeric(
        id="12-parameters",
        title="How many parameters has the layer?",
        question=(
            "A convolution turns images of {c} channels and {n} × {n} pixels into {o} channels, "
            "with kernels of {k} × {k}, padded so that the size stays. How many parameters does "
            "it have, biases included?"
        ),
        draw=lambda rng: {
            "c": int(rng.integers(2, 9)),
            "o": int(rng.integers(10, 33)),
            "k": int(rng.choice([3, 5])),
            "n": int(rng.integers(8, 33)),
        },
        answer=lambda c, o, k, n: o * c * k * k + o,
        mistakes=[
            Mistake(
                "no biases",
                lambda c, o, k, n: o * c * k * k,
                "the biases are missing: one for each channel out.",
            ),
            Mistake(
                "one channel in",
                lambda c, o, k, n: o * k * k + o,
                "a kernel reaches over all channels of its input.",
            ),
            Mistake(
                "kernel not squared",
                lambda c, o, k, n: o * c * k + o,
                "a kernel is as high as it is wide.",
            ),
            Mistake(
                "bias for each pair of channels",
                lambda c, o, k, n: o * c * (k * k + 1),
                "you gave a kernel a bias for each channel that it reads. It adds all of them "
                "up, and then one bias.",
            ),
            Mistake(
                "bias for each pixel",
                lambda c, o, k, n: o * c * k * k + o * n * n,
                "you gave each pixel a bias of its own. It is the same at all places.",
            ),
            Mistake(
                "dense",
                lambda c, o, k, n: (c * n * n + 1) * o * n * n,
                "that is a dense layer between the two. Here the weights are the same at all "
                "places, so the size of the image does not matter.",
            ),
        ],
        hints=[
            "How many numbers has one kernel? It sees all channels of a window.",
            "One such kernel for each channel out, and a bias.",
            "{o} · ({c} · {k} · {k} + 1).",
        ],
        solution="{o} kernels of {c} · {k} · {k} numbers, and {o} biases: <b>{answer}</b>.",
    ),
    Code(
        id="12-switch_back",
        title="The way back of max pooling",
        question=(
            "Max pooling takes the largest of each window of <var>k</var> entries; windows start "
            "<code>stride</code> apart. Write <code>switch_back(g, x, k, stride)</code>: "
            "∂<var>C</var>/∂<var>x</var>, where <var>g</var> holds one number for each window. "
            "Where two entries are equally large, the first one counts."
        ),
        cases=pool_cases,
        solution=switch_back,
        alternatives=[
            lambda g, x, k, stride: sum(
                g[t] * np.eye(len(x))[max(range(stride * t, stride * t + k), key=lambda i: x[i])]
                for t in range(len(g))
            )
        ],
        made_of=switch_with,
        mistakes=[
            Mistake(
                "to all entries",
                {"share": lambda window, g: np.full(len(window), g)},
                "every entry of the window got g. If a smaller one grows by a little, the largest "
                "does not change.",
            ),
            Mistake(
                "equal parts",
                {"share": lambda window, g: np.full(len(window), g / len(window))},
                "that is the way back of average pooling.",
            ),
            Mistake(
                "ties twice",
                {"share": lambda window, g: g * (window == window.max())},
                "where two are equally large, both got all of g. Together that is twice what came "
                "back.",
            ),
            Mistake(
                "ties shared",
                {
                    "share": lambda window, g: (
                        g * (window == window.max()) / (window == window.max()).sum()
                    )
                },
                "where two are equally large, they share g. That is a fair answer at a kink, and "
                "not the one asked for: the first gets all.",
            ),
            Mistake(
                "last of the ties",
                {"share": last_of},
                "where two are equally large, the last one got g; the first one is asked for.",
            ),
            Mistake(
                "value for g",
                {"share": lambda window, g: window.max() * (window == window.max())},
                "you put the largest value back. What goes back is g.",
            ),
            Mistake(
                "= for +=",
                {"add": lambda old, new: new},
                "an entry that is the largest of two windows gets something from both: +=.",
            ),
            Mistake(
                "place in the window",
                {"place": lambda start: 0},
                "argmax counts from the window's start; add where the window starts.",
            ),
        ],
        hints=[
            "Start with zeros in the shape of x. Each window changes one entry.",
            "Which one? window.argmax() says where in the window, and returns the first of ties.",
            "back[stride * t + window.argmax()] += g[t].",
        ],
        reason="The largest entry's slope is 1, the others' is 0: max is a switch.",
    ),
]
