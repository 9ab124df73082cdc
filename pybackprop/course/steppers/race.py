"""The optimizer race: several optimizers on one surface of two coordinates, step by step."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...optimizers import SGD, Adam, Optimizer, RMSProp
from ..stage.display import Interactive
from ..stage.drawing import Chart, lines, svg, swatch, table, tag, write
from ..stage.stepper import choice, num, rounded, stepper


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
        (-4, 2),
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
        (-2.2, 1.1),
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


def walk(surface: Surface, optimizer: Optimizer, steps: int) -> dict[str, list[Any]]:
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
        velocity = state.get("velocity", getattr(optimizer, "m", None))
        size = None if velocity is None else np.hypot(*velocity)
        rows.append((*theta, surface.f(*theta), np.hypot(*(theta - before)), size))
    rows += [(None,) * 5] * (steps + 1 - len(rows))
    return dict(zip("xyfsv", map(list, zip(*rows, strict=True)), strict=True))


def shown(values: Sequence[float | None], digits: int) -> list[float | int | None]:
    """Return numbers as they are shown."""
    return [None if value is None else rounded(value, digits) for value in values]


def race_columns(surface: Surface, lr: float, steps: int) -> dict[str, Any]:
    """Return the columns of one race: ``x0, y0, f0, s0, v0`` for the first racer, and so on."""
    run: dict[str, Any] = {"n": steps + 1, "lr": num(lr)}
    leaders = []
    walks = [walk(surface, make(lr), steps) for make in RACERS.values()]
    for place, way in enumerate(walks):
        for letter, values in way.items():
            places = [v if v is None or letter not in "xy" else round(v, 2) for v in values]
            run[f"{letter}{place}"] = shown(places, 3)
        run[f"v{place}"] = run[f"v{place}"] if any(run[f"v{place}"]) else None
    names = list(RACERS)
    for t in range(steps + 1):
        heights = [np.inf if way["f"][t] is None else way["f"][t] for way in walks]
        gone = [name for name, height in zip(names, heights, strict=True) if np.isinf(height)]
        text = f"{names[int(np.argmin(heights))]} is lowest" if t else "all start at the same place"
        leaders.append(text + (f"; {' and '.join(gone)} diverged" if gone else ""))
    run["lead"] = leaders
    return run


def contours(surface: Surface, chart: Chart) -> str:
    """Draw the surface's contour lines as one path."""
    from contourpy import contour_generator

    x, y = np.linspace(*chart.x, 61), np.linspace(*chart.y, 61)
    generator = contour_generator(x, y, surface.f(*np.meshgrid(x, y)))
    path = []
    for level in surface.levels:
        curves: Any = generator.lines(level)
        for curve in curves:
            points = [f"{chart.at('x', u):.0f} {chart.at('y', v):.0f}" for u, v in curve.tolist()]
            path.append("M" + "L".join(dict.fromkeys(points)))
    return tag("path", d="".join(path), class_="pb-contour", fill="none", stroke="currentColor")


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
        An unknown surface, a rate that is not positive, fewer than 1 step.

    Examples
    --------
    >>> optimizer_race(["long bowl"], lr=0.05, steps=10)
    Optimizer race: 11 steps
    """
    rates = [lr] if isinstance(lr, int | float) else list(lr)
    for name in surfaces:
        if name not in SURFACES:
            raise ValueError(f"no surface {name!r}; the surfaces are {', '.join(SURFACES)}")
    if steps < 1:
        raise ValueError(f"steps is {steps}; a race takes at least 1")
    runs = [race_columns(SURFACES[name], rate, steps) for name in surfaces for rate in rates]
    picture = []
    for which, name in enumerate(surfaces):
        surface = SURFACES[name]
        chart = Chart(30, 10, 360, 250, surface.x, surface.y)
        mine = " ".join(str(which * len(rates) + place) for place in range(len(rates)))
        goal = write(
            chart.at("x", surface.lowest[0]), chart.at("y", surface.lowest[1]) + 5, None, "+",
            class_="pb-goal",
        )  # fmt: skip
        ways = [
            chart.trail(f"x{place}", f"y{place}", f"pb-curve pb-s{place}")
            for place in range(len(RACERS))
        ]
        marks = [
            chart.mark(f"x{place}", f"y{place}", f"pb-s{place}", place)
            for place in range(len(RACERS))
        ]
        box: dict[str, Any] = {
            "x": chart.left,
            "y": chart.top,
            "width": chart.width,
            "height": chart.height,
        }
        view = " ".join(f"{value:g}" for value in box.values())
        picture.append(
            f'<g data-run="{mine}">'
            + chart.frame("", "", ends(chart.x), ends(chart.y))
            + contours(surface, chart)
            + goal
            + tag("svg", "".join([*ways, *marks]), viewBox=view, **box)
            + "</g>"
        )
    titles = ("optimizer", "x, y", "height", "step", "velocity")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    rows = "".join(
        f'<tr><th scope="row">{swatch(place)} {name}</th>'
        f'<td class="pb-pair">{{x{place}}}, {{y{place}}}</td>'
        f"<td>{{f{place}}}</td><td>{{s{place}}}</td><td>{{v{place}}}</td></tr>"
        for place, name in enumerate(RACERS)
    )
    shared = {
        "math": lines("Step {t}, learning rate {lr}")
        + f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        '<p class="pb-note">velocity: u of momentum, m of Adam, before the learning rate</p>',
        "say": "After step {t} with learning rate {lr}: {lead}.",
        "t": list(range(steps + 1)),
    }
    finals = [
        (f"{name}, η = {num(rate)}", *(final(run[f"f{place}"]) for place in range(len(RACERS))))
        for (name, rate), run in zip([(n, r) for n in surfaces for r in rates], runs, strict=True)
    ]

    def controls() -> Mapping[str, Any]:
        import ipywidgets

        return {
            "surface": ipywidgets.Dropdown(options=list(surfaces), description="surface"),
            "lr": ipywidgets.FloatLogSlider(
                rates[0], min=-3, max=0, step=0.1, description="lr", continuous_update=False
            ),
        }

    choices = [choice("Surface", list(surfaces))] if len(surfaces) > 1 else []
    if len(rates) > 1:
        choices.append(choice("Learning rate η", [num(rate) for rate in rates]))
    return stepper(
        "race",
        "Optimizer race",
        svg(400, 285, "Contour lines of a surface and the ways of five optimizers", *picture),
        runs,
        choices=choices,
        shared=shared,
        table=table([f"height after {steps} steps", *RACERS], finals),
        caption="Who ends how low",
        wide=True,
        interval=250,
        controls=controls,
        remake=lambda surface, lr: optimizer_race([surface], lr, steps=steps),
    )


def ends(values: tuple[float, float]) -> dict[float, str]:
    """Return ticks at both ends and at 0."""
    return {value: num(value) for value in (values[0], 0, values[1])}


def final(values: Sequence[Any]) -> str:
    """Return the last number of a column as text."""
    return "diverged" if values[-1] is None else num(values[-1])
