"""A practice provider without delays, and somebody who listens to it."""

import pytest

from matinee.integrations.payments.sandbox.provider import Sandbox
from matinee.runtime import Runtime
from tests.integrations.payments.sandbox.posting import Listener


@pytest.fixture
def sandbox(runtime: Runtime) -> Sandbox:
    """The practice provider; slow payments are captured at once."""
    runtime.payments.sandbox.delay = 0
    return runtime.payments.sandbox


@pytest.fixture
def listener(sandbox: Sandbox) -> Listener:
    """Who takes its webhooks."""
    sandbox.transport = listener = Listener(sandbox)
    return listener
