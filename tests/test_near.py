import numpy as np

import pybackprop as pb
from pybackprop.near import has_kink, near


def test_which_activations_have_a_kink_is_measured():
    assert [name for name, phi in pb.ACTIVATIONS.items() if has_kink(phi)] == ["relu", "leaky_relu"]
    bent = pb.Activation("bent", lambda z: np.where(z.real > 0, 2 * z, np.expm1(z)), lambda z, a: z)
    assert has_kink(bent)


def test_the_branches_change_nothing_at_theta():
    net = pb.Network([3, 5, 5, 2], "leaky_relu", rng=0)
    X = np.random.default_rng(0).normal(size=(9, 3))
    (own,) = near(net, X, np.zeros((9, 2)), None).nets
    for l in net.phi:
        np.testing.assert_array_equal(pb.forward(own, X).z[l], pb.forward(net, X).z[l])
