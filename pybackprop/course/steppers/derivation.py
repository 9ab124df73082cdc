"""The derivation: the chain rule of one weight or bias, factor by factor."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from ...network import Network, Trace
from ...params import Entry
from ..stage.display import Interactive
from ..stage.drawing import (
    entry_name,
    hidden,
    joined,
    lines,
    network,
    node_name,
    of_entry,
    place,
    result,
    signed_sum,
    slope,
    slope_of,
    sym,
    table,
)
from ..stage.stepper import Frame, choice, num, run_of, stepper
from ..stage.tree import Markup, Node, Part, node
from .backward import output_slope, slope_at
from .one_example import Values, address_of, by_unit, done_state, one_trace

MOST_PATHS = 6
MOST_CHAINS = 100


class Factor(NamedTuple):
    """One factor of a chain: its symbol, its value, words for it, and what is lit."""

    symbol: Part
    value: float
    words: str
    lit: str


def derivation_frames(net: Network, trace: Trace, entry: Entry) -> list[Frame]:
    """Return the frames of the chain rule for one weight or bias, factor by factor.

    Where few paths lead from the parameter to the loss, the factors of each path stand in a row of
    their own. Where there are many, what comes back to the unit is one factor, the sum of BP2.
    """
    k, l, j = entry.index, entry.layer, entry.j
    widths = net.sizes[l + 1 :]
    count = int(np.prod(widths)) if widths else 1
    if count <= MOST_PATHS:
        paths = [path_factors(net, trace, l, j, path) for path in product(*map(range, widths))]
    else:
        paths = [folded_factors(net, trace, l, j)]
    rows = [[*path, last_factor(net, trace, entry)] for path in paths]
    if net.penalty and entry.i is not None:
        rows.append(penalty_factors(net, entry))
    who, gradient = entry_name(net, entry), float(trace.grad.theta[k])
    touched = f"p{k}:gradient" + f" e{k}:gradient" * (entry.i is not None)
    state = done_state(net, trace) | {"math": chain(entry, who, rows), "total": Markup()}
    state |= {f"f{r}.{f}": "?" for r, row in enumerate(rows) for f in range(len(row))}
    number = len(rows[0])
    if count > MOST_PATHS:
        made_of = f". What comes back over all of them is the first of {number} factors."
    else:
        made_of = f"{', each' if count > 1 else ':'} a product of {number} factors."
        if joins_slopes(net):
            made_of += " The first joins the slopes of the loss and of the output activation."
    frames: list[Frame] = [
        state
        | {
            "say": f"How does {who} reach the loss? Along {count} path{'s' * (count > 1)}{made_of}",
            "lit": touched,
        }
    ]
    for r, row in enumerate(rows):
        for f, factor in enumerate(row):
            along = f" on path {r + 1}" if len(paths) > 1 and r < len(paths) else ""
            state[f"f{r}.{f}"] = num(factor.value)
            own = touched if f < len(row) - 1 else f"p{k}:gradient"
            frames.append(
                state
                | {
                    "say": f"Factor {f + 1} of {len(row)}{along}: {factor.words} "
                    f"is {num(factor.value)}.",
                    "lit": f"{factor.lit} {own} f{r}.{f}:delta",
                }
            )
    products = [float(np.prod([factor.value for factor in row])) for row in rows]
    total: list[Part] = [["= ", signed_sum(products)]] if len(products) > 1 else []
    total.append(result(gradient, "gradient"))
    frames.append(
        state
        | {
            "total": Markup(*(node("p", one, class_="pb-eq") for one in total)),
            "say": f"Multiplied{' and added' * (len(rows) > 1)}, the gradient of {who} "
            f"is {num(gradient)}.",
            "lit": " ".join([touched, *dict.fromkeys(one.lit for row in rows for one in row)]),
            f"p{k}": f"∂ {num(gradient)}",
        }
    )
    return frames


def chain(entry: Entry, who: str, rows: Sequence[Sequence[Factor]]) -> Markup:
    """Return the chain rule: a row of factors for each path, with places for their values."""
    text: list[Part] = []
    for r, row in enumerate(rows):
        chips = [chip(factor.symbol, f"f{r}.{f}") for f, factor in enumerate(row)]
        dot = node("span", "·", class_="pb-dot")
        text.append(["+ " * (r > 0), joined(chips, dot)])
    head = lines(f"Chain rule for {who.removeprefix('the ')}", [slope("C", of_entry(entry)), " = "])
    return Markup(head, [node("p", one, class_="pb-eq") for one in text], place("total", "div"))


def chip(symbol: Part, column: str) -> Node:
    """Return a factor: its symbol above its value."""
    parts = [node("span", symbol), hidden(" = "), place(column)]
    return node("span", *parts, class_="pb-factor", data_k=column)


def joins_slopes(net: Network) -> bool:
    """Whether a chain begins with dC/dz of the output, not with dC/da and da/dz."""
    return bool(net.objective.fused or net.phi[net.L].mixing)


def path_factors(net: Network, trace: Trace, l: int, j: int, path: Sequence[int]) -> list[Factor]:
    """Return the factors from the loss back to z[l][j], along one path of nodes above layer l."""
    nodes = [j, *path]
    k, L = nodes[-1], net.L
    if joins_slopes(net):
        words = f"the slope of the loss at the sum of the {node_name(net, L, k)} (its delta)"
        lit = f"nC:delta c{k}:delta n{L}.{k}:delta"
        factors = [Factor(slope("C", sym("z", L, k)), float(trace.delta[L][0, k]), words, lit)]
    else:
        words = f"the slope of the loss at the {node_name(net, L, k)}"
        value = float(output_slope(net, trace)[k])
        factors = [
            Factor(slope("C", sym("a", L, k)), value, words, f"nC:delta c{k}:delta"),
            slope_factor(net, trace, L, k),
        ]
    for layer in range(L - 1, l - 1, -1):
        here, after = nodes[layer - l], nodes[layer - l + 1]
        p = net.params.index("W", layer + 1, after, here)
        factors.append(
            Factor(
                slope_of(sym("z", layer + 1, after), sym("a", layer, here)),
                float(net.params.theta[p]),
                entry_name(net, Entry(p, "W", layer + 1, after, here)),
                f"e{p}:weight p{p}:weight",
            )
        )
        factors.append(slope_factor(net, trace, layer, here))
    return factors


def slope_factor(net: Network, trace: Trace, l: int, j: int) -> Factor:
    """Return the activation's slope at one unit."""
    words = f"the slope of {net.phi[l].name} in {node_name(net, l, j)}"
    symbol = slope_of(sym("a", l, j), sym("z", l, j))
    return Factor(symbol, slope_at(net, trace, l, j), words, f"n{l}.{j}:delta")


def folded_factors(net: Network, trace: Trace, l: int, j: int) -> list[Factor]:
    """Return what comes back to a[l][j] over all paths at once, then the unit's slope."""
    w, above = net.params.W[l + 1][:, j], trace.delta[l + 1][0]
    lit = []
    for k in range(len(w)):
        p = net.params.index("W", l + 1, k, j)
        lit.append(f"n{l + 1}.{k}:delta e{p}:delta p{p}:weight")
    words = f"what comes back to {node_name(net, l, j)}, the sum of weight times delta,"
    back = Factor(slope("C", sym("a", l, j)), float((w * above).sum()), words, " ".join(lit))
    return [back, slope_factor(net, trace, l, j)]


def last_factor(net: Network, trace: Trace, entry: Entry) -> Factor:
    """Return how the unit's sum depends on the parameter itself."""
    k, l, j, i = entry.index, entry.layer, entry.j, entry.i
    symbol = slope_of(sym("z", l, j), of_entry(entry))
    if i is None:
        words = f"a bias enters the sum of {node_name(net, l, j)} as it is: the factor"
        return Factor(symbol, 1.0, words, f"p{k}:gradient")
    words = f"what {node_name(net, l - 1, i)} hands on"
    lit = f"n{l - 1}.{i}:activation e{k}:gradient"
    return Factor(symbol, float(trace.a[l - 1][0, i]), words, lit)


def penalty_factors(net: Network, entry: Entry) -> list[Factor]:
    """Return the penalty's own way from a weight to the loss: lambda times the weight."""
    k = entry.index
    return [
        Factor("λ", float(net.penalty), "the penalty's factor", "nC:delta"),
        Factor(of_entry(entry), float(net.params.theta[k]), "the weight itself", f"e{k}:gradient"),
    ]


def derivation_stepper(
    net: Network, x: Values | Trace, y: Values | None = None, *, start: str | None = None
) -> Interactive:
    """Step through the chain rule of one parameter; a click on a weight or bias chooses another.

    Parameters
    ----------
    net : Network
        At most 12 nodes a layer.
    x : array of shape (n_0,) or (1, n_0), or a Trace
        One example; or the trace of one, then without y.
    y : array of shape (n_L,) or (1, n_L), optional
    start : str, optional
        The parameter shown first, such as "W[1][0, 1]"; by default the first weight.

    Returns
    -------
    Interactive

    Raises
    ------
    ValueError
        As `backward_stepper`; also an unknown parameter, and more than 100 of them.

    Examples
    --------
    >>> import pybackprop as pb
    >>> derivation_stepper(pb.Network([2, 3, 1], rng=0), [0.5, 1.0], [1.0])
    Chain rule, factor by factor: 6 steps
    """
    trace = one_trace(net, x, y)
    every = by_unit(net)
    if len(every) > MOST_CHAINS:
        raise ValueError(
            f"{net!r} has more than {MOST_CHAINS} chains to show; "
            "backward_stepper takes it, or use a smaller network"
        )
    names = list(map(str, every))
    if start is not None and start not in names:
        raise ValueError(f"start is {start!r}; the parameters are {names[0]} to {names[-1]}")
    runs = []
    for entry in every:
        frames = derivation_frames(net, trace, entry)
        runs.append(run_of(frames))
    shared = {
        key: column
        for key, column in runs[0].items()
        if key != "n" and all(run.get(key) == column for run in runs)
    }
    values = [
        (num(net.params.theta[k]), num(trace.grad.theta[k])) for k in [e.index for e in every]
    ]
    options = [f"{name} = {value}" for name, (value, _) in zip(names, values, strict=True)]
    rows = [(node("code", name), *pair) for name, pair in zip(names, values, strict=True)]
    return stepper(
        "derivation",
        "Chain rule, factor by factor",
        network(
            net,
            f"The network {'-'.join(map(str, net.sizes))}; choose a weight or bias",
            pick={entry.index: option for option, entry in enumerate(every)},
        ),
        [{key: run[key] for key in run if key not in shared} for run in runs],
        choices=[choice("Weight or bias", options, names.index(start) if start else 0)],
        shared=shared,
        table=table(["parameter", "value", "gradient"], rows),
        caption="Every gradient",
        address=address_of(net, trace, "derivation"),
    )
