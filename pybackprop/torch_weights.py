"""Weights to PyTorch and back: a Network's W and b under the names of an ``nn.Sequential``.

Both keep a weight matrix as (units, inputs), so nothing is transposed on the way.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .network import Network


def to_torch(net: Network) -> dict[str, Any]:
    """Return the parameters as a ``state_dict`` of Linear layers with an activation after each.

    ``nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Sigmoid())`` takes that of a
    2-3-1 network by ``load_state_dict``; whether it ends in an activation makes no difference.

    Parameters
    ----------
    net : Network

    Returns
    -------
    dict of str to torch.Tensor
        "0.weight", "0.bias", "2.weight", ...: copies, of the network's dtype.

    Raises
    ------
    ImportError
        PyTorch is not installed.
    TypeError
        net is no Network.
    """
    check_network(net)
    try:
        import torch
    except ImportError:
        raise ImportError(
            "to_torch needs PyTorch: run pip install torch; the numbers themselves are in "
            "net.params.W and net.params.b"
        ) from None
    return {
        f"{2 * (l - 1)}.{name}": torch.tensor(values[l])
        for l in net.phi
        for name, values in (("weight", net.params.W), ("bias", net.params.b))
    }


def from_torch(net: Network, state: Any) -> None:
    """Write the parameters of a PyTorch model of Linear layers into a network of the same sizes.

    Parameters
    ----------
    net : Network
    state : torch.nn.Module or mapping of str to tensor
        The model, or its ``state_dict()``: for each layer a weight (n_l, n_{l-1}) and a bias
        (n_l,), whatever their names. A layer without a bias gets zeros.

    Raises
    ------
    TypeError, ValueError
        It does not fit; nothing has been changed then.

    Examples
    --------
    Arrays will do, too:

    >>> net = Network([2, 1])
    >>> from_torch(net, {"0.weight": [[1.0, 2.0]], "0.bias": [3.0]})
    >>> net.params.theta
    array([1., 2., 3.])
    """
    check_network(net)
    given = state.state_dict() if hasattr(state, "state_dict") else state
    if not isinstance(given, Mapping):
        raise TypeError(
            f"state is of type {type(state).__name__}; give a model, or model.state_dict()"
        )
    arrays = {
        name: np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
        for name, value in given.items()
    }
    left = list(arrays.items())
    theta = net.params.theta.copy()
    twin = net.with_params(theta)
    for l in net.phi:
        shape = net.params.W[l].shape
        if not left or left[0][1].shape != shape:
            found = f"{left[0][0]} {left[0][1].shape}" if left else "nothing"
            raise ValueError(
                f"layer {l} has a weight {shape} (units, inputs), the state has {found} there; "
                f"it holds {', '.join(f'{n} {a.shape}' for n, a in arrays.items())}"
            )
        twin.params.W[l] = left.pop(0)[1]
        has_bias = bool(left) and left[0][1].shape == shape[:1]
        twin.params.b[l] = left.pop(0)[1] if has_bias else np.zeros(shape[0])
    if left:
        raise ValueError(
            f"the state holds more than the network's {net.L} layers: "
            + ", ".join(f"{name} {array.shape}" for name, array in left)
        )
    net.params.theta[:] = theta


def check_network(net: Any) -> None:
    """Raise unless it is a Network."""
    if not isinstance(net, Network):
        raise TypeError(f"net is of type {type(net).__name__}; give a Network")
