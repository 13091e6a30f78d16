"""Engines reached over TLS: what is said through the bridge arrives whole, both ways, and ends as it should."""

import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ncr.entries.web_bridge import plain

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False)
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signed = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path.write_bytes(key.private_bytes(*form) + signed)
    return path


@pytest.fixture
def ends(certificate: Path) -> Iterator[tuple[socket.socket, ssl.SSLSocket]]:
    """The near end of a bridge, and the far end of the TLS connection it leads over."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=certificate)
    server.load_cert_chain(certificate)
    # As an engine does, which goes on answering whoever has said all.
    server.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    with socket.create_server((HOST, 0)) as listening:
        accepted: list[ssl.SSLSocket] = []
        thread = threading.Thread(
            target=lambda: accepted.append(server.wrap_socket(listening.accept()[0], server_side=True))
        )
        thread.start()
        tls = client.wrap_socket(socket.create_connection(listening.getsockname()), server_hostname=HOST)
        thread.join()
    near = plain(tls)
    near.settimeout(10)
    accepted[0].settimeout(10)
    with near, tls, accepted[0] as far:
        yield near, far


def read(end: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size and (chunk := end.recv(65536)):
        found += chunk
    return bytes(found)


def test_much_arrives_whole_in_both_directions_at_once(ends: tuple[socket.socket, ssl.SSLSocket]) -> None:
    near, far = ends
    there, back = secrets.token_bytes(3_000_000), secrets.token_bytes(2_000_000)
    sender = threading.Thread(target=near.sendall, args=(there,))
    sender.start()
    assert read(far, len(there)) == there
    sender.join()
    sender = threading.Thread(target=far.sendall, args=(back,))
    sender.start()
    assert read(near, len(back)) == back
    sender.join()


def test_an_end_of_what_is_said_still_lets_the_answer_come(ends: tuple[socket.socket, ssl.SSLSocket]) -> None:
    near, far = ends
    near.sendall(b"ask")
    # Some of the answer is there before the end is said, some comes after.
    far.sendall(b"answer ")
    near.shutdown(socket.SHUT_WR)
    assert far.recv(10) == b"ask"
    assert far.recv(10) == b""
    far.sendall(b"again")
    far.close()
    assert read(near, 100) == b"answer again"


def test_the_far_end_ends_the_near_one(ends: tuple[socket.socket, ssl.SSLSocket]) -> None:
    near, far = ends
    far.sendall(b"bye")
    far.close()
    assert read(near, 100) == b"bye"
    assert near.recv(10) == b""


def test_a_plain_socket_needs_no_bridge() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert plain(one) is one
