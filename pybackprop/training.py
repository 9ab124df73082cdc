"""Training: the loop around backpropagation, the rules that end it, its record, and checkpoints.

One iteration: take a minibatch, run it forward, compute the loss, backpropagate, update the
parameters, ask the stopping rules. One epoch: a pass over all examples, in a new random order
each time.
"""

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .lookup import lookup
from .network import Network, Seed, Trace, backprop, check_inputs, check_pairs, forward
from .optimizers import OPTIMIZERS, SCHEDULES, Optimizer, Schedule, learning_rate
from .params import Array

SNAPSHOT_EVERY = 100
"""Iterations between two copies of the parameters to fall back on: together they cost less than
1 % of the time, and a run that diverges loses its last hundred iterations at most."""

ROWS = 1024
"""Examples that go through the network at a time where only its outputs are wanted."""


@dataclass
class Record:
    """Everything that happened, iteration by iteration; meant for small networks.

    Attributes
    ----------
    theta : list of array of shape (N,)
        ``theta[i]`` before update i = 0, 1, ..., and one more after the last update.
    grad : list of array of shape (N,)
        ``grad[i]`` is the gradient at ``theta[i]``; ``History.losses[i]`` is the loss there.
    examples : list of array of int
        ``examples[i]``: the rows of X in the batch of update i.
    """

    theta: list[Array] = field(default_factory=list)
    grad: list[Array] = field(default_factory=list)
    examples: list[Array] = field(default_factory=list)

    def add(self, theta: Array, grad: Array, rows: Array) -> None:
        """Write down what an update was made of, and what came out."""
        self.theta.append(theta.copy())
        self.grad.append(grad.copy())
        self.examples.append(rows)


@dataclass(repr=False)
class History:
    """What happened during training; prints as a table.

    Attributes
    ----------
    losses : list of float
        Loss of each iteration's batch, before its update. After a divergence the last one is the
        loss that was not finite and led to no update.
    learning_rates : list of float
        Learning rate of each update.
    epoch_ends : list of int
        Number of updates at the end of each epoch.
    train_loss, train_accuracy : list of float
        Means over each epoch's batches, each taken before its update: what training saw on its
        way. Accuracies are fractions from 0 to 1 and are there where the targets are classes: 0 or
        1 for a single output, one 1 among 0s in every row for several.
    validation_loss, validation_accuracy : list of float
        At the end of each epoch, where validation data were given.
    reason : str
        Why training ended.
    restored_iteration : int or None
        The network was given back the parameters it had after this many updates; None: it holds
        the last ones.
    seconds : float
        How long it took.
    record : Record or None
    """

    losses: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    epoch_ends: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    reason: str = "not ended yet"
    restored_iteration: int | None = None
    seconds: float = 0.0
    record: Record | None = None

    @property
    def iterations(self) -> int:
        """Number of updates."""
        return len(self.learning_rates)

    @property
    def epochs(self) -> int:
        """Number of whole epochs."""
        return len(self.epoch_ends)

    def __str__(self) -> str:
        table = {
            "epoch": [f"{k}" for k in range(1, self.epochs + 1)],
            "iteration": [f"{n}" for n in self.epoch_ends],
            "loss": [f"{loss:.4f}" for loss in self.train_loss],
            "accuracy": [f"{share:.4f}" for share in self.train_accuracy],
            "validation loss": [f"{loss:.4f}" for loss in self.validation_loss],
            "validation accuracy": [f"{share:.4f}" for share in self.validation_accuracy],
        }
        table = {name: cells for name, cells in table.items() if cells}
        lines = [f"epochs {self.epochs}, iterations {self.iterations}: {self.reason}"]
        if self.restored_iteration is not None:
            lines.append(f"parameters restored from iteration {self.restored_iteration}")
        if table:
            lines.append("  ".join(f"{name:>9}" for name in table))
            # Ten rows at most, evenly spread, the first and the last epoch among them.
            for k in dict.fromkeys(
                np.linspace(0, self.epochs - 1, 10).round().astype(int).tolist()
            ):
                lines.append(
                    "  ".join(f"{cells[k]:>{max(9, len(name))}}" for name, cells in table.items())
                )
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(slots=True)
class Moment:
    """Where training stands after an update: what stopping rules and callbacks are given.

    Attributes
    ----------
    net : Network
    optimizer : Optimizer
    history : History
        Up to and including this iteration.
    trace : Trace
        Of this iteration's batch, before the update. Its arrays are written anew in the next
        iteration: copy what you want to keep.
    epoch : int
        1, 2, ...
    epoch_ended : bool
        Whether this was the last batch of the epoch; the history then holds the epoch's numbers.
    """

    net: Network
    optimizer: Optimizer
    history: History
    trace: Trace | None = None
    epoch: int = 0
    epoch_ended: bool = False


# Stopping rules. A rule is a function: it takes the Moment after each iteration and returns None,
# or the reason to stop. The first three are those of the flow chart in the source notes.

Rule = Callable[[Moment], str | None]


@dataclass(frozen=True)
class MaxIterations:
    """Stop after n updates.

    >>> from pybackprop.optimizers import SGD
    >>> net = Network([1, 1], init="zeros")
    >>> train(net, [[1.0]], [[1.0]], optimizer=SGD(0.1), epochs=9, stop=MaxIterations(3)).reason
    'iterations reached: 3'
    """

    n: int

    def __post_init__(self) -> None:
        check_count("n", self.n)

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        return f"iterations reached: {self.n}" if now.history.iterations >= self.n else None


@dataclass(frozen=True)
class LossBelow:
    """Stop when the loss falls below a threshold.

    Parameters
    ----------
    threshold : float
    each : {"iteration", "epoch"}, optional
        Look at every batch's loss, or at every epoch's mean. The loss of a small batch jumps about,
        and one lucky batch is enough for the first.
    """

    threshold: float
    each: str = "iteration"

    def __post_init__(self) -> None:
        check_positive("threshold", self.threshold)
        lookup(LOSSES_OF, self.each, "span")

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        losses = LOSSES_OF[self.each](now)
        return f"loss below {self.threshold:g}" if losses and losses[-1] < self.threshold else None


@dataclass(frozen=True)
class LossChangeBelow:
    """Stop when the loss changes by less than a threshold from one time to the next.

    Parameters
    ----------
    threshold : float
    each : {"iteration", "epoch"}, optional
        Compare batch with batch, or epoch with epoch. Only where each batch holds all of the
        examples does the first say that training has converged.
    """

    threshold: float
    each: str = "iteration"

    def __post_init__(self) -> None:
        check_positive("threshold", self.threshold)
        lookup(LOSSES_OF, self.each, "span")

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        losses = LOSSES_OF[self.each](now)
        if len(losses) > 1 and abs(losses[-1] - losses[-2]) < self.threshold:
            return f"change of loss below {self.threshold:g}"
        return None


@dataclass(frozen=True)
class Patience:
    """Stop when the validation loss has not improved for some epochs.

    Parameters
    ----------
    epochs : int, optional
        How many epochs without improvement to wait.
    min_delta : float, optional
        An improvement is a fall by more than this.
    restore_best : bool, optional
        When training ends, for whatever reason, network and optimizer go back to where they were
        after the epoch with the lowest validation loss.
    """

    epochs: int = 5
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        check_count("epochs", self.epochs)
        if self.min_delta != 0:
            check_positive("min_delta", self.min_delta)

    def __call__(self, now: Moment) -> str | None:
        """Return the reason to stop, or None."""
        best, waited = math.inf, 0
        for loss in now.history.validation_loss if now.epoch_ended else ():
            waited += 1
            if loss < best - self.min_delta:
                best, waited = loss, 0
        if waited >= self.epochs:
            return f"no better validation loss for {self.epochs} epochs"
        return None


LOSSES_OF: dict[str, Callable[[Moment], list[float]]] = {
    "iteration": lambda now: now.history.losses,
    "epoch": lambda now: now.history.train_loss,
}


def train(
    net: Network,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = 32,
    rng: Seed = None,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    stop: Rule | Iterable[Rule] = (),
    callbacks: Iterable[Callable[[Moment], Any]] = (),
    iteration_callbacks: Iterable[Callable[[Moment], Any]] = (),
    record: bool = False,
    progress: bool = False,
) -> History:
    """Train a network in place.

    Parameters
    ----------
    net : Network
    X : array of shape (m, n_0)
    Y : array of shape (m, n_L)
    optimizer : SGD, RMSProp, Adam or AdamW
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

    Returns
    -------
    History
        With the ``reason`` of the end: "epochs reached", that of the rule that fired, "diverged"
        or "interrupted".

    Raises
    ------
    ValueError, TypeError
        Data or settings that do not fit; nothing has been changed then.
    ImportError
        ``progress=True`` without tqdm.

    Notes
    -----
    *Diverged*: where a loss is NaN or infinite there is no update. Training ends, and network and
    optimizer go back to their last snapshot. One is taken before the first update and after every
    100th, of finite parameters whose loss is finite.

    *Interrupted*: Ctrl-C, or the stop button of a notebook, ends training after the update under
    way. The network keeps what it has learned, the history what it has seen.

    *Memory*: X and Y are not copied where they are of the network's dtype and contiguous. On top of
    them come the gradient, one batch with its activations, and the snapshot of parameters and
    optimizer (two, where the best epoch is kept).

    Examples
    --------
    One neuron learns y = 2x from two examples, full batch.

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
    data = check_data(net, X, Y)
    held_out = None if validation is None else check_validation(net, validation)
    check_optimizer(optimizer)
    check_count("epochs", epochs)
    rules = check_callables("stop", stop)
    after_update = check_callables("iteration_callbacks", iteration_callbacks)
    after_epoch = check_callables("callbacks", callbacks)
    if held_out is None and any(isinstance(rule, Patience) for rule in rules):
        raise ValueError("Patience watches the validation loss; give validation=(X, Y)")
    restore_best = any(getattr(rule, "restore_best", False) for rule in rules)
    batches = Batches(data, batch_size, np.random.default_rng(rng))
    bar: Any = progress_bar(epochs * batches.count) if progress else nullcontext()
    if progress:
        after_update.append(lambda now: bar.update())
        after_epoch.append(lambda now: bar.set_postfix(loss=now.history.train_loss[-1]))

    started = time.perf_counter()
    theta, grad = net.params.theta, net.params.copy()
    history = History(record=Record([theta.copy()]) if record else None)
    now = Moment(net, optimizer, history)
    good: Snapshot | None = None
    best: Snapshot | None = None
    lowest = math.inf
    loss_sum = 0.0
    predicted = None if data.labels is None else data.labels.copy()
    # A run that diverges overflows on its way; it ends with a reason in place of warnings.
    with bar, interrupts() as interrupted, np.errstate(all="ignore"):
        for now.epoch, now.epoch_ended, x, y, rows in batches.of(epochs):
            now.trace = None  # frees its arrays for those of this batch
            now.trace = backprop(net, x, y, out=grad, check=False)
            loss = now.trace.loss
            history.losses.append(loss)
            if not math.isfinite(loss):
                history.reason = "diverged"
                break
            if history.iterations % SNAPSHOT_EVERY == 0 and np.isfinite(theta).all():
                good = Snapshot.of(now)
            optimizer.update(theta, grad.theta)
            history.learning_rates.append(learning_rate(optimizer.lr, optimizer.t))
            if history.record:
                history.record.add(theta, grad.theta, rows)

            loss_sum += loss * len(x)
            if predicted is not None:
                predicted[rows] = classes(now.trace.a[net.L])
            if now.epoch_ended:
                close_epoch(now, loss_sum / len(data.X), predicted, data.labels, held_out)
                loss_sum = 0.0
                if restore_best and history.validation_loss[-1] < lowest:
                    best, lowest = Snapshot.of(now), history.validation_loss[-1]

            for callback in after_update:
                callback(now)
            for callback in after_epoch if now.epoch_ended else ():
                callback(now)
            fired = [reason for rule in rules if (reason := rule(now))]
            if fired:
                history.reason = "; ".join(map(str, fired))
            if fired or interrupted:
                break
        else:
            history.reason = "epochs reached"
    if interrupted:
        history.reason = "interrupted"
    if not np.isfinite(theta).all():
        history.reason = "diverged"
    fallback = best or (good if history.reason == "diverged" else None)
    if fallback:
        fallback.restore(now)
    history.seconds = time.perf_counter() - started
    return history


def accuracy(net: Network, X: ArrayLike, Y: ArrayLike) -> float:
    """Return the share of examples whose class the network gets right, from 0 to 1.

    The class of a row is the column of its largest number; with a single output, whether it is at
    least 0.5.

    Parameters
    ----------
    net : Network
    X : array of shape (m, n_0)
    Y : array of shape (m, n_L)
        One 1 among 0s in every row; 0 or 1 for a single output.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        The data do not fit the network, or a target is no class.

    Examples
    --------
    The neuron a = x says "at least 0.5" to the last two of three examples; the second is wrong.

    >>> net = Network([1, 1], output="identity", loss="mse", init={"W": [[[1]]], "b": [[0]]})
    >>> accuracy(net, [[0.2], [0.6], [0.9]], [[0.0], [0.0], [1.0]])
    0.6666666666666666
    """
    data = check_data(net, X, Y)
    if data.labels is None:
        raise ValueError(
            "Y holds more than classes; every row must be one 1 among 0s, or 0 or 1 for a single "
            "output: use pb.one_hot(labels, classes), or pb.evaluate for the loss"
        )
    with np.errstate(over="ignore"):  # exp may reach inf, where sigmoid is rightly 0
        return assess(net, data)[1]


class Data(NamedTuple):
    """Examples that fit a network: X (m, n_0), Y (m, n_L), and the class of each, if it has one."""

    X: Array
    Y: Array
    labels: Array | None


class Batches:
    """Minibatches of the data, every epoch in a new random order.

    The rows of a batch are gathered into the same two arrays each time.
    """

    def __init__(self, data: Data, batch_size: int | None, rng: "np.random.Generator") -> None:
        if batch_size is not None:
            check_count("batch_size", batch_size)
        self.data, self.rng = data, rng
        self.size = min(batch_size or len(data.X), len(data.X))
        self.count = math.ceil(len(data.X) / self.size)

    def of(self, epochs: int) -> Iterator[tuple[int, bool, Array, Array, Array]]:
        """Yield the epoch's number, whether the batch is its last, x, y and the rows taken."""
        X, Y, m = self.data.X, self.data.Y, len(self.data.X)
        order = np.arange(m)
        if self.count == 1:
            for epoch in range(1, epochs + 1):
                yield epoch, True, X, Y, order
            return
        x, y = np.empty_like(X[: self.size]), np.empty_like(Y[: self.size])
        for epoch in range(1, epochs + 1):
            order = self.rng.permutation(m)
            for start in range(0, m, self.size):
                rows = order[start : start + self.size]
                n = len(rows)
                # mode="clip" writes straight into x; the default makes a copy on the way.
                X.take(rows, axis=0, out=x[:n], mode="clip")
                Y.take(rows, axis=0, out=y[:n], mode="clip")
                yield epoch, start + n == m, x[:n], y[:n], rows


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


def close_epoch(
    now: Moment, loss: float, predicted: Array | None, labels: Array | None, held_out: Data | None
) -> None:
    """Write the epoch's numbers into the history."""
    history = now.history
    history.epoch_ends.append(history.iterations)
    history.train_loss.append(loss)
    if predicted is not None:
        history.train_accuracy.append(np.mean(predicted == labels).item())
    if held_out is not None:
        loss, share = assess(now.net, held_out)
        history.validation_loss.append(loss)
        if held_out.labels is not None:
            history.validation_accuracy.append(share)


def assess(net: Network, data: Data) -> tuple[float, float]:
    """Return loss and accuracy (NaN without classes), by `ROWS` examples at a time."""
    loss_sum, hits, m = 0.0, 0, len(data.X)
    for start in range(0, m, ROWS):
        part = slice(start, start + ROWS)
        y = data.Y[part]
        z, a = forward(net, data.X[part], check=False)
        loss_sum += net.objective.value(z[net.L], a[net.L], y).item() * len(y)
        if data.labels is not None:
            hits += int(np.count_nonzero(classes(a[net.L]) == data.labels[part]))
    return loss_sum / m, math.nan if data.labels is None else hits / m


def classes(a: Array) -> Array:
    """Return the class of each row: of the largest column, or whether the only one is >= 0.5."""
    return a[:, 0] >= 0.5 if a.shape[1] == 1 else a.argmax(axis=1)


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


class Checkpoint(NamedTuple):
    """What a file written by `save` holds; None for what was not given."""

    net: Network
    optimizer: Any
    history: History | None
    rng: "np.random.Generator | None"


FORMAT, VERSION = "pybackprop checkpoint", 1


def save(
    path: str | os.PathLike[str],
    net: Network,
    optimizer: Any = None,
    history: History | None = None,
    rng: "np.random.Generator | None" = None,
) -> None:
    """Write a network, and what is needed to go on training it, into one file.

    The file is a NumPy ``.npz`` archive without pickled objects: the vectors as arrays, all the
    rest as JSON. It is complete or not there: it takes its name only when it has been written.

    Parameters
    ----------
    path : str or path
        Where; no ending is added. A file of this name is replaced.
    net : Network
    optimizer : SGD, RMSProp, Adam or AdamW, optional
        Settings and state. A schedule must be one of the package's.
    history : History, optional
        Without its ``record``.
    rng : numpy.random.Generator, optional
        The generator that `train` was given: with it, training goes on exactly as it would have.

    Raises
    ------
    TypeError, ValueError
        Something that cannot be written; a file that was there is as it was.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(folder + "/net.npz", Network([2, 3, 1], rng=0))
    ...     load(folder + "/net.npz").net
    Network(2-3-1, sigmoid-sigmoid, bce, 13 parameters, float64)
    """
    import json

    if not isinstance(net, Network):
        raise TypeError(f"net is {net!r}; give a Network")
    if history is not None and not isinstance(history, History):
        raise TypeError(f"history is {history!r}; give what train returned")
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}; give the numpy.random.Generator that train was given")
    arrays: dict[str, Any] = {"theta": net.params.theta}
    header: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "network": {
            "sizes": net.sizes,
            "hidden": [net.phi[l].name for l in range(1, net.L)],
            "output": net.phi[net.L].name,
            "loss": net.loss.name,
            "fused": net.fused,
        },
        "optimizer": None,
        "history": None,
        "rng": None if rng is None else rng.bit_generator.state,
    }
    if optimizer is not None:
        header["optimizer"] = described(optimizer)
        for name, value in optimizer.state().items():
            if name == "t":
                header["optimizer"]["t"] = value
            else:
                check_fits(name, value, net)
                arrays[f"optimizer.{name}"] = value
    if history is not None:
        names = [f.name for f in fields(history) if f.name != "record"]
        header["history"] = {name: getattr(history, name) for name in names}
    text = json.dumps(header, default=plain)
    arrays["header"] = np.frombuffer(text.encode(), dtype=np.uint8)

    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with open(unfinished, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> Checkpoint:
    """Read what `save` wrote.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Checkpoint
        net, optimizer, history, rng; None for what the file does not hold.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is no checkpoint, is damaged or cut short, or comes from a newer version.
    """
    import json

    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            header = json.loads(arrays["header"].tobytes())
            ours = header["format"] == FORMAT
        except Exception as problem:  # whatever NumPy, zip and JSON make of a file that is not ours
            raise ValueError(
                f"{path} is no checkpoint of pybackprop, or is damaged or cut short "
                f"({type(problem).__name__}: {problem}); give a file that pb.save wrote"
            ) from problem
    if not ours:
        raise ValueError(f"{path} is no checkpoint of pybackprop; give a file that pb.save wrote")
    if header.get("version") != VERSION:
        raise ValueError(
            f"{path} is a checkpoint of version {header.get('version')}; this pybackprop reads "
            f"version {VERSION}: use the pybackprop that wrote it, or a newer one"
        )
    try:
        return assembled(header, arrays)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ValueError(
            f"the parts of {path} do not fit together ({type(problem).__name__}: {problem}); "
            "it has been changed or damaged since pb.save wrote it"
        ) from problem


def assembled(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Checkpoint:
    """Make the objects that a checkpoint describes."""
    theta, optimizer, history, rng = arrays["theta"], None, None, None
    net = Network(**header["network"], init="zeros", dtype=theta.dtype).with_params(theta)
    if header["optimizer"] is not None:
        described_as = header["optimizer"]
        kind = lookup(OPTIMIZERS, described_as["name"], "optimizer")
        optimizer = kind(**{k: made(v) for k, v in described_as["settings"].items()})
        vectors = {
            name.removeprefix("optimizer."): vector
            for name, vector in arrays.items()
            if name.startswith("optimizer.")
        }
        for name, vector in vectors.items():
            check_fits(name, vector, net)
        optimizer.load_state({"t": described_as["t"]} | vectors)
    if header["history"] is not None:
        history = History(**header["history"])
    if header["rng"] is not None:
        bit_generator = lookup(BIT_GENERATORS(), header["rng"]["bit_generator"], "bit generator")()
        bit_generator.state = header["rng"]
        rng = np.random.Generator(bit_generator)
    return Checkpoint(net, optimizer, history, rng)


def BIT_GENERATORS() -> dict[str, Any]:
    """Name -> class. A function, so that importing the package does not load numpy.random."""
    from numpy.random import MT19937, PCG64, PCG64DXSM, SFC64, Philox

    return {kind.__name__: kind for kind in (MT19937, PCG64, PCG64DXSM, SFC64, Philox)}


def described(thing: Any) -> dict[str, Any]:
    """Return an optimizer or a schedule as its name and settings, ready for JSON."""
    if isinstance(thing, Schedule):
        name, settings = thing.name, thing.settings
    elif type(thing).__name__ in OPTIMIZERS:
        name = type(thing).__name__
        settings = {f.name: getattr(thing, f.name) for f in fields(thing) if f.init}
    else:
        raise TypeError(
            f"{thing!r} cannot be written to a file; optimizers are {', '.join(OPTIMIZERS)}, "
            f"schedules are made by {', '.join(SCHEDULES)}"
        )
    return {
        "name": name,
        "settings": {k: described(v) if callable(v) else v for k, v in settings.items()},
    }


def made(value: Any) -> Any:
    """Return the schedule that `described` wrote down, or the number that is there."""
    if not isinstance(value, dict):
        return value
    settings = {k: made(v) for k, v in value["settings"].items()}
    return lookup(SCHEDULES, value["name"], "schedule")(**settings)


def plain(value: Any) -> Any:
    """Return NumPy's numbers and arrays as Python's, which JSON can write."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be written to a checkpoint; use plain numbers and names")


def check_fits(name: str, vector: Array, net: Network) -> None:
    """Raise unless an optimizer's vector belongs to the parameters of this network."""
    theta = net.params.theta
    if vector.shape != theta.shape or vector.dtype != theta.dtype:
        raise ValueError(
            f"the optimizer's {name} has shape {vector.shape} and {vector.dtype}, the network's "
            f"theta {theta.shape} and {theta.dtype}; they belong to different networks"
        )


def check_data(net: Network, X: ArrayLike, Y: ArrayLike) -> Data:
    """Return the examples, checked against the network once and for all."""
    if not isinstance(net, Network) or net.dtype.kind != "f":
        raise TypeError(f"net is {net!r}; give a Network of real numbers, such as dtype=float")
    # Gathering rows from an array of another layout would copy all of it for each batch.
    X = np.ascontiguousarray(check_inputs(net, X))
    Y = np.ascontiguousarray(check_pairs(net, X, Y))
    # The first row settles it for most targets that are no classes, and spares large ones a copy.
    return Data(X, Y, classes(Y) if are_classes(Y[:1]) and are_classes(Y) else None)


def are_classes(Y: Array) -> bool:
    """Return whether the rows are 0 or 1 for a single output, one 1 among 0s for several."""
    return bool(((Y == 0) | (Y == 1)).all() and (Y.shape[1] == 1 or (Y.sum(axis=1) == 1).all()))


def check_validation(net: Network, validation: Any) -> Data:
    """Return the held-out examples, checked like the others."""
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise TypeError(
            f"validation is of type {type(validation).__name__}; give a pair: validation=(X, Y)"
        )
    try:
        return check_data(net, *validation)
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


def check_optimizer(optimizer: Any) -> None:
    """Raise unless this is an object that can do what `Optimizer` says."""
    needed = ("lr", "t", "update", "state", "load_state")
    missing = [name for name in needed if not hasattr(optimizer, name)]
    if isinstance(optimizer, type) or missing:
        lacks = f" (it has no {', '.join(missing)})" if missing else ""
        raise TypeError(f"optimizer is {optimizer!r}{lacks}; give an object, such as Adam(lr=1e-3)")
    learning_rate(optimizer.lr, optimizer.t + 1)


def check_count(name: str, value: Any) -> None:
    """Raise unless the value is a whole number from 1 up."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {value!r}; give a whole number, such as 10")
    if value < 1:
        raise ValueError(f"{name} is {value}; give 1 or more")


def check_positive(name: str, value: Any) -> None:
    """Raise unless the value is a number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} is {value!r}; give a number, such as 0.01")
    if not value > 0:
        raise ValueError(f"{name} is {value}; give a number above 0, such as 0.01")
