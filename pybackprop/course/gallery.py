"""The gallery of chapters 8 and 11: a program, a bug planted in its text, and questions to it.

A bug is written as the difference it makes: a name, lines with ``-`` that are right, and lines
with ``+`` that stand in their place.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from .. import LOSSES, SGD, Adam, GradientReport, Network, numerical_gradient
from ..params import Array

QUESTIONS = ("gradient", "update", "pairs", "twins", "by heart")
ASKED_AT = (1, 10)
TOLERANCE = 1e-10
BY_HEART = 1000
"""Steps on ten examples."""


def cosine(u: Array, v: Array) -> float:
    """Return the cosine of two arrays of one shape, taken as vectors: 1 where they point alike.

    >>> cosine(np.array([1.0, 0.0]), np.array([3.0, 4.0]))
    0.6
    """
    return float(np.sum(u * v) / np.linalg.norm(u) / np.linalg.norm(v))


def read(text: str) -> dict[str, str]:
    """Return name -> difference of a list of bugs.

    >>> read('''
    ... factor 2
    ... - delta = a - y
    ... + delta = 2 * (a - y)
    ... ''')
    {'factor 2': '- delta = a - y\\n+ delta = 2 * (a - y)\\n'}
    """
    bugs: dict[str, str] = {}
    name = ""
    for line in filter(str.strip, text.splitlines()):
        if line.startswith(("- ", "+ ")):
            bugs[name] = bugs.get(name, "") + line + "\n"
        else:
            name = line.strip()
            bugs[name] = ""
    return bugs


def changed(program: str, difference: str) -> str:
    """Return a program with a difference made; what is replaced has to occur exactly once.

    >>> print(changed("def f(x):\\n    return x", "- return x\\n+ return 2 * x\\n"))
    def f(x):
        return 2 * x
    """
    lines = program.splitlines()
    for hunk in re.findall(r"((?:^- .*\n)+)((?:^\+ .*\n)+)", difference, re.M):
        right, wrong = ([line[2:] for line in half.splitlines()] for half in hunk)
        size, words = len(right), [line.strip() for line in right]
        places = [i for i in range(len(lines)) if [x.strip() for x in lines[i : i + size]] == words]
        if len(places) != 1:
            raise ValueError(
                f"{words[0]!r} stands in {len(places)} places of the program; a bug changes one: "
                "copy whole lines, and more of them where one is not enough"
            )
        at = places[0]
        margin = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        lines[at : at + size] = [margin + line for line in wrong]
    return "\n".join(lines)


def plant(parts: Sequence[Callable[..., Any]], difference: str = "") -> SimpleNamespace:
    """Return a program, given by its functions, with one difference: a namespace of them.

    >>> plant([read], "- return bugs\\n+ return {}\\n").read("one")
    {}
    """
    text = "\n\n".join(map(inspect.getsource, parts))
    planted = dict(parts[0].__globals__)
    exec(changed(text, difference), planted)
    return SimpleNamespace(**planted)


@dataclass
class Run:
    """What a planted program did.

    Attributes
    ----------
    losses : list of float
        Before each epoch and after the last one, on all of X: the program's own.
    reports : dict of int to GradientReport
        Step -> its gradient against the derivative of the program's own loss.
    found : dict of str to int
        Question -> the step at which it was first answered with no.
    accuracy : float
        On the test set; NaN if the parameters are.
    """

    losses: list[float] = field(default_factory=list)
    reports: dict[int, GradientReport] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    accuracy: float = np.nan

    @property
    def falls(self) -> bool:
        """Whether the mean loss of the last five epochs is below the first loss."""
        return bool(np.isfinite(self.accuracy) and np.mean(self.losses[-5:]) < self.losses[0])

    @property
    def noes(self) -> str:
        """The questions answered with no, "-" for none."""
        late = {name: " (step 10)" if t == 10 else "" for name, t in self.found.items()}
        return ", ".join(name + late[name] for name in QUESTIONS if name in self.found) or "-"


@dataclass
class Gallery:
    """A program, the network that it should train, and the data.

    Attributes
    ----------
    parts : list of functions
        The program: ``forward(params, x)``, ``backward(params, a, y)``, ``training(X, Y, rng,
        update)`` and what they need. Everything else they find where they were defined.
    net : Network
        What is meant; its parameters do not matter.
    X, Y, X_test, Y_test : arrays
    """

    parts: list[Callable[..., Any]]
    net: Network
    X: Array
    Y: Array
    X_test: Array
    Y_test: Array

    def plant(self, difference: str = "") -> SimpleNamespace:
        """Return the program with one difference, as a namespace of its functions."""
        return plant(self.parts, difference)

    def first_step(self, difference: str = "") -> tuple[Any, ...]:
        """Return params before, x, y, grad, params after of the first step."""
        program = self.plant(difference)
        steps = program.training(self.X, self.Y, np.random.default_rng(1), program.sgd)
        first: tuple[Any, ...] = next(steps)
        return first

    def watch(
        self, difference: str = "", update: str = "sgd", epochs: int = 20, seed: int = 1
    ) -> Run:
        """Train for some epochs and ask the five questions.

        Four of them at steps 1 and 10, whether ten examples are learned by heart at the end. The
        seed draws the initial weights and shuffles.
        """
        program, run = self.plant(difference), Run()
        batches = -(-len(self.X) // program.BATCH)
        optimizer = SGD(program.LR) if update == "sgd" else Adam(0.01)
        rng, step = np.random.default_rng(seed), getattr(program, update)
        with np.errstate(all="ignore"):
            for t, now in enumerate(program.training(self.X, self.Y, rng, step), start=1):
                before, x, y, grad, after = now
                expected = before.theta.copy()
                optimizer.update(expected, grad.theta)
                if t in ASKED_AT:
                    run.reports[t] = check_own(program, self.net, before, x, y, grad)
                    fine = self.answers(run.reports[t], x, y, after, expected)
                    run.found = {name: t for name in fine if not fine[name]} | run.found
                if t % batches == 1:
                    run.losses.append(own_loss(program, before, self.X, self.Y).item())
                if t == batches * epochs + 1 or not np.isfinite(after.theta).all():
                    break
            if np.isfinite(after.theta).all():
                guess = program.forward(before, self.X_test)[self.net.L].argmax(axis=1)
                run.accuracy = np.mean(guess == self.Y_test.argmax(axis=1)).item()
            if not self.by_heart(program, step, seed):
                run.found["by heart"] = 0
        return run

    def answers(
        self, report: GradientReport, x: Array, y: Array, after: Any, expected: Array
    ) -> dict[str, bool]:
        """Return question -> yes or no, for one step."""
        label = {bytes(image): one for image, one in zip(self.X, self.Y.argmax(1), strict=True)}
        units = after.W[1].round(9)
        return {
            "gradient": report.ok,
            "update": np.allclose(after.theta, expected),
            "pairs": [label[bytes(image)] for image in x] == list(y.argmax(axis=1)),
            "twins": len(np.unique(units, axis=0)) == len(units),
        }

    def by_heart(self, program: SimpleNamespace, step: Callable[..., Any], seed: int = 1) -> bool:
        """Whether ten examples, trained alone, are learned: a loss below 0.1 at some time."""
        X, Y = self.X[:10], self.Y[:10]
        steps = program.training(X, Y, np.random.default_rng(seed), step)
        for t in range(BY_HEART):
            *_, after = next(steps)
            if t % 10 == 9 and own_loss(program, after, X, Y) < 0.1:
                return True
        return False


def own_loss(program: SimpleNamespace, params: Any, x: Array, y: Array) -> Any:
    """Return the cross-entropy of what the program's own forward pass answers."""
    a = program.forward(params, x)
    return LOSSES["cross_entropy"].each(a[max(params.W)], y).mean()


def check_own(
    program: SimpleNamespace, net: Network, params: Any, x: Array, y: Array, grad: Any
) -> GradientReport:
    """Hold a gradient against the derivative of the program's own forward pass and loss."""

    def loss(theta: Array) -> Any:
        return own_loss(program, net.with_params(theta).params, x, y)

    entries = np.random.default_rng(0).choice(
        params.theta.size, min(200, params.theta.size), replace=False
    )
    entries = np.union1d(entries, [part.start for part in params.blocks.values()])
    found = numerical_gradient(loss, params.theta, "complex", entries=entries)
    own = grad.theta[entries]
    size = np.maximum(abs(own), abs(found))
    allowance = TOLERANCE * np.maximum(size, 1e-3 * size.max())
    names = [params.entry(i) for i in entries.tolist()]
    return GradientReport(names, own, found, allowance, {}, "complex", TOLERANCE)
