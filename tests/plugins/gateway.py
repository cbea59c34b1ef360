"""The gateway of unit tests: in memory, in place of every vendor."""

from dataclasses import replace

import pytest

from payments.gateways.fake import FakeGateway
from payments.gateways.registry import KINDS


@pytest.fixture
def fake_gateway(monkeypatch):
    fake = FakeGateway()
    monkeypatch.setitem(
        KINDS, "stripe", replace(KINDS["stripe"], speaker=lambda _credentials: fake)
    )
    return fake
