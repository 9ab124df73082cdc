"""Training: the loop around the engine's step.

One iteration: take a minibatch, run it forward, compute the loss, backpropagate, update the
parameters, ask the stopping rules. One epoch: a pass over all examples, in a new random order
each time.
"""

import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .activations import reach
from .checks import check_count
from .data import Batches, Data
from .engine import Plan, encoded, team_of
from .history import History, Moment, Record, Rule
from .initializers import Seed
from .model import Model, ModelPlan
from .network import Network
from .optimizers import OptimizerLike, get_optimizer
from .params import Array, aligned_zeros
from .schedules import learning_rate
from .scores import assess, examples, portions, recalls, summary, tally
from .stopping import (
    LossBelow,
    LossChangeBelow,
    MaxIterations,
    Patience,
    check_watched,
    restores_best,
)
from .threads import ALONE, Pace, Team
from .workers import Crew

if TYPE_CHECKING:
    from distributed import Client

SNAPSHOT_EVERY = 100
"""Iterations between two copies of the parameters to fall back on: together they cost less than
1 % of the time, and a run that diverges loses its last hundred iterations at most."""

RISE = 1e6
"""A loss this many times that of the start is a divergence, though it is still a number."""


def train(
    net: Network | Model,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    optimizer: OptimizerLike | str,
    epochs: int,
    batch_size: int | None = 32,
    rng: Seed = None,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    weights: ArrayLike | None = None,
    stop: Rule | Iterable[Rule] = (),
    callbacks: Iterable[Callable[[Moment], Any]] = (),
    iteration_callbacks: Iterable[Callable[[Moment], Any]] = (),
    record: bool = False,
    progress: bool = False,
    workers: "int | str | Client | None" = None,
) -> History:
    """Train a network in place.

    Parameters
    ----------
    net : Network or Model
    X : array of shape (m, n_0); of a model (m, ...)
    Y : array of shape (m, n_L); of a model what its loss takes, such as class numbers
    optimizer : SGD, RMSProp, Adam, AdamW, one of your own, or a name such as "adam"
        It goes on from what it remembers of earlier training; ``reset()`` makes it start anew.
    epochs : int
        How often to go through all examples, at most.
    batch_size : int or None, optional
        Examples per update; the last batch of an epoch takes what is left. None: all of them, in
        their own order.
    rng : int or numpy.random.Generator, optional
        Seed or source of the random order of each epoch; None: another order in each run.
    validation : pair of arrays (X, Y), optional
        Held-out examples, looked at after each epoch.
    weights : array of shape (m,), optional
        One number per example that multiplies its loss, such as `class_weights` of Y. The
        validation loss has none.
    stop : rule or sequence of rules, optional
        `MaxIterations`, `LossBelow`, `LossChangeBelow`, `Patience`, or any function that takes a
        `Moment` after each update and returns None or the reason to stop.
    callbacks, iteration_callbacks : sequence of callables, optional
        Called with the `Moment` after each epoch, and after each update.
    record : bool, optional
        Keep theta, gradient and batch of every iteration in ``history.record``: two vectors of the
        size of theta per iteration.
    progress : bool, optional
        Show a progress bar (needs tqdm).
    workers : int, str or distributed.Client, optional
        Split each batch's gradient among processes (needs Dask): how many to start on this machine,
        the address of a Dask scheduler, or a client. The batches are the same as without.

    Returns
    -------
    History
        With the ``reason`` of the end: "epochs reached", that of the rule that fired, "diverged",
        "interrupted" or "workers lost: ...".

    Raises
    ------
    ValueError, TypeError
        Data or settings that do not fit; nothing has been changed then.
    ImportError
        ``progress=True`` without tqdm, ``workers`` without Dask.
    ConnectionError, RuntimeError, MemoryError
        No scheduler answers; a worker has other versions; a shard does not fit a worker's memory.

    Notes
    -----
    *Diverged*: where a loss is NaN, infinite, or a million times that of the start, there is no
    update. Training ends with a RuntimeWarning, and network and optimizer go back to their last
    snapshot. One is taken before the first update and after every 100th, of finite parameters whose
    loss is not above that of the start.

    *Interrupted*: Ctrl-C, or the stop button of a notebook, ends training after the update under
    way. The network keeps what it has learned, the history what it has seen.

    *Workers*: each keeps a shard of the examples; theta goes out in each step, and the parts of the
    gradient come back and are added in a fixed order. Where a worker is lost, its examples go to
    the others; where the last one is, training ends, and the network keeps what it has learned. The
    trace that callbacks see holds loss, targets and gradient alone.

    *Memory*: X and Y are not copied where they are of the network's dtype and contiguous. On top of
    them come the gradient, one batch with its activations, and the snapshot of parameters and
    optimizer (two, where the best epoch is kept).

    Examples
    --------
    One unit learns y = 2x from two examples, full batch.

    >>> from pybackprop.optimizers import SGD
    >>> net = Network([1, 1], output="identity", loss="half_sse", init="zeros")
    >>> history = train(net, [[1.0], [-1.0]], [[2.0], [-2.0]], optimizer=SGD(0.5), epochs=3)
    >>> history.losses, net.params.W[1]
    ([2.0, 0.5, 0.125], array([[1.75]]))
    >>> history
    epochs 3, iterations 3: epochs reached
        epoch  iteration       loss
            1          1     2.0000
            2          2     0.5000
            3          3     0.1250
    """
    if not isinstance(net, Network | Model) or net.dtype.kind != "f":
        raise TypeError(
            f"net is {net!r}; give a Network of real numbers, such as dtype=float, or a Model"
        )
    data = examples(net, X, Y, weights)
    warn_of_targets(net, data)
    held_out = None if validation is None else check_validation(net, validation)
    optimizer = get_optimizer(optimizer)
    check_count("epochs", epochs)
    rules = check_callables("stop", stop)
    after_update = check_callables("iteration_callbacks", iteration_callbacks)
    after_epoch = check_callables("callbacks", callbacks)
    check_watched(rules, validation=held_out is not None)
    restore_best = any(map(restores_best, rules))
    batches = Batches(len(data), batch_size, np.random.default_rng(rng))
    # The package's own rules look at numbers of the history alone.
    curious = [rule for rule in rules if type(rule) not in OWN_RULES]
    keep = bool(record or after_update or after_epoch or curious)
    bar: Any = progress_bar(epochs * batches.count) if progress else nullcontext()
    if progress:
        after_update.append(lambda now: bar.update())
        after_epoch.append(lambda now: bar.set_postfix(loss=now.history.train_loss[-1]))

    started = time.perf_counter()
    theta = net.params.theta
    start = net.with_params(theta.copy())
    history = History(record=record_of(start, data, rules) if record else None)
    now = Moment(net, optimizer, history)
    sizes = net.sizes if isinstance(net, Network) else (theta.size, 1)
    apart = isinstance(net, Model) or workers is not None
    team = ALONE if apart else team_of(sizes, batches.size, optimizer)
    crew = None if workers is None else crew_of(workers, net, data)
    size = batches.size
    plan_for = crew.plan(optimizer) if crew else plans(net, data, size, optimizer, keep, team)
    validate = None if held_out is None else validator(net, held_out, history)
    good: Snapshot | None = None
    best: Snapshot | None = None
    lowest = math.inf
    loss_sum, limit = 0.0, 0.0
    answered = None if data.labels is None else data.labels.copy()
    pool = (team.take, team.most) if team.most > 1 else None
    pace = Pace(sizes, batches.size, pool)
    # A run that diverges overflows on its way; it ends with a reason and one warning.
    with (
        bar,
        team,
        pace,
        crew or nullcontext(),
        interrupts() as interrupted,
        np.errstate(all="ignore"),
    ):
        for epoch, last, rows in batches.of(epochs):
            pace.begin()
            plan = plan_for(rows)
            plan.forward()
            loss = plan.loss()
            history.losses.append(loss)
            limit = ceiling(loss, limit, start, data)
            if not loss < limit:
                history.reason = "diverged"
                break
            due = history.iterations % SNAPSHOT_EVERY == 0
            if due and RISE * loss <= limit and np.isfinite(theta).all():
                good = Snapshot.of(now)
            plan.backward()
            plan.update()
            pace.end(len(rows))
            history.learning_rates.append(learning_rate(optimizer.lr, optimizer.t))
            now.epoch, now.epoch_ended = epoch, last
            now.trace = plan.trace(loss) if keep else None
            if history.record:
                history.record.add(theta, plan.grad.theta, rows)

            loss_sum += loss * len(rows)
            if answered is not None:
                answered[rows] = plan.answers()
            if last:
                with team.apart():
                    close_epoch(history, loss_sum / len(data), data, answered)
                    if validate:
                        validate()
                loss_sum = 0.0
                if restore_best and history.validation_loss[-1] < lowest:
                    best, lowest = Snapshot.of(now), history.validation_loss[-1]

            for callback in after_update:
                callback(now)
            for callback in after_epoch if last else ():
                callback(now)
            fired = [(rule, reason) for rule in rules if (reason := rule(now))]
            if fired:
                history.stopped_by = fired[0][0]
                history.reason = "; ".join(str(reason) for _, reason in fired)
            if fired or interrupted:
                break
        else:
            history.reason = "epochs reached"
        if history.reason != "diverged":  # What the last update did, no later batch has seen.
            plan.forward()
            loss = plan.loss()
            if not loss < ceiling(loss, limit, start, data):
                history.losses.append(loss)
                history.reason, history.stopped_by = "diverged", None
    if crew and crew.lost:
        history.reason = crew.lost
    if interrupted and history.reason != "diverged":
        history.reason, history.stopped_by = "interrupted", None
    if not np.isfinite(theta).all():
        history.reason, history.stopped_by = "diverged", None
    fallback = best or (good if history.reason == "diverged" else None)
    if fallback:
        fallback.restore(now)
    history.seconds = time.perf_counter() - started
    if history.reason == "diverged":
        warn_of_divergence(history)
    return history


OWN_RULES = (MaxIterations, LossBelow, LossChangeBelow, Patience)


def ceiling(loss: float, limit: float, start: Network | Model, data: Data) -> float:
    """Return the loss from which on a run counts as diverged.

    It is RISE times the first batch's loss. That batch may have been an easy one: before a run is
    given up, all examples are asked what they cost at the start.
    """
    limit = limit or RISE * loss
    return limit if loss < limit else max(limit, RISE * assess(start, data)[0], 1.0)


def record_of(start: Network | Model, data: Data, rules: list[Any]) -> Record:
    """Return an empty record, with what training began with."""
    X, Y = data.X.copy(), data.Y.copy()  # a later change of the caller's reaches no stepper
    return Record(net=start, X=X, Y=Y, rules=rules, theta=[start.params.theta.copy()])


def crew_of(workers: Any, net: Network | Model, data: Data) -> Crew:
    """Return the workers that a network is to be trained by."""
    if isinstance(net, Model):
        raise TypeError(
            "workers takes a Network: the function of a Model may mix the examples of a batch, as "
            "batch norm does, or draw numbers, and then parts do not add up to the whole"
        )
    return Crew(workers, net, data)


def plans(
    net: Network | Model,
    data: Data,
    size: int,
    optimizer: OptimizerLike | None,
    keep: bool = False,
    team: Team = ALONE,
) -> Callable[[Array], Plan | ModelPlan]:
    """Return a function from the rows of a batch to a plan that holds them.

    Two plans are made: one for batches of this size, one for a shorter last batch.
    """
    X, weights = data.X, data.weights
    Y, signs = (data.Y, False) if isinstance(net, Model) else encoded(net, data.Y)
    weighted = weights is not None

    def make(x: Array, y: Array) -> Plan | ModelPlan:
        if isinstance(net, Model):
            return ModelPlan(net, x, y, optimizer, weighted=weighted, keep=keep)
        settings: Any = {"weighted": weighted, "signs": signs, "keep": keep, "team": team}
        return Plan(net, len(x), optimizer, x=x, y=y, **settings)

    if size >= len(data):
        whole = make(X, Y)
        if weights is not None and whole.w is not None:
            whole.w[:] = weights
        return lambda rows: whole
    sizes = {size, len(data) % size or size}
    made = {m: make(room(m, like=X), room(m, like=Y)) for m in sizes}

    def plan_for(rows: Array) -> Plan | ModelPlan:
        plan = made[len(rows)]
        # mode="clip" writes straight into the array; the default makes a copy on the way.
        X.take(rows, axis=0, out=plan.x, mode="clip")
        Y.take(rows, axis=0, out=plan.y, mode="clip")
        if weights is not None and plan.w is not None:
            weights.take(rows, out=plan.w, mode="clip")
        return plan

    return plan_for


def room(m: int, like: Array) -> Array:
    """Return an aligned array for m of the examples."""
    count = m * math.prod(like.shape[1:])
    return aligned_zeros(count, like.dtype).reshape(m, *like.shape[1:])


def warn_of_targets(net: Network | Model, data: Data) -> None:
    """Say where training cannot reach the targets, or will count no accuracy for them."""
    if isinstance(net, Model) or net.loss.domain != "real":
        return
    phi, first, last, text = net.phi[net.L], data.Y.min(), data.Y.max(), ""
    low, high = reach(phi)
    if first < low - 1e-3 or last > high + 1e-3:
        text = (
            f"the targets reach from {first:.4g} to {last:.4g}, and {phi.name} outputs from "
            f"{low:.4g} to {high:.4g} at most: the rest is never learned. For any numbers take "
            "output='identity', loss='half_sse'"
        )
    elif high < math.inf and net.sizes[-1] == 1 and (np.abs(data.Y) == 1).all() and first < last:
        text = (
            "the targets are -1 and 1: no accuracy is counted. They become 0 and 1 by "
            f"(np.asarray(Y) + 1) / 2, for output='sigmoid' in place of {phi.name!r}"
        )
    if text:
        warnings.warn(text, UserWarning, stacklevel=3)


def warn_of_divergence(history: History) -> None:
    """Say that the network is not what training was meant to make of it, and what to try."""
    warnings.warn(
        f"training diverged after {history.iterations} updates, and the network went back to "
        f"where it was after {history.restored_iteration or 0}: divide the learning rate by 10, "
        "and scale the inputs (and the targets of a regression) to mean 0 and deviation 1",
        RuntimeWarning,
        stacklevel=3,
    )


class Snapshot(NamedTuple):
    """Parameters and optimizer as they were after some update."""

    iteration: int
    theta: Array
    state: dict[str, Any]

    @classmethod
    def of(cls, now: Moment) -> "Snapshot":
        """Copy what is there."""
        theta, state = now.net.params.theta.copy(), now.optimizer.state()
        return cls(now.history.iterations, theta, state)

    def restore(self, now: Moment) -> None:
        """Put it back."""
        now.net.params.theta[:] = self.theta
        now.optimizer.load_state(self.state)
        if self.iteration != now.history.iterations:
            now.history.restored_iteration = self.iteration


def assessment(net: Network | Model, data: Data) -> Callable[[], tuple[float, Array]]:
    """Return a function that does what `assess` does, in arrays that are made once."""
    if isinstance(net, Model):
        return partial(assess, net, data)
    cut = portions(len(data))
    plan_for = plans(net, data, cut[0].stop, None)

    def parts() -> Iterator[tuple[float, Array]]:
        for portion in cut:
            plan = plan_for(np.arange(portion.start, portion.stop))
            plan.forward()
            yield plan.loss() * plan.m, plan.answers().copy()

    return lambda: summary(data, parts(), net.sizes[-1])


def validator(net: Network | Model, held_out: Data, history: History) -> Callable[[], None]:
    """Return a function that writes the numbers of the held-out examples into the history."""
    assess_again = assessment(net, held_out)

    def validate() -> None:
        loss, counts = assess_again()
        history.validation_loss.append(loss)
        if held_out.labels is not None:
            write_shares(counts, held_out, history.validation_accuracy, history.validation_recall)

    return validate


def close_epoch(history: History, loss: float, data: Data, answered: Array | None) -> None:
    """Write the epoch's numbers into the history."""
    history.epoch_ends.append(history.iterations)
    history.train_loss.append(loss)
    if answered is not None and data.labels is not None:
        counts = tally(data.labels, answered)
        write_shares(counts, data, history.train_accuracy, history.train_recall)


def write_shares(counts: Array, data: Data, accuracy: list[float], recall: list[float]) -> None:
    """Append the accuracy, and where classes are uneven the mean recall."""
    accuracy.append((counts.trace() / counts.sum()).item())
    if data.uneven:
        recall.append(np.nanmean(recalls(counts)).item())


@contextmanager
def interrupts() -> Iterator[list[bool]]:
    """Collect interrupts (Ctrl-C, a notebook's stop button), so that no update stops half-way.

    The list is empty until there is one. A second one, for a callback that hangs, raises
    KeyboardInterrupt; it ends here, too.
    """
    import signal  # most programs that import the package never train
    import threading

    noticed: list[bool] = []

    def notice(*_: Any) -> None:
        if noticed:
            raise KeyboardInterrupt
        noticed.append(True)

    # Python allows handlers in the main thread only; a handler that someone else set stays.
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if ours:
        signal.signal(signal.SIGINT, notice)
    try:
        yield noticed
    except KeyboardInterrupt:
        noticed.append(True)
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def progress_bar(total: int) -> Any:
    """Return a tqdm bar, or say how to get one."""
    try:
        from tqdm import tqdm
    except ImportError:
        raise ImportError(
            "progress=True needs tqdm: run pip install tqdm, or leave progress out"
        ) from None
    return tqdm(total=total, unit="batch")


def check_validation(net: Network | Model, validation: Any) -> Data:
    """Return the held-out examples, checked like the others."""
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise TypeError(
            f"validation is of type {type(validation).__name__}; give a pair: validation=(X, Y)"
        )
    try:
        return examples(net, *validation)
    except (TypeError, ValueError) as problem:
        raise type(problem)(f"in validation=(X, Y), {problem}") from None


def check_callables(name: str, given: Any) -> list[Callable[[Moment], Any]]:
    """Return one function or several as a list."""
    functions = list(given) if isinstance(given, Iterable) else [given]
    for function in functions:
        if not callable(function) or isinstance(function, type):
            raise TypeError(
                f"{name} holds {function!r}; give functions that take a Moment"
                + (", or rules such as MaxIterations(500)" if name == "stop" else "")
            )
    return functions
