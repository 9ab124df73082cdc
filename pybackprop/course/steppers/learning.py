"""Learning: the border between two classes moves until each point lies on its side."""

import numpy as np

from ...history import History
from ...scores import predict
from ..stage.display import Interactive
from ..stage.drawing import Chart, lines, place, svg, table, var
from ..stage.stepper import rounded, stepper
from ..stage.tree import Markup, Template
from .address import address
from .training import bounds, every_parameter, key_frames, legend, loss_chart, regions, run_of


def learning_stepper(history: History) -> Interactive:
    """Watch a network learn: the border that it draws between two classes, and its loss.

    The frames are dense at the start, where most happens. On a page the stepper plays by itself,
    unless the reader's system asks for less motion.

    Parameters
    ----------
    history : History
        Of ``pb.train(..., record=True)``; its network has two inputs and one output.

    Returns
    -------
    Interactive

    Raises
    ------
    TypeError
        No history.
    ValueError
        A history without a record, a run that diverged, or a network of another shape.

    Examples
    --------
    >>> import pybackprop as pb
    >>> net, X, Y = pb.Network([2, 3, 1], rng=0), [[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]]
    >>> learning_stepper(pb.train(net, X, Y, optimizer=pb.SGD(0.5), epochs=20, record=True))
    A network learns: 21 steps
    """
    run = run_of(history)
    net, X, Y = run.net, run.X, run.Y
    if (net.sizes[0], net.sizes[-1]) != (2, 1):
        raise ValueError(
            f"{net!r} has {net.sizes[0]} inputs and {net.sizes[-1]} outputs; this stepper draws "
            "the border of one with 2 inputs and 1 output. training_stepper takes any network"
        )
    at = key_frames(len(run.losses) - 1)
    right = [(predict(net.with_params(theta), X) > 0.5) == (Y > 0.5) for theta in run.theta[at]]
    plane = Chart(52, 20, 330, 180, bounds(X[:, 0], 0.06), bounds(X[:, 1], 0.06))
    drawn, areas = regions(net, run.theta[at], X, Y, plane, [*range(len(at))])
    rows, numbers = every_parameter(run, at)
    examples, count, last = len(X), net.params.theta.size, at[-1]
    sides = f"{{right}} of {examples} points lie on their side"
    told = [
        f"The {count} weights and biases are random, and so is the border: {sides}.",
        f"After {{t}} updates {sides}. Backpropagation says of each of the {count} numbers "
        "which way, and how fast, the loss changes with it.",
        f"After {{t}} updates {sides}. Nobody wrote this border down: it came of small steps, "
        "each of them down the loss.",
    ]
    part = {
        "n": len(at),
        "t": at,
        "C": [rounded(run.losses[t], 3) for t in at],
        "right": [int(np.count_nonzero(one)) for one in right],
        "say": {"at": [0, 1, len(at) - 1], "v": [Template(one) for one in told]},
        **areas,
        **numbers,
    }
    head = ["After ", place("t"), f" of {last} updates"]
    math = lines(
        head, ["loss ", var("C"), " = ", place("C")], ["right: ", place("right"), f" of {examples}"]
    )
    half = (len(rows) + 1) // 2
    columns = ["parameter", "value", "gradient"]
    return stepper(
        "learning",
        "A network learns",
        svg(
            400,
            330,
            "A plane with the points of two classes, tinted where the network says class 1, and "
            "the loss over the updates",
            drawn,
            loss_chart(part, 248, 50),
        ),
        [{**part, "math": Markup(*math, legend(net, few=False))}],
        table=[table(columns, some) for some in (rows[:half], rows[half:])],
        caption=f"All {count} weights and biases, and their gradients",
        interval=110,
        plays=True,
        address=address("learning"),
    )
