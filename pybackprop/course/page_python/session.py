"""A reader's code on a page: run it, check it, and say in words what went wrong.

The page's worker holds one `Session`. Everything it returns is text, whatever the code does.
"""

import ast
import builtins
import copy
import linecache
import re
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO, TextIOBase
from types import CodeType, ModuleType
from typing import Any
from zlib import crc32

import numpy as np

import pybackprop as pb

from ..exercises import EXERCISES, Code, check, judge
from ..exercises.formula import misread, program
from ..stage.display import Interactive
from .advice import advice

PLACE = "<your code"
"""How the file names of a reader's code begin, in errors and warnings."""

LETTERS = 20_000
"""How much of what a run prints is shown."""

Report = dict[str, Any]


class Output(TextIOBase):
    """Where `print` writes: what comes is handed on in pieces, up to a limit."""

    def __init__(self, hand_on: Callable[[str], object], limit: int = LETTERS) -> None:
        self.hand_on, self.left = hand_on, limit
        self.waiting, self.handed = "", time.monotonic()

    def write(self, text: str) -> int:
        """Take text; hand it on when a twentieth of a second has passed."""
        if self.left >= 0:
            self.waiting += cut(text, self.left)
            self.left -= len(text)
            if time.monotonic() - self.handed > 0.05:
                self.flush()
        return len(text)

    def flush(self) -> None:
        """Hand on what has come."""
        if self.waiting:
            self.hand_on(self.waiting)
        self.waiting, self.handed = "", time.monotonic()


def cut(text: str, limit: int = LETTERS) -> str:
    """Return a text, or its beginning and a word about the rest.

    >>> cut("abcd", 3)
    'abc\\n... the rest is not shown'
    """
    return text if len(text) <= limit else text[:limit] + "\n... the rest is not shown"


class Session:
    """Runs code, cell after cell, in one set of names.

    Parameters
    ----------
    hand_on : callable
        Takes each piece of text that the code prints.
    announce : callable, optional
        Takes a line that says which cell runs.

    Examples
    --------
    >>> session = Session(print)
    >>> session.cell(["a = 1 / (1 + np.exp(-0.5))", "round(float(a), 4)"])
    {'value': '0.6225'}
    """

    def __init__(
        self,
        hand_on: Callable[[str], object],
        announce: Callable[[str], object] = lambda line: None,
    ) -> None:
        self.hand_on, self.announce = hand_on, announce
        self.names = names_at_first()  # functions of the cells hold on to it: always this dict
        self.ran: list[str] = []
        self.found: tuple[list[str], dict[str, Any]] | None = None

    def run(
        self,
        source: str,
        names: dict[str, Any] | None = None,
        hand_on: Callable[[str], object] | None = None,
    ) -> Report:
        """Run code as a notebook cell, in the session's names or in others.

        Returns
        -------
        dict
            ``value``, the last expression as text; ``html`` if it is an interactive part; or
            ``error``, the error as a reader needs it, with ``missing``, the module that it asks
            for, if it does.
        """
        names = self.names if names is None else names
        with self.listening(hand_on or self.hand_on):
            try:
                body, last = compiled(source)
                exec(body, names)
                value = eval(last, names) if last else None
                if isinstance(value, Interactive):
                    return {"html": open_to_readers(value).to_html()}
                return {} if value is None else {"value": cut(repr(value))}
            except BaseException as error:  # noqa: BLE001, a reader's code may raise anything
                report = {"error": told(error)}
                if isinstance(error, ModuleNotFoundError) and error.name:
                    report["missing"] = error.name
                return report

    def try_out(self, source: str) -> Report:
        """Run code with nothing from before, and leave nothing behind."""
        return self.run(source, names_at_first())

    def cell(self, sources: Sequence[str]) -> Report:
        """Run the last of a chapter's cells after those above it, as in a notebook from the top.

        What has run in this order is not run again. The same cell once more finds what it found
        before, so that an edit shows what it changes, and nothing else.

        Returns
        -------
        dict
            What `run` returns of the last cell, or of the one above it that ended in an error,
            with ``above``, its number; ``figures``, what was drawn, as SVG.
        """
        *above, last = sources
        if self.found and self.found[0] == above:
            self.begin(self.found[1], above)
        elif len(self.ran) > len(above) or self.ran != above[: len(self.ran)]:
            self.begin(names_at_first(), [])
        for number in range(len(self.ran), len(above)):
            self.announce(f"Running, first the cells above: {number + 1} of {len(above)}")
            report = self.run(above[number], hand_on=lambda text: None)
            figures()
            if "error" in report:
                return report | {"above": number}
            self.ran.append(above[number])
        self.announce("Running")
        kept = copied(self.names)
        self.found = None if kept is None else (above, kept)
        report = self.run(last)
        if drawn := figures():
            report["figures"] = drawn
        if "error" in report:
            self.begin(names_at_first(), [])
        else:
            self.ran.append(last)
        return report

    def begin(self, names: dict[str, Any], ran: Sequence[str]) -> None:
        """Go on from names that cells have left."""
        self.names.clear()
        self.names.update(names)
        self.ran = list(ran)

    def check(self, source: str, exercise: str) -> Report:
        """Run code with nothing from before, and judge the function that an exercise asks for.

        For a formula, one line is the formula itself.

        Returns
        -------
        dict
            ``status``, ``mistake``, ``behind`` and ``message`` of the verdict, or ``error``.
        """
        chosen = EXERCISES[exercise]
        if not isinstance(chosen, Code):
            raise TypeError(f"{exercise} asks for no code")
        names = names_at_first()
        if chosen.names and "\n" not in source.strip():
            if words := misread(chosen, source):
                status = "wrong" if source.strip() else "not attempted"
                return {"status": status, "mistake": None, "message": words}
            source = program(chosen, source)
        report = self.run(source, names)
        if "error" in report:
            return report
        if chosen.function not in names:
            missing = (
                f"there is no function of the name {chosen.function}; start it with\n{chosen.head}"
            )
            return {"status": "wrong", "mistake": None, "message": missing}
        with self.listening(self.hand_on):
            verdict = judge(chosen, names[chosen.function])
        report = {
            "status": verdict.status,
            "mistake": verdict.mistake,
            "behind": verdict.behind,
            "message": verdict.message,
        }
        if verdict.problem:
            report["raised"] = told(verdict.problem)
        return report

    def numbers(self, address: str, changed: str) -> Report:
        """Answer an entry on the page "Your own numbers", or name the module that it asks for."""
        from ..numbers.page import answer

        try:
            return answer(address, changed)
        except ModuleNotFoundError as error:
            return {"missing": error.name, "failed": str(error)}

    @contextmanager
    def listening(self, hand_on: Callable[[str], object]) -> Iterator[None]:
        """Hand on what is printed, warnings among it, and answer `input` with an error."""
        output, ask = Output(hand_on), builtins.input
        builtins.input = no_input
        with redirect_stdout(output), redirect_stderr(output), warnings.catch_warnings():
            warnings.showwarning = show_warning
            try:
                yield
            finally:
                builtins.input = ask
                output.flush()


def names_at_first() -> dict[str, Any]:
    """Return the names that code on a page finds."""
    return {"__name__": "__main__", "np": np, "pb": pb, "check": check}


def open_to_readers(part: Interactive) -> Interactive:
    """Return a part without its address, where the page "Your own numbers" cannot show it."""
    from ..numbers.page import wrong

    return replace(part, address="") if part.address and wrong(part.address) else part


def copied(names: dict[str, Any]) -> dict[str, Any] | None:
    """Return names with copies of their values, what is shared still shared; None if one has none.

    Modules stay, and so do figures and axes: they are closed, and cost more than most cells.

    >>> copied({"a": [1], "np": np}) == {"a": [1], "np": np}
    True
    """
    kept = {
        id(value): value
        for value in names.values()
        if isinstance(value, ModuleType) or type(value).__module__.startswith("matplotlib.")
    }
    try:
        return copy.deepcopy(names, kept)
    except Exception:  # noqa: BLE001, what a reader has made may refuse in any way
        return None


def figures() -> list[str]:
    """Return the open figures as SVG, and close them."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is None:
        return []
    drawn = []
    for number in plt.get_fignums():
        text = StringIO()
        plt.figure(number).savefig(text, format="svg", bbox_inches="tight")
        drawn.append(text.getvalue())
    plt.close("all")
    return drawn


def compiled(source: str) -> tuple[CodeType, CodeType | None]:
    """Return code without its last expression, and that expression, if it ends in one.

    Each code has a file name of its own, so that its lines are still found when later ones run.
    """
    place = f"{PLACE} {crc32(source.encode()):08x}>"
    lines = [f"{line}\n" for line in source.splitlines()]
    linecache.cache[place] = (len(source), None, lines, place)
    tree = ast.parse(source, place)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        final = tree.body.pop()
        assert isinstance(final, ast.Expr)
        last = compile(ast.Expression(final.value), place, "eval")
    return compile(tree, place, "exec"), last


def told(error: BaseException) -> str:
    """Return an error cut to the reader's own lines, with a sentence for a common one.

    >>> print(told(ZeroDivisionError('division by zero')))
    ZeroDivisionError: division by zero
    <BLANKLINE>
    Something was divided by 0.
    """
    trace = traceback.TracebackException.from_exception(error, max_group_depth=1)
    lines = []
    for frame in trace.stack:
        if frame.filename.startswith(PLACE):
            inside = "" if frame.name == "<module>" else f", in {frame.name}"
            lines += [f"line {frame.lineno}{inside}", f"    {(frame.line or '').strip()}"]
    if len(lines) > 16:
        lines = [*lines[:8], f"... {len(lines) // 2 - 7} more calls ...", *lines[-6:]]
    trace.stack.clear()
    trace.__cause__ = trace.__context__ = None
    what = "".join(trace.format()).strip().removeprefix("Traceback (most recent call last):\n")
    lines += re.sub(f'File "{PLACE} .*?>", ', "", what).splitlines()
    if said := advice(error):
        lines += ["", said]
    return "\n".join(lines)


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: Any = None,
    line: str | None = None,
) -> None:
    """Print a warning with the reader's line, where it is the reader's."""
    where = f"line {lineno}: " if filename.startswith(PLACE) else ""
    print(f"{where}{category.__name__}: {message}", file=sys.stderr)


def no_input(prompt: object = "") -> str:
    """Stand in for `input`."""
    raise EOFError("input() cannot ask on a page")
