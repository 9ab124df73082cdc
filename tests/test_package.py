"""What `import pybackprop` brings, and what it leaves for later."""

import subprocess
import sys

import pytest

import pybackprop as pb


def test_every_public_name_is_there():
    assert len(set(pb.__all__)) == len(pb.__all__)
    for name in pb.__all__:
        assert getattr(pb, name) is not None
        assert name in dir(pb)
    for module, names in pb.LATER.items():
        assert all(getattr(getattr(pb, module), name) is getattr(pb, name) for name in names)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'pybackprop' has no attribute 'trian'"):
        pb.trian  # noqa: B018


def test_importing_loads_what_a_pass_needs_and_the_rest_when_it_is_used():
    loaded = "[m for m in pb.LATER if f'pybackprop.{m}' in sys.modules]"
    program = f"import sys, pybackprop as pb; print({loaded}); pb.SGD; print({loaded})"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.splitlines() == ["[]", "['optimizers']"], result.stderr
