from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from waiaas import WAIaaSOperatorClient

from .world import World, set_limits


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.fixture(scope="session")
def operator(world: World) -> Iterator[WAIaaSOperatorClient]:
    with world.operator() as operator:
        set_limits(operator)
        yield operator


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leaves the counts for whoever runs these tests among others."""
    path = os.environ.get("WAIAAS_TEST_REPORT")
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if path is None or reporter is None:
        return
    count = {outcome: len(reports) for outcome, reports in reporter.stats.items()}
    failed = count.get("failed", 0) + count.get("error", 0)
    counts = {"passed": count.get("passed", 0), "failed": failed, "skipped": count.get("skipped", 0)}
    Path(path).write_text(json.dumps(counts), "utf-8")
