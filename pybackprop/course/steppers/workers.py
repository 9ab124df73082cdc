"""What a step takes on many workers, by the model of chapter 16; the reader chooses how many."""

from typing import Any

import numpy as np

from ...checks import check_count, check_positive
from ..stage.display import Interactive
from ..stage.drawing import Chart, key, lines, place, svg, table, var
from ..stage.stepper import choice, num, rounded, stepper
from ..stage.tree import Markup, Part, Template, node
from .address import address

WORKERS = [2**k for k in range(15)]
"""1 to 16,384."""

LINKS = {
    "1 Gbit/s, 50 µs": (50e-6, 1.25e8),
    "25 Gbit/s, 10 µs": (10e-6, 3.125e9),
    "400 Gbit/s, 2 µs": (2e-6, 5e10),
}
"""What joins two workers -> seconds before the first byte, bytes per second."""

GROWS = {"stays": False, "grows with the workers": True}

SCALE = {0: "1", 3: "8", 6: "64", 9: "512", 12: "4096"}
"""Where a scale of powers of 2 has its marks."""


def ring(workers: int, numbers: float, link: tuple[float, float]) -> float:
    """Return the seconds of an all-reduce: 2 (p - 1) rounds, each with 1/p of the numbers.

    >>> ring(2, 1e6, (0.0, 8e6))
    1.0
    """
    latency, bandwidth = link
    return 2 * (workers - 1) * (latency + 8 * numbers / workers / bandwidth)


def worker_columns(
    seconds: float, numbers: int, batch: int, link: tuple[float, float], grows: bool
) -> dict[str, Any]:
    """Return the time of a step and its parts, over the number of workers.

    An example is not cut: workers that have none do not make the computing shorter.
    """
    computing = [seconds * (batch if grows else max(batch / p, 1)) for p in WORKERS]
    sending = [ring(p, numbers, link) for p in WORKERS]
    both = np.add(computing, sending)
    gain = np.array(WORKERS) if grows else 1
    rate, ideal = gain * both[0] / both, gain * computing[0] / np.array(computing)
    columns = {"computing": computing, "sending": sending, "together": both}
    run: dict[str, Any] = {"n": len(WORKERS), "rate": [rounded(r, 3) for r in rate]}
    for name, values in columns.items():
        run[name] = [rounded(1e3 * float(value), 3) for value in values]
        logs = np.log10(np.maximum(values, 1e-9))
        run[f"{name}_log"] = [round(float(log), 2) for log in logs]
    run["rate_log"] = [round(float(np.log2(r)), 2) for r in rate]
    run["ideal_log"] = [round(float(np.log2(r)), 2) for r in ideal]
    run["mood"] = [
        f"{'Sending' if s > c else 'Computing'} takes most of the step."
        for s, c in zip(sending, computing, strict=True)
    ]
    milliseconds: list[tuple[str, str]] = [
        ("computing", "pb-s0"),
        ("sending", "pb-s1"),
        ("together", "pb-s2"),
    ]
    rows = [
        node("tr", node("th", name, scope="row"), place(name, "td"), node("td", "ms"))
        for name, _ in milliseconds
    ]
    run["math"] = Markup(
        lines(
            [var("p"), " = ", place("p"), " workers"],
            ["examples per second: ", node("b", place("rate")), " times one worker's"],
        ),
        node("table", rows),
    )
    run["say"] = Template(
        "With {p} workers a step computes for {computing} ms and sends for {sending} ms: {rate} "
        "times the examples per second of one worker. {mood}"
    )
    return run


def workers_explorer(seconds: float, numbers: int, batch: int) -> Interactive:
    """Show the time of a step over the number of workers; the reader drags it.

    The model is that of chapter 16: computing is shared evenly, and a ring adds the gradients.

    Parameters
    ----------
    seconds : float
        What one example takes on one worker.
    numbers : int
        Entries of theta.
    batch : int
        Examples in a batch; where it grows, for each worker.

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError, TypeError
        A number that is not positive.

    Examples
    --------
    >>> workers_explorer(1e-5, 235_146, 512)
    A step on many workers: 15 steps
    """
    check_positive("seconds", seconds)
    check_count("numbers", numbers)
    check_count("batch", batch)
    settings = [(link, grows) for link in LINKS.values() for grows in GROWS.values()]
    runs = [worker_columns(seconds, numbers, batch, link, grows) for link, grows in settings]
    x = list(range(len(WORKERS)))
    logs = np.concatenate([run["together_log"] + run["computing_log"] for run in runs])
    low, high = float(np.floor(logs.min())), float(np.ceil(logs.max()))
    times = Chart(60, 40, 318, 110, (0, len(x) - 1), (low, high))
    lowest = min(-6.0, *(float(np.floor(min(run["rate_log"]))) for run in runs))
    rates = Chart(60, 206, 318, 90, (0, len(x) - 1), (lowest, len(x) - 1))
    doubled = {v: f"{2**v}" if v >= 0 else f"1/{2**-v}" for v in range(-60, 15, 6) if v >= lowest}
    powers = {v: label(10.0**v) for v in np.arange(low, high + 1).tolist()}
    picture: list[Part] = []
    for number, run in enumerate(runs):
        curves = [
            times.line(x, run[f"{name}_log"], f"pb-curve pb-s{place}")
            for place, name in enumerate(("computing", "sending", "together"))
        ]
        marks = [
            times.mark("k", f"{name}_log", f"pb-s{place}", place)
            for place, name in ((0, "computing"), (2, "together"))
        ]
        picture.append(
            node(
                "g",
                times.frame("", "seconds per step", dict.fromkeys(SCALE, ""), powers),
                rates.frame("workers", "examples per second, over one worker's", SCALE, doubled),
                rates.line(x, run["ideal_log"], "pb-curve pb-s3"),
                rates.line(x, run["rate_log"], "pb-curve pb-s2"),
                rates.mark("k", "rate_log", "pb-s2", 2),
                *curves,
                *marks,
                data_run=number,
            )
        )
    names = [("computing", "pb-curve pb-s0", 0), ("sending", "pb-curve pb-s1", None)]
    names += [("together", "pb-curve pb-s2", 2)]
    best = [("if sending took no time", "pb-curve pb-s3", None)]
    whole = Chart(60, 40, 318, 256, (0, len(x) - 1), (0, 1))
    picture += [
        key(names, 60, 15, 92),
        key(best, 69, 180, 0),
        whole.cursor("k"),
        whole.handle("k"),
    ]
    chosen = (1, 16, 256, 4096)
    rows = [
        (f"{link}, batch {how}", *(num(run["rate"][WORKERS.index(p)], 3) for p in chosen))
        for (link, how), run in zip(
            [(link, how) for link in LINKS for how in GROWS], runs, strict=True
        )
    ]
    return stepper(
        "workers",
        "A step on many workers",
        svg(400, 332, "Time of a step, and examples per second, over the workers", *picture),
        runs,
        choices=[choice("Link", [*LINKS]), choice("Batch", [*GROWS])],
        shared={"k": x, "p": WORKERS, "where": Template("{p} workers")},
        table=table(["link, batch", *(f"{p} workers" for p in chosen)], rows),
        caption="Examples per second, as multiples of one worker's",
        interval=300,
        start=4,
        address=address("workers", seconds=seconds, numbers=numbers, batch=batch),
    )


def label(seconds: float) -> str:
    """Return a power of ten of seconds in the unit that suits it.

    >>> label(1e-5), label(0.1), label(10.0)
    ('10 µs', '100 ms', '10 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.999 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds * 1e9:.0f} ns"
