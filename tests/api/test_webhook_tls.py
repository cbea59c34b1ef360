"""The line to an endpoint is encrypted, and to whom its certificate names."""

import socket
import ssl
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.utils.timezone import now

from notifications.services.calling import Answer, Message, call_endpoint
from tests.api.receiver import SECRET


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 that nobody has signed but itself, with its key: a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "desk")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "desk.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + signed.public_bytes(Encoding.PEM))
    return file


@pytest.fixture
def call(receiver, certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    receiver.socket = tls.wrap_socket(receiver.socket, server_side=True)

    def ask(host):
        url = f"https://{host}:{receiver.server_port}/"
        return call_endpoint(
            Message(url=url, secrets=[SECRET], message_id="msg_1", body=b"{}", at=now())
        )

    return ask


def test_a_certificate_that_nobody_vouches_for_is_refused(call, receiver):
    assert call("127.0.0.1") == Answer(None, "certificate")
    assert receiver.calls == []


def test_only_whom_the_certificate_names_is_told(call, receiver, certificate, monkeypatch):
    trusting = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr("notifications.services.outside._tls", lambda: trusting)

    monkeypatch.setattr(
        "notifications.services.outside.connect_outside",
        lambda _host, port: socket.create_connection(("127.0.0.1", port)),
    )

    assert call("127.0.0.1") == Answer(200)
    assert call("desk.example") == Answer(None, "certificate")
    assert len(receiver.calls) == 1
