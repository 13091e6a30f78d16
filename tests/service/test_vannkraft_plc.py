"""The station's controller on a real socket: garbage, crowds, and who may write."""

import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pure.scenarios.own_modules import load

modbus: Any
device: Any
server: Any
access: Any
engineering: Any
modbus, device, server, access, engineering = load(
    "vannkraft", ("images/plc", "felles"), "modbus", "device", "server", "access", "engineering"
)
HOST = "127.0.0.1"
GARBAGE = (
    b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n",
    b"\x00\x01\x00\x00\x00\x01\x01",
    b"\x00\x01\x00\x07\x00\x06\x01\x03\x00\x00\x00\x01",
    b"\x00\x01\x00\x00\xff\xff\x01\x03\x00\x00\x00\x01",
    b"\xff" * 600,
    b"\x00\x01\x00\x00\x00\x06\x01",
    b"",
)


@pytest.fixture
def plc() -> Iterator[Any]:
    """The Modbus server with a healthy controller behind it."""
    made = server.Server(device.Controller("skilt", "kvittering", 1), access.Access(), (HOST, 0))
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def client(plc: Any) -> Any:
    return modbus.Client(HOST, plc.server_address[1])


def is_closed(connection: socket.socket) -> bool:
    """Whether the other end hangs up, with or without a goodbye."""
    try:
        return connection.recv(10) == b""
    except ConnectionResetError:
        return True


def test_a_client_reads_and_writes_over_one_connection(plc: Any) -> None:
    with client(plc) as one:
        one.write_register(90, 4711)
        one.write_registers(1, [300, 200])
        one.write_coil(0, False)
        assert one.registers(90) == [4711]
        assert one.registers(1, 2) == [300, 200]
        assert one.coils(0, 4) == [False, True, False, False]


@pytest.mark.parametrize("sent", GARBAGE)
def test_garbage_ends_its_own_connection_and_no_other(plc: Any, sent: bytes) -> None:
    with client(plc) as other, socket.create_connection(plc.server_address, 5) as stranger:
        stranger.sendall(sent)
        stranger.shutdown(socket.SHUT_WR)
        assert is_closed(stranger)
        assert other.registers(0) == [1200]


def test_two_requests_in_one_piece_and_one_in_many_are_answered(plc: Any) -> None:
    frame = modbus.header(7, 1, struct.pack(">BHH", 3, 0, 1))
    with socket.create_connection(plc.server_address, 5) as connection, connection.makefile("rb") as answers:
        connection.sendall(frame + frame)
        for at in range(len(frame)):
            connection.sendall(frame[at : at + 1])
        wanted = modbus.header(7, 1, b"\x03\x02\x04\xb0")
        assert answers.read(3 * len(wanted)) == 3 * wanted


def test_a_crowd_is_kept_out_and_those_inside_are_served(plc: Any) -> None:
    inside = [client(plc) for _ in range(server.MOST_EACH)]
    try:
        assert all(one.registers(0) == [1200] for one in inside)
        for _ in range(50):
            with socket.create_connection(plc.server_address, 5) as late:
                assert is_closed(late)
        assert all(one.registers(0) == [1200] for one in inside)
    finally:
        for one in inside:
            one.__exit__()


def test_only_machines_on_the_list_may_write(plc: Any) -> None:
    plc.access._writers = {"hmi": "10.1.2.3"}
    with client(plc) as stranger:
        with pytest.raises(modbus.ModbusError, match="exception 1"):
            stranger.write_register(90, 1)
        assert stranger.registers(90) == [0]
    plc.access.limit(["localhost"])
    with client(plc) as known:
        known.write_register(90, 1)
    plc.access.limit(["alle"])
    assert plc.access.names() == ["alle"]


@pytest.mark.parametrize("name", ["finnes-ikke.invalid", "; id", "", "x" * 100])
def test_a_machine_that_is_not_known_does_not_get_on_the_list(name: str) -> None:
    kept = access.Access()
    with pytest.raises(ValueError, match="ikke"):
        kept.limit(["localhost", name])
    assert kept.names() == ["alle"]


def test_writes_are_told_as_they_were_sent_and_answered() -> None:
    pdu = b"\x06\x00\x02\x03\xe8"
    assert server.described(pdu, pdu) == "skriv fc=6 adresse=2 data=03e8 utført"
    assert server.described(pdu, b"\x86\x01") == "skriv fc=6 adresse=2 data=03e8 avvist (1)"


@pytest.mark.parametrize(
    "line", [b"", b"hei", b"[]", b"7", b'{"ordre": "vis"}', b"[" * 1500, b'{"ordre": 1, "passord": "x", "navn": 3}']
)
def test_the_programming_port_understands_or_says_that_it_does_not(line: bytes) -> None:
    port = engineering.Engineering(access.Access(), "riktig", "NCR{merke}")
    assert port.answer(line, "10.0.0.9") == {"feil": "forstår ikke"}


def test_the_programming_port_wants_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engineering, "WRONG_S", 0.0)
    kept = access.Access()
    port = engineering.Engineering(kept, "riktig", "NCR{merke}")
    assert port.answer(b'{"ordre": "vis", "passord": "gal"}', "10.0.0.9") == {"feil": "feil passord"}
    assert port.answer(b'{"ordre": "vis", "passord": "riktig"}', "10.0.0.9")["merke"] == "NCR{merke}"
    order = b'{"ordre": "skrivere", "passord": "riktig", "navn": ["localhost"]}'
    assert port.answer(order, "10.0.0.9") == {"skrivere": ["localhost"]}
    told = port.answer(b'{"ordre": "logg", "passord": "riktig"}', "10.0.0.9")["hendelser"]
    assert [line.split(" ", 1)[1] for line in told] == [
        "10.0.0.9 programmering: feil passord",
        "10.0.0.9 skrivere: localhost",
    ]
