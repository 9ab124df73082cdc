"""What a pattern of wrong entries points to: which equation, which mistake."""

from collections.abc import Sequence

import numpy as np

from .network import Network, Trace
from .params import Array
from .report import GradientReport, block_of

BP = {"W": "BP4", "b": "BP3"}


def suspected_in_model(report: GradientReport, fixed: Sequence[str]) -> str:
    """Return where to look in a model, of whose function nothing is known."""
    g, off = report.backprop, report.blocks
    if not np.isfinite(report.numerical).all():
        return "suspect: the loss itself is no finite number there. Try smaller inputs and values"
    if not np.isfinite(g).all():
        return f"suspect: an overflow, or 0/0, in the pull-back of something that {off[0]} is in"
    if set(off) <= set(fixed):
        return f"suspect: {' '.join(off)} fixed: a constant's gradient is 0. Set it to 0"
    return (
        f"suspect: the pull-back of an operation of yours that {' '.join(off)} went through, the "
        "last of them first. Or a kink, met exactly (relu at 0): add a little noise to the "
        "parameters, and check again"
    )


def suspected_cause(net: Network, trace: Trace, entries: Array, report: GradientReport) -> str:
    """Return what the wrong entries have in common, and what to try next.

    Guesses that can be worked out are worked out: a gradient with the suspected mistake, from the
    deltas of backpropagation, is held against the one that is judged.
    """
    g, n, off, L = report.backprop, report.numerical, report.blocks, net.L
    blocks = np.array([block_of(name) for name in report.names])
    here = np.isin(blocks, off)

    def same(a: Array, b: Array) -> bool:
        return bool(np.abs(a - b).max(initial=0) <= 1e-3 * np.abs(b).max(initial=0))

    def fits(block: str, values: Array) -> bool:
        """Return whether the judged gradient has these values in a block."""
        at = blocks == block
        guess = np.ravel(values)[entries[at] - net.params.blocks[block].start]
        return bool(at.any()) and same(g[at], guess)

    theta, m = net.params.theta[entries].astype(float), len(trace.y)
    letters, layers = {block[0] for block in off}, {int(block[2:-1]) for block in off}
    silent = {block for block in net.params.blocks if not n[blocks == block].any()}
    top = max(layers)
    lower = {f"{letter}[{l}]" for letter in "Wb" for l in range(1, top + 1)}
    if not np.isfinite(g).all():
        return (
            "suspect: an overflow, or 0/0, in the backward pass. Try inputs and weights of size 1, "
            "and the loss on logits"
        )
    if not np.isfinite(n[here]).all():
        return "suspect: the loss itself is no finite number there. Try smaller inputs and weights"
    if set(off) <= set(net.fixed):
        return f"suspect: {' '.join(off)} fixed: a constant's gradient is 0. Set it to 0"
    for letter in letters if len(letters) == 1 else ():
        share = (g - n)[here] @ theta[here] / max(theta[here] @ theta[here], 1e-300)
        if same((g - n)[here], share * theta[here]) and here.sum() > 2:
            what = f"{share:+.4g} times {letter} itself"
            if letter == "W" and np.isclose(share, -net.penalty, rtol=1e-3):
                what += ": the penalty's slope, lambda W, is missing"
            return (
                f"suspect: {' '.join(off)} are off by {what}. Look at the penalty in {BP[letter]}"
            )
    if report.wrong.sum() == 1 and here.sum() > 1:
        return f"suspect: {report.worst} alone ({BP[off[0][0]]}). Look for what writes there"
    if "W" not in letters:
        if all(fits(f"b[{l}]", trace.delta[l].mean(axis=0)) for l in layers) and m > 1:
            return "suspect: BP3, a mean over the batch for the sum. Try delta.sum(axis=0)"
        if all(fits(f"b[{l}]", np.full(net.sizes[l], trace.delta[l].sum())) for l in layers):
            return "suspect: BP3, a sum over all of delta. Try delta.sum(axis=0)"
    length = n[here] @ n[here]
    factor = g[here] @ n[here] / length if length else 0.0
    everywhere = set(off) | silent >= set(net.params.blocks)
    place = (
        "BP1 or the loss's convention" if everywhere
        else BP[letters.pop()] if len(letters) == 1
        else f"BP2, from layer {top + 1} to {top}" if set(off) | silent >= lower and top < L
        else f"delta[{top}]"
    )  # fmt: skip
    if not g[here].any():
        return f"suspect: {place}: {' '.join(off)} 0. Look whether anything is written there"
    if np.count_nonzero(n[here]) > 1 and same(g[here], factor * n[here]):
        return (
            f"suspect: one factor, {factor:.6g}{known_factor(factor, m, net.sizes[L])}, in {place}"
        )
    delta, z, a, W = trace.delta, trace.z, trace.a, net.params.W
    if place.startswith("BP2"):
        phi, back = net.phi[top], delta[top + 1] @ W[top + 1]
        guesses = {
            "the slope phi'(z) is missing": back,
            "the slope is taken at a, not at z": back * phi.derivative(a[top], phi.f(a[top])),
        }
        if net.sizes[top] == net.sizes[top + 1]:
            slope = phi.derivative(z[top], a[top])
            guesses[f"W[{top + 1}] is transposed"] = delta[top + 1] @ W[top + 1].T * slope
        for what, values in guesses.items():
            if fits(f"b[{top}]", values.sum(axis=0)):
                return f"suspect: {place}: {what}"
        return (
            f"suspect: {place}: slope, transpose, or a W[{top + 1}] that was updated too early. "
            "Try dot_product_test with your deltas"
        )
    if set(off) | silent >= lower and top == L:
        guesses = {
            "the slope of the output is in it twice": net.phi[L].pullback(z[L], a[L], delta[L]),
            "the slope of the output is missing": net.loss.gradient(a[L], trace.y),
        }
        for what, values in guesses.items():
            if fits(f"b[{L}]", values.sum(axis=0)):
                return f"suspect: BP1, delta[{L}]: {what}"
        return f"suspect: BP1, delta[{L}]: all is off, by no common factor. Work out dC/dz by hand"
    if place == BP["W"]:
        for l in layers:
            at = blocks == f"W[{l}]"
            if net.sizes[l] == net.sizes[l - 1] and at.sum() == W[l].size:
                if fits(f"W[{l}]", n[at].reshape(W[l].shape).T):
                    return f"suspect: BP4: the gradient of W[{l}] is transposed"
                if fits(f"W[{l}]", delta[l].T @ a[l]):
                    return f"suspect: BP4: a[{l}] in place of a[{l - 1}] in W[{l}]"
            if l > 1 and fits(f"W[{l}]", delta[l].T @ z[l - 1]):
                return f"suspect: BP4: z[{l - 1}] in place of a[{l - 1}] in W[{l}]"
        return f"suspect: BP4 of {' '.join(off)}: old activations, or the wrong layer's"
    if place == BP["b"]:
        return f"suspect: BP3 of {' '.join(off)}: the wrong axis, or old deltas"
    return f"suspect: several mistakes. Start with the highest layer, {off[-1]}"


def known_factor(factor: float, m: int, outputs: int) -> str:
    """Return where a factor is likely to come from.

    >>> known_factor(-1.0, 5, 1)
    ' (the sign)'
    """
    known = {
        "the sign": -1.0,
        "the 2 of a square": 2.0,
        "the half of a square": 0.5,
        "m: a sum over the batch for the mean": m,
        "1/m: the mean taken twice": 1 / m,
        "the number of outputs": outputs,
        "1 over the number of outputs": 1 / outputs,
    }
    found = [
        what  # a factor of 1, as m is for a single example, is none
        for what, value in known.items()
        if value != 1 and np.isclose(factor, value, rtol=1e-3)
    ]
    return f" ({', or '.join(found)})" if found else ""
