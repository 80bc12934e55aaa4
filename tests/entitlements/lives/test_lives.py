"""A household lives at random; whatever it does, access and money are what a small model says."""

import asyncio

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from matinee.core.settings import Settings
from matinee.main import create_app
from matinee.runtime import Runtime
from tests.entitlements.lives.house import Town
from tests.entitlements.lives.machine import Lives

SOME = settings(max_examples=12, stateful_step_count=20, phases=(Phase.generate,))
MANY = settings(max_examples=150, stateful_step_count=50, derandomize=False)


@pytest.mark.parametrize("lives", [SOME, pytest.param(MANY, marks=pytest.mark.faults)])
def test_access_and_money_are_what_the_model_says(settings: Settings, lives: settings) -> None:
    with asyncio.Runner() as runner:
        runtime = Runtime(settings.model_copy(update={"unsold_titles": "locked"}))
        runner.run(runtime.open())
        town = Town(runtime, create_app(runtime=runtime))
        runner.run(town.build())

        class Here(Lives):
            pass

        Here.town, Here.loop = town, runner.get_loop()
        calm = {"deadline": None, "suppress_health_check": list(HealthCheck)}
        run_state_machine_as_test(Here, settings=type(lives)(lives, **calm))
        runner.run(town.client.aclose())
        runner.run(runtime.close())
