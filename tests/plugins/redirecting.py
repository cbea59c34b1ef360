"""A gateway that redirects, and the service it redirects to; registered for the test alone."""

import pytest


@pytest.fixture(scope="session")
def harbour_pay_server():
    from tests.redirect_gateway.server import running_harbour_pay  # noqa: PLC0415

    with running_harbour_pay() as service:
        yield service


@pytest.fixture
def harbour_pay(harbour_pay_server, monkeypatch):
    from payments.gateways.registry import KINDS  # noqa: PLC0415 - needs the servers
    from tests.redirect_gateway.gateway import NAME, harbour_pay_kind  # noqa: PLC0415

    service = harbour_pay_server
    service.is_down = service.loses_answers = False
    service.is_silent = True  # unless a test has somewhere to tell it to
    for rows in (service.payments, service.webhooks, service.notified):
        rows.clear()
    monkeypatch.setitem(KINDS, NAME, harbour_pay_kind(service.url))
    return service
