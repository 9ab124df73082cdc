"""The optimizer race: several optimizers on one surface of two coordinates, step by step."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...optimizers import SGD, Adam, RMSProp
from ...params import Array
from ..stage.display import Interactive
from ..stage.drawing import FAINT, Chart, lines, place, svg, swatch, table, words
from ..stage.stepper import MOST_FRAMES, choice, num, packed, rounded, stepper
from ..stage.tree import Markup, Node, Part, Template, node
from .address import address
from .one_example import rates


class Surface(NamedTuple):
    """A height over two coordinates.

    Attributes
    ----------
    f : callable, (x, y) -> height
        Of numbers or arrays of one shape.
    gradient : callable, (x, y) -> (df/dx, df/dy)
    start, lowest : (float, float)
        Where the race begins, and where the height is least.
    x, y : (float, float)
        What the picture shows.
    levels : tuple of float
        Heights of the contour lines.
    """

    f: Callable[[Any, Any], Any]
    gradient: Callable[[Any, Any], tuple[Any, Any]]
    start: tuple[float, float]
    lowest: tuple[float, float]
    x: tuple[float, float]
    y: tuple[float, float]
    levels: tuple[float, ...]


SURFACES: dict[str, Surface] = {
    "long bowl": Surface(
        lambda x, y: (x**2 + 20 * y**2) / 2,
        lambda x, y: (x, 20 * y),
        (-3.5, 1.2),
        (0, 0),
        (-4, 2.2),
        (-2, 2),
        (0.1, 0.5, 1.5, 3, 6, 10, 16, 24, 34),
    ),
    "curved valley": Surface(
        lambda x, y: (1 - x) ** 2 + 5 * (y - x**2) ** 2,
        lambda x, y: (2 * (x - 1) - 20 * x * (y - x**2), 10 * (y - x**2)),
        (-1.2, 1.6),
        (1, 1),
        (-1.8, 1.8),
        (-0.5, 1.9),
        (0.1, 0.4, 1, 2, 4, 8, 14, 22, 34),
    ),
    "saddle": Surface(
        lambda x, y: x**2 / 2 + y**4 / 4 - y**2 / 2,
        lambda x, y: (x, y**3 - y),
        (-1.8, 0.01),
        (0, 1),
        (-2.2, 1.4),
        (-0.9, 1.4),
        (-0.24, -0.2, -0.12, -0.04, 0.04, 0.2, 0.5, 1, 1.6),
    ),
}
"""Name -> surface. The minima of the saddle lie at (0, -1) and (0, 1)."""

RACERS: dict[str, Callable[[float], Any]] = {
    "SGD": lambda lr: SGD(lr),
    "momentum": lambda lr: SGD(lr, momentum=0.9),
    "RMSProp": lambda lr: RMSProp(lr),
    "Adam": lambda lr: Adam(lr),
    "Adam uncorrected": lambda lr: Adam(lr, bias_correction=False),
}
FAR = 1e6


def walk(surface: Surface, optimizer: Any, steps: int) -> dict[str, list[Any]]:
    """Return position, height, step length and velocity length after each step.

    The velocity is u of momentum and m of Adam; None where an optimizer has none. After a walk
    leaves all bounds, everything is None.
    """
    theta = np.array(surface.start, dtype=float)
    rows: list[tuple[Any, ...]] = [(*theta, surface.f(*theta), 0.0, None)]
    for _ in range(steps):
        before = theta.copy()
        optimizer.update(theta, np.array(surface.gradient(*before)))
        if not np.abs(theta).max() < FAR:
            break
        state = optimizer.state()
        velocity = state.get("u", state.get("m"))
        size = None if velocity is None else np.hypot(*velocity)
        rows.append((*theta, surface.f(*theta), np.hypot(*(theta - before)), size))
    rows += [(None,) * 5] * (steps + 1 - len(rows))
    return dict(zip("xyfsv", map(list, zip(*rows, strict=True)), strict=True))


def outside(surface: Surface, x: float | None, y: float | None) -> bool:
    """Whether a place is not in the picture."""
    if x is None or y is None:
        return True
    return not (surface.x[0] <= x <= surface.x[1] and surface.y[0] <= y <= surface.y[1])


def left_at(surface: Surface, way: dict[str, list[Any]]) -> int:
    """Return the step with which a walk leaves the picture for good; one past the last: never."""
    steps = range(len(way["x"]))
    inside = [t for t in steps if not outside(surface, way["x"][t], way["y"][t])]
    return inside[-1] + 1


def shown(values: Sequence[float | None], digits: int) -> list[float | int | None]:
    """Return numbers as they are shown."""
    return [None if value is None else rounded(value, digits) for value in values]


def decimals(values: Sequence[float | None], count: int) -> list[float | None]:
    """Return numbers with so many decimals."""
    return [None if value is None else round(float(value), count) for value in values]


def race_columns(surface: Surface, lr: float, steps: int) -> dict[str, Any]:
    """Return the columns of one race: ``x0, y0, f0, s0, v0`` for the first racer, and so on.

    ``h0, k0`` is where the picture shows it: its line ends where it leaves the picture for good.
    """
    run: dict[str, Any] = {"n": steps + 1, "lr": num(lr)}
    leaders = []
    walks = [walk(surface, make(lr), steps) for make in RACERS.values()]
    for number, way in enumerate(walks):
        for letter, values in way.items():
            run[f"{letter}{number}"] = shown(decimals(values, 2) if letter in "xy" else values, 3)
        run[f"v{number}"] = run[f"v{number}"] if any(run[f"v{number}"]) else None
        # Its last piece of line reaches the rim.
        end = min(left_at(surface, way), steps) + 1
        for drawn, letter in (("h", "x"), ("k", "y")):
            after = [None] * (steps + 1 - end)
            run[f"{drawn}{number}"] = (
                [*decimals(way[letter][:end], 3), *after] if after else packed(way[letter], 3)
            )
    names = list(RACERS)
    ends = [left_at(surface, way) for way in walks]
    for t in range(steps + 1):
        heights = [np.inf if way["f"][t] is None else way["f"][t] for way in walks]
        gone = [name for name, height in zip(names, heights, strict=True) if np.isinf(height)]
        out = [name for name, end in zip(names, ends, strict=True) if end <= t and name not in gone]
        text = f"{names[int(np.argmin(heights))]} is lowest" if t else "all start at the same place"
        text += f"; {' and '.join(out)} left the picture" if out else ""
        leaders.append(text + (f"; {' and '.join(gone)} diverged" if gone else ""))
    run["lead"] = leaders
    return run


def contours(surface: Surface, chart: Chart) -> Node:
    """Draw the surface's contour lines as one path, in tenths of the picture's unit."""
    from contourpy import contour_generator

    x, y = np.linspace(*chart.x, 121), np.linspace(*chart.y, 121)
    generator = contour_generator(x, y, surface.f(*np.meshgrid(x, y)))
    path = []
    for level in surface.levels:
        curves: Any = generator.lines(level)
        for curve in curves:
            where = [(chart.at("x", u), chart.at("y", v)) for u, v in curve.tolist()]
            points = (10 * thinned(np.array(where))).round().astype(int)
            closed = len(points) > 2 and bool((points[0] == points[-1]).all())
            steps = np.diff(points, axis=0)[: -1 if closed else None].ravel().tolist()
            path.append(f"M{points[0][0]} {points[0][1]}l{joined(steps)}" + "z" * closed)
    return node("path", d="".join(path), class_="pb-contour", fill="none", **FAINT,
                transform="scale(.1)", vector_effect="non-scaling-stroke")  # fmt: skip


def joined(numbers: Sequence[int]) -> str:
    """Return numbers of a path; a minus sign needs no space before it."""
    return " ".join(map(str, numbers)).replace(" -", "-")


def thinned(points: Array, tolerance: float = 0.15) -> Array:
    """Leave out the points of a line that lie on the way between those that stay.

    >>> thinned(np.array([[0.0, 0.0], [1.0, 0.01], [2.0, 0.0], [3.0, 3.0]])).tolist()
    [[0.0, 0.0], [2.0, 0.0], [3.0, 3.0]]
    """
    if len(points) < 3:
        return points
    start, chord = points[0], points[-1] - points[0]
    rest, length = points - start, np.hypot(*chord)
    # Around a closed line the chord has no direction: the distance from its one point counts.
    off = np.hypot(*rest.T)
    if length > 0:
        off = np.abs(chord[0] * rest[:, 1] - chord[1] * rest[:, 0]) / length
    far = int(off.argmax())
    if off[far] <= tolerance:
        return points[[0, -1]]
    before, after = thinned(points[: far + 1], tolerance), thinned(points[far:], tolerance)
    return np.concatenate([before[:-1], after])


def optimizer_race(
    surfaces: Sequence[str] = tuple(SURFACES),
    lr: float | Sequence[float] = (0.01, 0.05, 0.2),
    *,
    steps: int = 35,
) -> Interactive:
    """Race SGD, momentum, RMSProp and Adam (with and without bias correction) on a surface.

    All start at the same place with the same learning rate; the reader chooses surface and rate.

    Parameters
    ----------
    surfaces : sequence of str, optional
        Of "long bowl", "curved valley" and "saddle".
    lr : float or sequence of float, optional
    steps : int, optional

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError
        No surface or an unknown one, a rate that is not positive, steps that are not 1 to 1999.
    TypeError
        Steps that are no whole number.

    Examples
    --------
    >>> optimizer_race(["long bowl"], lr=0.05, steps=10)
    Optimizer race: 11 steps
    """
    given = rates(lr)
    names = list(surfaces)
    if isinstance(surfaces, str) or not names:
        raise ValueError(
            f"surfaces is {surfaces!r}; give a list of at least one of {', '.join(SURFACES)}"
        )
    for name in names:
        if name not in SURFACES:
            raise ValueError(f"no surface {name!r}; the surfaces are {', '.join(SURFACES)}")
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer):
        raise TypeError(f"steps is {steps!r}; a race takes a whole number of steps, such as 35")
    if not 1 <= steps < MOST_FRAMES:
        raise ValueError(f"steps is {steps}; a race takes 1 to {MOST_FRAMES - 1}")
    runs = [race_columns(SURFACES[name], rate, steps) for name in names for rate in given]
    picture = []
    for which, name in enumerate(names):
        surface = SURFACES[name]
        chart = Chart(30, 10, 360, 250, surface.x, surface.y)
        x, y = surface.lowest
        everyone = range(len(RACERS))
        picture.append(
            node(
                "g",
                chart.frame("", "", ends(chart.x), ends(chart.y)),
                contours(surface, chart),
                words(chart.at("x", x), chart.at("y", y) + 5, "+", class_="pb-goal"),
                chart.window(
                    [chart.trail(f"h{k}", f"k{k}", f"pb-curve pb-s{k}") for k in everyone],
                    [chart.mark(f"h{k}", f"k{k}", f"pb-s{k}", k) for k in everyone],
                ),
                data_run=" ".join(str(which * len(given) + k) for k in range(len(given))),
            )
        )
    finals = [
        (f"{name}, η = {num(rate)}", *(final(run[f"f{k}"]) for k in range(len(RACERS))))
        for (name, rate), run in zip([(n, r) for n in names for r in given], runs, strict=True)
    ]

    def controls() -> Mapping[str, Any]:
        import ipywidgets

        return {
            "surface": ipywidgets.Dropdown(options=names, description="surface"),
            "lr": ipywidgets.FloatLogSlider(
                given[0], min=-3, max=0, step=0.1, description="lr", continuous_update=False
            ),
        }

    choices = [choice("Surface", names)] if len(names) > 1 else []
    if len(given) > 1:
        choices.append(choice("Learning rate η", [num(rate) for rate in given]))
    return stepper(
        "race",
        "Optimizer race",
        svg(400, 285, "Contour lines of a surface and the paths of five optimizers", *picture),
        runs,
        choices=choices,
        shared={
            "math": standings(),
            "say": Template("After step {t} with learning rate {lr}: {lead}."),
            "t": list(range(steps + 1)),
        },
        table=table([f"height after {steps} steps", *RACERS], finals),
        caption="Who ends how low",
        wide=True,
        interval=250,
        controls=controls,
        remake=lambda surface, lr: optimizer_race([surface], lr, steps=steps),
        address=address("race", surfaces=names, lr=given, steps=steps),
    )


def standings() -> Markup:
    """Return the panel: where each racer is."""
    rows: list[list[Part]] = [
        [
            [swatch(k), f" {name}"],
            node("td", place(f"x{k}"), ", ", place(f"y{k}"), class_="pb-pair"),
            *(place(f"{letter}{k}", "td") for letter in "fsv"),
        ]
        for k, name in enumerate(RACERS)
    ]
    note = "velocity: u of momentum, m of Adam, before the learning rate"
    return Markup(
        lines(["Step ", place("t"), ", learning rate ", place("lr")]),
        table(["optimizer", "x, y", "height", "step", "velocity"], rows),
        node("p", note, class_="pb-note"),
    )


def ends(values: tuple[float, float]) -> dict[float, str]:
    """Return ticks at both ends and at 0."""
    return {value: num(value) for value in (values[0], 0, values[1])}


def final(values: Sequence[Any]) -> str:
    """Return the last number of a column as text."""
    return "diverged" if values[-1] is None else num(values[-1])
