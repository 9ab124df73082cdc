"""What holds for all tests."""

import signal

import hypothesis
import pytest

# No test fails because the machine is busy.
BUSY = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=BUSY)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def interruptible():
    """Ctrl+C interrupts, also where the test run itself ignores it: `nohup make test`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
