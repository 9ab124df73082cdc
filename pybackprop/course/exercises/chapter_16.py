"""Exercises of chapter 16, many workers."""

# mypy: allow-untyped-defs, allow-untyped-calls

import math
from typing import Any

import numpy as np

from .model import Choice, Code, Mistake, Numeric, Option, between


def combine(grads, counts):
    return np.asarray(counts, float) @ grads / np.sum(counts)


def shard_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    """Gradients of shards, one per row, and how many examples each has; one has none."""
    return [
        (np.array([[1.0, 2.0], [5.0, 4.0]]), np.array([3, 1])),
        (rng.normal(size=(3, 4)), np.array([20, 5, 7])),
        (rng.normal(size=(4, 3)), np.array([16, 0, 9, 32])),
    ]


def ring_seconds(p, numbers, latency, bandwidth):
    return 2 * (p - 1) * (latency + 8 * numbers / p / bandwidth)


def ring_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (2, 1e6, 1e-4, 1e9),
        (4, 2.5e5, 2e-3, 1e7),
        (8, 1e5, 5e-4, float(rng.uniform(1e6, 1e7))),
        (1, 1e6, 1e-3, 1e9),
    ]


def top_k(g, memory, k):
    wanted = g + memory
    largest = np.argsort(-np.abs(wanted))[:k]
    sent = np.zeros_like(wanted)
    sent[largest] = wanted[largest]
    return sent, wanted - sent


def with_top_k(
    wanted: Any = lambda g, memory: g + memory,
    order: Any = lambda v: np.argsort(-np.abs(v)),
    kept: Any = lambda wanted, sent, g, memory: wanted - sent,
) -> Any:
    """Return a compression with one of its pieces exchanged, for a mistake in that piece."""

    def wrong(g: Any, memory: Any, k: int) -> Any:
        whole = wanted(g, memory)
        sent = np.zeros_like(whole)
        largest = order(whole)[:k]
        sent[largest] = whole[largest]
        return sent, kept(whole, sent, g, memory)

    return wrong


def by_threshold(g: Any, memory: Any, k: int) -> Any:
    """The same by a threshold: the k-th largest size."""
    wanted = g + memory
    line = np.sort(np.abs(wanted))[-k]
    sent = np.where(np.abs(wanted) >= line, wanted, 0.0)
    return [sent, wanted - sent]


def vector_cases(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (np.array([3.0, -0.5, 1.0, -4.0]), np.array([0.0, 2.0, -0.5, 0.5]), 2),
        (rng.normal(size=6), rng.normal(size=6), 3),
        (rng.normal(size=8), rng.normal(size=8), 2),
    ]


EXERCISES = [
    Code(
        id="16-combine",
        title="From the shards' gradients to the batch's",
        question=(
            "Each worker returns the gradient of the <em>mean</em> loss of its own examples. "
            "<code>grads</code> has one of them per row, <code>counts</code> says how many "
            "examples each had. Write <code>combine(grads, counts)</code>: the gradient of the "
            "mean loss of all examples."
        ),
        cases=shard_cases,
        solution=combine,
        alternatives=[
            lambda grads, counts: (
                sum(n * g for n, g in zip(counts, grads, strict=True)) / sum(counts)
            ),
            lambda grads, counts: np.average(grads, axis=0, weights=counts),
        ],
        mistakes=[
            Mistake(
                "mean of means",
                lambda grads, counts: np.mean(grads, axis=0),
                "that is the mean of the workers' means: an example on a worker with few of them "
                "counts more. Weight each by its count.",
            ),
            Mistake(
                "sum of means",
                lambda grads, counts: np.sum(grads, axis=0),
                "you added the means. Each of them is a mean over its own examples only.",
            ),
            Mistake(
                "not divided",
                lambda grads, counts: np.asarray(counts, float) @ grads,
                "that is the sum over all examples. The loss is their mean: divide by how many "
                "there are.",
            ),
            Mistake(
                "divided by the workers",
                lambda grads, counts: np.asarray(counts, float) @ grads / len(counts),
                "you divided by the number of workers. Divide by the number of examples.",
            ),
            Mistake(
                "weights upside down",
                lambda grads, counts: (
                    (np.sum(counts) - np.asarray(counts, float)) @ grads / np.sum(counts)
                ),
                "each worker got the weight of the others' examples. Its own count is its weight.",
            ),
            Mistake(
                "wrong axis",
                lambda grads, counts: (
                    np.asarray(grads) * np.asarray(counts)[:, None] / np.sum(counts)
                ).sum(axis=1),
                "you added over the parameters. Add over the workers: axis 0.",
            ),
        ],
        hints=[
            "A mean times its count is a sum.",
            "Add the sums of all workers.",
            "Then divide by the number of all examples.",
        ],
        reason="m_k times a shard's mean is its sum; the sums add up, and m divides once.",
    ),
    Choice(
        id="16-order",
        title="Who was first?",
        question=(
            "Three workers answer, each time in another order. Which is the cheapest way of adding "
            "that gives the same result in every run, to the last bit?"
        ),
        right=Option(
            "wait for all three, and add them by the workers' numbers",
            "the same additions in the same order: the same rounding.",
        ),
        wrong=[
            Option(
                "add each as it comes",
                "(a + b) + c and a + (b + c) round differently: the last bits follow the network's "
                "traffic.",
            ),
            Option(
                "add each as it comes, in float64",
                "float64 rounds, too, only later. The last bits still follow the order.",
            ),
            Option(
                "sort the three numbers of each entry, then add",
                "that is a fixed order, but it costs a sort of every entry, and waiting for all "
                "three all the same.",
            ),
        ],
        hints=[
            "Is a + b + c the same in every order, for floating point numbers?",
            "What must be fixed so that the rounding is?",
            "The order can be fixed without looking at the numbers.",
        ],
    ),
    Numeric(
        id="16-break-even",
        title="When does a second worker begin to pay?",
        question=(
            "An example takes {c} µs. With two workers each does half of the batch, and sending "
            "theta and the gradient takes {s} ms in each step. At how many examples per batch do "
            "one worker and two take equally long? (With more, two pay.)"
        ),
        draw=lambda rng: {
            "c": [2, 4, 5, 8, 10, 20][int(rng.integers(0, 6))],
            "s": int(rng.integers(1, 10)),
        },
        answer=lambda c, s: 2000 * s // c,
        mistakes=[
            Mistake(
                "all of it saved",
                lambda c, s: 1000 * s / c,
                "a second worker saves half of the computing, not all of it.",
            ),
            Mistake(
                "units",
                lambda c, s: 2 * s / c,
                "one time is in microseconds, the other in milliseconds: a factor of 1000.",
            ),
            Mistake(
                "half for twice",
                lambda c, s: 500 * s / c,
                "half of the batch's time must be longer than the sending, so m is twice s / c.",
            ),
            Mistake(
                "upside down",
                lambda c, s: c / s,
                "a cheaper example needs a larger batch: the time of an example divides.",
            ),
            Mistake(
                "sent twice",
                lambda c, s: 4000 * s / c,
                "the time that is given holds both ways already.",
            ),
        ],
        hints=[
            "One worker: m times {c} µs. Two: half of that, and {s} ms.",
            "Set the two equal, in the same unit: half of the computing is the sending.",
            "m = 2 s / c.",
        ],
        solution="{c} µs · m / 2 = {s} ms, so m = <b>{answer}</b>.",
    ),
    Code(
        id="16-ring_seconds",
        title="How long does an all-reduce take?",
        question=(
            "<var>p</var> workers in a ring add their gradients of <code>numbers</code> float64 "
            "entries. In each of the 2 (<var>p</var> − 1) rounds every worker sends "
            "<code>numbers</code> / <var>p</var> of them to its neighbour. A message takes "
            "<code>latency</code> seconds and its bytes divided by <code>bandwidth</code> (bytes "
            "per second). Write <code>ring_seconds(p, numbers, latency, bandwidth)</code>."
        ),
        cases=ring_cases,
        solution=ring_seconds,
        alternatives=[
            lambda p, numbers, latency, bandwidth: (
                2 * (p - 1) * latency + 16 * numbers * (p - 1) / (p * bandwidth)
            ),
        ],
        mistakes=[
            Mistake(
                "half of it",
                lambda p, n, a, b: (p - 1) * (a + 8 * n / p / b),
                "that brings the sum of each part to one worker. As many rounds again bring it to "
                "all.",
            ),
            Mistake(
                "p rounds",
                lambda p, n, a, b: 2 * p * (a + 8 * n / p / b),
                "a worker has its own part already: p − 1 rounds, twice.",
            ),
            Mistake(
                "all numbers in each round",
                lambda p, n, a, b: 2 * (p - 1) * (a + 8 * n / b),
                "in each round only 1/p of the numbers is sent.",
            ),
            Mistake(
                "latency once",
                lambda p, n, a, b: a + 2 * (p - 1) * 8 * n / p / b,
                "every message has a latency, and there is one in each round.",
            ),
            Mistake(
                "numbers for bytes",
                lambda p, n, a, b: 2 * (p - 1) * (a + n / p / b),
                "the bandwidth counts bytes: a float64 has 8 of them.",
            ),
            Mistake(
                "bits",
                lambda p, n, a, b: 2 * (p - 1) * (a + 64 * n / p / b),
                "the bandwidth counts bytes, not bits: a float64 has 8 of them.",
            ),
        ],
        hints=[
            "How long does one message take?",
            "latency + 8 · numbers / p / bandwidth.",
            "There are 2 (p − 1) rounds, one after the other.",
        ],
        reason="2 (p − 1) rounds, each a latency and 1/p of the bytes.",
    ),
    Numeric(
        id="16-speed-up",
        title="How much faster with many?",
        question=(
            "On one worker a step takes {t} ms. On {p} workers the computing is shared evenly, and "
            "the all-reduce takes {s} ms. How many times as fast is the step?"
        ),
        draw=lambda rng: {
            "t": int(rng.integers(4, 20)) * 100,
            "p": [8, 16, 32, 64][int(rng.integers(0, 4))],
            "s": int(rng.integers(10, 60)),
        },
        answer=lambda t, p, s: t / (t / p + s),
        digits=2,
        mistakes=[
            Mistake(
                "nothing sent",
                lambda t, p, s: p,
                "that is what it would be if sending took no time.",
            ),
            Mistake(
                "sending shared, too",
                lambda t, p, s: t / ((t + s) / p),
                "the all-reduce is not shared: it takes its time however many compute.",
            ),
            Mistake(
                "computing not shared",
                lambda t, p, s: t / (t + s),
                "the computing is shared, too: divide its time by the workers.",
            ),
            Mistake(
                "upside down",
                lambda t, p, s: (t / p + s) / t,
                "that is the new time over the old one. How many times as fast: the other way "
                "round.",
            ),
            Mistake(
                "sending for each worker",
                lambda t, p, s: t / (t / p + p * s),
                "that time is for the whole all-reduce, not for each worker.",
            ),
        ],
        hints=[
            "What does a step take on {p} workers?",
            "{t} / {p} + {s} ms.",
            "Divide the time on one worker by that.",
        ],
        solution="{t} / ({t} / {p} + {s}) = <b>{answer}</b>.",
    ),
    Numeric(
        id="16-stale",
        title="How large may the rate be?",
        question=(
            "Gradients arrive {tau} updates late, and the largest curvature is {lam}. Up to which "
            "learning rate is the descent on this bowl stable?"
        ),
        draw=lambda rng: {
            "tau": int(rng.integers(1, 6)),
            "lam": between(rng, 0.5, 8, digits=1),
        },
        answer=lambda tau, lam: 2 * math.sin(math.pi / (4 * tau + 2)) / lam,
        digits=3,
        mistakes=[
            Mistake(
                "no delay",
                lambda tau, lam: 2 / lam,
                "that is the limit without a delay, 2/λ.",
            ),
            Mistake(
                "curvature forgotten",
                lambda tau, lam: 2 * math.sin(math.pi / (4 * tau + 2)),
                "that is the limit of η λ. Divide by the curvature.",
            ),
            Mistake(
                "divided by the delay",
                lambda tau, lam: 2 / (lam * (tau + 1)),
                "the limit falls faster than 1/(τ + 1): take the sine.",
            ),
            Mistake(
                "degrees",
                lambda tau, lam: 2 * math.sin(math.radians(math.pi / (4 * tau + 2))) / lam,
                "your calculator counts in degrees: π/(4τ + 2) is in radians.",
            ),
            Mistake(
                "no factor 2",
                lambda tau, lam: math.sin(math.pi / (4 * tau + 2)) / lam,
                "the sine has a factor 2 before it.",
            ),
        ],
        hints=[
            "The limit is one of η λ.",
            "η λ must be below 2 sin(π / (4 τ + 2)).",
            "With τ = {tau}, then divide by {lam}.",
        ],
        solution="2 sin(π / (4 · {tau} + 2)) / {lam} = <b>{answer}</b>.",
    ),
    Code(
        id="16-top_k",
        title="Send little, forget nothing",
        question=(
            "A worker sends only the <var>k</var> entries of largest size, and keeps the rest for "
            "later. Write <code>top_k(g, memory, k)</code>: it adds the gradient to what was kept, "
            "and returns the pair of what is sent (a vector with zeros elsewhere) and the new "
            "memory."
        ),
        cases=vector_cases,
        solution=top_k,
        alternatives=[by_threshold],
        made_of=with_top_k,
        mistakes=[
            Mistake(
                "memory not added",
                {"wanted": lambda g, memory: g},
                "what was kept is not in what is sent: choose from g + memory.",
            ),
            Mistake(
                "largest, not of largest size",
                {"order": lambda v: np.argsort(-v)},
                "you chose the largest numbers. A strongly negative entry is as important: compare "
                "sizes (absolute values).",
            ),
            Mistake(
                "smallest",
                {"order": lambda v: np.argsort(np.abs(v))},
                "you sent the smallest entries; argsort sorts upwards.",
            ),
            Mistake(
                "nothing kept",
                {"kept": lambda wanted, sent, g, memory: 0 * wanted},
                "what was not sent is lost. Keep it: wanted − sent.",
            ),
            Mistake(
                "sent and kept",
                {"kept": lambda wanted, sent, g, memory: wanted},
                "what was sent is kept, too, and will be sent a second time.",
            ),
            Mistake(
                "old memory lost",
                {"kept": lambda wanted, sent, g, memory: np.where(sent == 0, g, 0.0)},
                "the memory holds this step's gradient only. What was kept before and not sent now "
                "stays kept.",
            ),
        ],
        hints=[
            "First add what was kept.",
            "np.argsort(-np.abs(v))[:k] are the places of the k largest sizes.",
            "What was not sent is g + memory − sent.",
        ],
        reason="What is not sent is kept, so in the end every part of every gradient arrives.",
    ),
]
