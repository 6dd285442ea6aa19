"""TLS that ends at a proxy: what is said arrives unchanged, and nothing is left behind."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_proxy import GSS_REQUEST, READY, SSL_REQUEST, STARTUP, Passing

from redhanded.lab.authority import Authority, in_tls, make_authority
from redhanded.lab.proxy import Channel, Kind, Route, SocketUpstream
from redhanded.lab.pump import UNSENT_BYTES_MAX, Pump
from redhanded.lab.wire.encryption import BEGINNINGS, begin_postgres, begin_redis

PING = b"*1\r\n$4\r\nPING\r\n"
QUERY = b"Q\0\0\0\x0dSELECT 1\0"
HANDSHAKE_TURNS = 10
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"), ["db", "not_a_host_name"])


class Client:
    """A process in TLS and its server in plain text, with a channel between them."""

    def __init__(
        self,
        kind: Kind,
        authority: Authority,
        owner: Passing,
        *,
        trusts: bool = True,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        name: str = "localhost",
        piece: int = 1 << 16,
    ) -> None:
        self.pump = Pump()
        self.process, inner = socket.socketpair()
        self.server, service = socket.socketpair()
        route = Route(
            process="web",
            service="db",
            kind=kind,
            connect=lambda channel: SocketUpstream(self.pump, channel, service),
            pipe=authority.pipe(kind),
        )
        self.channel = Channel(self.pump, route, inner, owner, 1)
        for end in (self.process, self.server):
            end.setblocking(False)
        context = ssl.create_default_context(cafile=str(authority.certificate) if trusts else None)
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["postgresql"])
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        self.piece = piece

    def move(self) -> None:
        """Lets everything that is ready go on, in small pieces if asked to."""
        while True:
            sent = False
            while sealed := self.outgoing.read(self.piece):
                self.process.sendall(sealed)
                while self.pump.turn():
                    continue
                sent = True
            while self.pump.turn():
                continue
            if not self.hear_sealed() and not sent:
                return

    def hear_sealed(self) -> bool:
        try:
            sealed = self.process.recv(1 << 20)
        except BlockingIOError:
            return False
        if sealed:
            self.incoming.write(sealed)
        else:
            self.incoming.write_eof()
        return bool(sealed)

    def shake_hands(self) -> None:
        for _ in range(HANDSHAKE_TURNS):
            with suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
                self.move()
                return
            self.move()
        raise AssertionError("the proxy does not shake hands")

    def ask_for_tls(self) -> None:
        self.process.sendall(SSL_REQUEST)
        self.pump.turn()
        assert self.process.recv(16) == b"S"
        self.shake_hands()

    def say(self, data: bytes) -> None:
        self.tls.write(data)
        self.move()

    def hear(self) -> bytes:
        """All that has come; ``b""`` also where the server has said goodbye."""
        self.move()
        heard = b""
        while True:
            try:
                data = self.tls.read(1 << 20)
            except ssl.SSLWantReadError:
                return heard
            if not data:
                return heard
            heard += data

    def server_says(self, data: bytes) -> None:
        self.server.sendall(data)
        self.move()

    def server_hears(self) -> bytes | None:
        try:
            return self.server.recv(1 << 20)
        except BlockingIOError:
            return None

    def close(self) -> None:
        self.channel.close()
        for end in (self.process, self.server):
            end.close()
        self.pump.close()


@contextmanager
def client(kind: Kind, authority: Authority, owner: Passing, **options: object) -> Iterator[Client]:
    made = Client(kind, authority, owner, **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("version", VERSIONS, ids=["1.2", "1.3"])
@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
def test_the_server_hears_what_was_said_however_it_was_cut(
    authority: Authority, version: ssl.TLSVersion, piece: int
) -> None:
    owner = Passing()
    with client("postgres", authority, owner, version=version, piece=piece) as made:
        made.ask_for_tls()
        made.say(STARTUP)
        assert made.server_hears() == STARTUP
        made.server_says(READY)
        assert made.hear() == READY
        made.say(QUERY + QUERY)
        assert made.server_hears() == QUERY + QUERY
        assert made.tls.version() == version.name.replace("_", ".")
    assert owner.kinds == ["STARTUP", "SELECT", "SELECT"]


def test_tls_from_the_first_byte_is_agreed_upon_by_name(authority: Authority) -> None:
    with client("postgres", authority, Passing()) as made:
        made.shake_hands()
        assert made.tls.selected_alpn_protocol() == "postgresql"
        made.say(STARTUP)
        assert made.server_hears() == STARTUP


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "db"])
def test_the_certificate_is_for_this_machine_and_the_service(
    authority: Authority, name: str
) -> None:
    with client("redis", authority, Passing(), name=name) as made:
        made.shake_hands()
        made.say(PING)
        assert made.server_hears() == PING


def test_a_client_of_postgres_that_wants_no_tls_is_served(authority: Authority) -> None:
    owner = Passing()
    with client("postgres", authority, owner) as made:
        made.process.sendall(GSS_REQUEST)
        made.pump.turn()
        assert made.process.recv(16) == b"N"
        made.process.sendall(STARTUP)
        made.move()
        assert made.server_hears() == STARTUP
        # The tracers have counted the question, which the server never saw.
        assert made.channel.client.sent_at(0) == (len(GSS_REQUEST), None)
        assert not made.channel.client.refusal


def test_a_client_of_redis_that_speaks_plain_is_ended_and_named(authority: Authority) -> None:
    owner = Passing()
    with client("redis", authority, owner) as made:
        made.process.sendall(PING)
        made.move()
        assert made.server_hears() == b""
        assert not made.channel.open
        assert "came in plain text" in made.channel.client.refusal
    assert (owner.ended, owner.kinds) == (1, [])


def test_a_client_that_does_not_trust_the_authority_is_named(authority: Authority) -> None:
    owner = Passing()
    with client("redis", authority, owner, trusts=False) as made:
        with pytest.raises(ssl.SSLCertVerificationError):
            made.shake_hands()
        made.move()
        assert "does not accept the lab's certificate" in made.channel.client.refusal
    assert owner.ended == 1


def test_a_client_that_leaves_while_shaking_hands_is_named(authority: Authority) -> None:
    with client("redis", authority, Passing()) as made:
        with pytest.raises(ssl.SSLWantReadError):
            made.tls.do_handshake()
        made.process.sendall(made.outgoing.read())
        made.process.close()
        while made.pump.turn():
            continue
        assert "in the midst of the TLS handshake" in made.channel.client.refusal


def test_a_client_that_looks_whether_the_port_is_open_is_not_named(authority: Authority) -> None:
    owner = Passing()
    with client("redis", authority, owner) as made:
        made.process.close()
        while made.pump.turn():
            continue
        assert (owner.ended, made.channel.client.refusal) == (1, "")


def test_versions_that_are_not_to_be_had_are_named(authority: Authority) -> None:
    with client("redis", authority, Passing()) as made:
        made.process.sendall(b"\x16\x03\x01\x00\x05hello")
        while made.pump.turn():
            continue
        assert "the TLS handshake failed" in made.channel.client.refusal


def test_a_record_that_was_changed_ends_the_connection_behind_what_came_whole(
    authority: Authority,
) -> None:
    owner = Passing()
    with client("redis", authority, owner) as made:
        made.shake_hands()
        made.tls.write(PING)
        good = made.outgoing.read()
        made.tls.write(PING)
        bad = bytearray(made.outgoing.read())
        bad[-1] ^= 1
        made.process.sendall(good + bad)
        while made.pump.turn():
            continue
        assert made.server_hears() == PING
        assert "broke" in made.channel.client.refusal
    assert owner.kinds == ["PING"]


def test_a_goodbye_of_the_client_follows_what_it_said(authority: Authority) -> None:
    owner = Passing()
    with client("redis", authority, owner) as made:
        made.shake_hands()
        made.tls.write(PING)
        with pytest.raises(ssl.SSLWantReadError):
            made.tls.unwrap()
        made.move()
        assert made.server_hears() == PING
        assert made.server_hears() == b""
        made.tls.unwrap()  # The proxy has said goodbye too; else this would raise.
        assert made.channel.client.refusal == ""
    assert owner.ended == 1


def test_a_server_that_ends_says_goodbye_behind_what_it_said(authority: Authority) -> None:
    with client("redis", authority, Passing()) as made:
        made.shake_hands()
        made.say(PING)
        made.server.sendall(b"+PONG\r\n")
        made.server.close()
        assert made.hear() == b"+PONG\r\n"
        assert made.tls.read(1) == b""  # Not an end in the midst of something.


def test_a_server_that_speaks_and_leaves_before_hands_are_shaken_is_heard(
    authority: Authority,
) -> None:
    """As a server does that has too many clients."""
    with client("redis", authority, Passing()) as made:
        made.server.sendall(b"-ERR max number of clients reached\r\n")
        made.server.close()
        made.shake_hands()
        assert made.hear() == b"-ERR max number of clients reached\r\n"
        assert made.tls.read(1) == b""


def test_a_client_that_ends_its_side_is_heard_to_the_end(authority: Authority) -> None:
    """Without a goodbye, as a process does that is killed."""
    owner = Passing()
    with client("redis", authority, owner) as made:
        made.shake_hands()
        made.tls.write(PING * 3000)
        sealed = made.outgoing.read()
        made.process.sendall(sealed[:-1])
        made.process.shutdown(socket.SHUT_WR)
        heard = b""
        while made.pump.turn():
            heard += made.server_hears() or b""
        heard += made.server_hears() or b""
        # All but the last record, of which a byte is missing.
        assert len(PING) * 2000 < len(heard) < len(PING) * 3000
        assert (PING * 3000).startswith(heard)
    assert owner.ended == 1


def test_nothing_is_sent_that_nobody_waits_for(authority: Authority) -> None:
    """Session tickets would stay unread in a process that sleeps, and it would never be at rest."""
    with client("redis", authority, Passing()) as made:
        made.shake_hands()
        made.move()
        assert made.incoming.pending == 0
        with pytest.raises(ssl.SSLWantReadError):
            made.tls.read(1)
        assert not made.tls.session or not made.tls.session.has_ticket


def test_no_more_is_read_for_a_process_that_does_not_read(authority: Authority) -> None:
    with client("redis", authority, Passing()) as made:
        made.shake_hands()
        made.say(PING)
        made.server_hears()
        reply = b"$%d\r\n" % (8 * UNSENT_BYTES_MAX) + bytes(8 * UNSENT_BYTES_MAX) + b"\r\n"
        rest = memoryview(reply)
        while True:
            before = len(rest)
            with suppress(BlockingIOError):
                rest = rest[made.server.send(rest) :]
            if not made.pump.turn() and len(rest) == before:
                break
        assert len(rest) > 4 * UNSENT_BYTES_MAX
        got = b""
        while len(got) < len(reply):
            if rest:
                with suppress(BlockingIOError):
                    rest = rest[made.server.send(rest) :]
            made.pump.turn()
            got += made.hear()
        assert got == reply


def test_it_is_known_where_on_the_wire_each_message_began(authority: Authority) -> None:
    with client("redis", authority, Passing()) as made:
        made.shake_hands()
        wire = made.channel.client._sealed  # type: ignore[attr-defined]
        sealed = []
        for _ in range(3):
            sealed.append(wire)
            made.tls.write(PING + PING)
            wire += made.outgoing.pending
            made.move()
        for number, start in enumerate(sealed):
            at = number * 2 * len(PING)
            assert made.channel.client.sent_at(at) == (at, start)
            assert made.channel.client.sent_at(at + len(PING)) == (at + len(PING), start)


SAID = st.lists(
    st.tuples(st.sampled_from("cs"), st.binary(min_size=1, max_size=40_000)), max_size=6
)


@settings(max_examples=40, deadline=None)
@given(said=SAID, piece=st.sampled_from([11, 5000, 1 << 16]))
def test_whatever_is_said_the_other_side_hears_it_unchanged(
    authority: Authority, said: list[tuple[str, bytes]], piece: int
) -> None:
    """Bytes that are no message too: they go on as they are."""
    with client("redis", authority, Passing(), piece=piece) as made:
        made.shake_hands()
        made.say(b"*x\r\n")
        heard = {"c": made.server_hears() or b"", "s": b""}
        whole = {"c": b"*x\r\n", "s": b""}
        for side, data in said:
            whole[side] += data
            if side == "c":
                made.say(data)
            else:
                made.server_says(data)
            heard["s"] += made.hear()
            while (more := made.server_hears()) is not None:
                heard["c"] += more
        assert heard == whole


@pytest.mark.parametrize("cut", range(1, 8))
def test_half_a_question_is_waited_for(cut: int) -> None:
    for question in (SSL_REQUEST, GSS_REQUEST):
        assert begin_postgres(question[:cut]).speaks == "unknown"
        assert begin_postgres(question[:cut]).used == 0


def test_who_begins_how() -> None:
    assert begin_postgres(STARTUP).speaks == "plain"
    assert begin_postgres(STARTUP[:2]).speaks == "unknown"
    assert begin_postgres(b"\x16\x03\x01").speaks == "tls"
    assert begin_redis(b"\x16").speaks == "tls"
    assert begin_redis(b"*").speaks == "wrong"
    assert set(BEGINNINGS) == {"postgres", "redis"}


@pytest.mark.parametrize(
    ("plain", "secure"),
    [
        ("redis://u:p%40@127.0.0.1:1/2?a=b", "rediss://u:p%40@127.0.0.1:1/2?a=b"),
        ("valkey://127.0.0.1:1", "valkeys://127.0.0.1:1"),
        ("postgresql://u:p%40@h:1/x", "postgresql://u:p%40@h:1/x?sslmode=require"),
        ("postgres://h/x?sslmode=disable", "postgres://h/x?sslmode=require"),
        (
            "postgres://h/x?options=-c%20a%3Db&sslmode=prefer",
            "postgres://h/x?options=-c%20a%3Db&sslmode=require",
        ),
    ],
)
def test_an_address_asks_for_tls_and_keeps_the_rest(
    authority: Authority, plain: str, secure: str
) -> None:
    assert in_tls({"url": plain, "db": "x"}, authority) == {
        "url": secure,
        "db": "x",
        "ca": str(authority.certificate),
    }


def test_keys_are_nowhere(tmp_path: Path) -> None:
    made = make_authority(tmp_path, ["db"])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "authorities.pem",
        "authority.pem",
    ]
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "PRIVATE" not in text
    assert set(made.variables()) == {"NODE_EXTRA_CA_CERTS", "PGSSLROOTCERT", "SSL_CERT_FILE"}
