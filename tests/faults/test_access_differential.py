"""Twenty thousand invented cases in which SQL and Python must decide alike who may play what."""

import pytest

from matinee.runtime import Runtime
from tests.entitlements.test_access_differential import WAYS, compare_worlds

pytestmark = pytest.mark.faults

FROM, WORLDS = 1_000, 560


async def test_sql_and_python_decide_alike(runtime: Runtime) -> None:
    differences = await compare_worlds(runtime, range(FROM, FROM + WORLDS))
    assert differences.found == []
    assert differences.cases >= 20_000
    assert min(differences.ways.get(via, 0) for via in WAYS) >= 200
