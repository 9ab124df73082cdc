"""Interleaved timing: every contender takes its turn in each round, and medians are compared."""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping

ROUND_SECONDS = 0.02
REST = 0.1
"""Seconds before a turn of long calls: until then threads of the one before may wait spinning."""


def medians(contenders: Mapping[str, Callable[[], object]], rounds: int = 40) -> dict[str, float]:
    """Return the median seconds of one call of each contender.

    A turn repeats a call for about 20 ms. All contenders take a turn in every round, so that a
    slow moment of the machine meets them all. Where a call is longer than that, it has its turn
    after a rest and a call that does not count.
    """
    repeats = {}
    for name, call in contenders.items():
        for _ in range(3):
            call()
        start = time.perf_counter()
        call()
        repeats[name] = max(1, round(ROUND_SECONDS / max(time.perf_counter() - start, 1e-7)))
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    gc.collect()
    gc.disable()
    try:
        for done in range(rounds):
            show_progress(done + 1, rounds)
            for name, call in contenders.items():
                turns = range(repeats[name])
                if repeats[name] == 1:
                    time.sleep(REST)
                    call()
                start = time.perf_counter()
                for _ in turns:
                    call()
                seconds[name].append((time.perf_counter() - start) / repeats[name])
    finally:
        gc.enable()
    return {name: statistics.median(values) for name, values in seconds.items()}


def show_progress(done: int, total: int) -> None:
    """Show how far the rounds are, on a terminal only."""
    if sys.stderr.isatty():
        end = "\r" if done < total else "\r" + " " * 20 + "\r"
        print(f"round {done} of {total}", end=end, file=sys.stderr, flush=True)


def print_table(header: list[str], rows: list[list[str]]) -> None:
    """Print a Markdown table."""
    widths = [max(len(row[k]) for row in [header, *rows]) for k in range(len(header))]

    def line(cells: list[str]) -> str:
        return (
            "| " + " | ".join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True)) + " |"
        )

    print(line(header), line(["-" * w for w in widths]), *map(line, rows), sep="\n", flush=True)
