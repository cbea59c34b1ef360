"""Where a push may go, and which keys it is signed with."""

from unittest.mock import patch

import pytest

from notifications.services.outside import AddressNotAllowed, connect_outside, may_be_spoken_to
from notifications.services.push_services import UnknownPushService, check_endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://wns2-par02p.notify.windows.com/w/?token=abc",
    ],
)
def test_the_push_services_of_browsers_are_known(endpoint):
    assert check_endpoint(endpoint).geturl() == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com:8443/abc",
        "https://fcm.googleapis.com:x/abc",
        "https://me@fcm.googleapis.com/abc",
        "https://fcm.googleapis.com@10.0.0.1/abc",
        "https://fcm.googleapis.com.evil.test/abc",
        "https://evil-push.services.mozilla.com.test/",
        "https://127.0.0.1/abc",
        "http://127.0.0.1:8000/abc",
        "https://2130706433/",
        "https://[::1]/",
        "//fcm.googleapis.com/abc",
        "https://[",
        "",
    ],
)
def test_anything_else_is_refused(endpoint):
    with pytest.raises(UnknownPushService):
        check_endpoint(endpoint)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "224.0.0.1"),
        *("::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::7f00:1"),
        *("64:ff9b::a00:1", "2002:7f00:1::", "100.64.0.1", "64:ff9b:1::a00:1", "fec0::1"),
    ],
)
def test_no_push_goes_to_an_address_that_is_not_of_the_open_internet(address):
    assert not may_be_spoken_to(address)


def test_a_name_that_leads_inside_is_not_connected_to():
    answers = [(2, 1, 6, "", ("142.250.1.1", 443)), (2, 1, 6, "", ("10.0.0.7", 443))]

    with (
        patch("socket.getaddrinfo", return_value=answers),
        patch("socket.create_connection") as connect,
        pytest.raises(AddressNotAllowed),
    ):
        connect_outside("fcm.googleapis.com", 443)

    connect.assert_not_called()
    assert may_be_spoken_to("142.250.1.1")
