"""The lab's network: what is inside reaches only what we put there, and each attempt is named."""

from __future__ import annotations

import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from redhanded.case.errors import LabError
from redhanded.lab.embedded.packets import destination
from redhanded.lab.embedded.process_table import wait_for_exit
from redhanded.lab.namespace import Namespace, open_namespace
from redhanded.lab.services import launch, terminate


@pytest.fixture(scope="module")
def shared() -> Iterator[Namespace]:
    with open_namespace() as namespace:
        if not namespace.isolated:
            pytest.skip(namespace.why)
        yield namespace


@pytest.fixture
def namespace(shared: Namespace) -> Namespace:
    shared.clear_egress()
    return shared


def inside(namespace: Namespace, program: str) -> str:
    """What a Python program that runs inside prints."""
    done = subprocess.run(
        [*namespace.enter, sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_addresses_outside_are_refused_and_named(namespace: Namespace) -> None:
    said = inside(
        namespace,
        """
        import socket
        for host, port in (("8.8.8.8", 443), ("2001:4860::8", 80)):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            try:
                socket.socket(family).connect((host, port))
            except OSError as error:
                print(type(error).__name__)
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.1.2.3", 8125))
        """,
    )
    assert said.split() == ["ConnectionRefusedError", "ConnectionRefusedError"]
    assert namespace.egress() == (
        "8.8.8.8:443",
        "[2001:4860::8]:80",
        "10.1.2.3:8125 (UDP)",
    )


@pytest.mark.parametrize("resolver", ["127.0.0.53", "10.255.255.53", "::1"])
def test_a_name_that_is_asked_for_is_named_whatever_the_resolver(
    namespace: Namespace, resolver: str
) -> None:
    inside(
        namespace,
        f"""
        import socket
        question = bytes(12) + b"\\x03api\\x07example\\x03com\\x00" + bytes([0, 1, 0, 1])
        family = socket.AF_INET6 if ":" in "{resolver}" else socket.AF_INET
        socket.socket(family, socket.SOCK_DGRAM).sendto(question, ("{resolver}", 53))
        """,
    )
    assert namespace.egress() == ("api.example.com (DNS)",)


def test_the_system_resolver_is_seen_too(namespace: Namespace) -> None:
    text = Path("/etc/resolv.conf").read_text() if Path("/etc/resolv.conf").exists() else ""
    switch = Path("/etc/nsswitch.conf")
    by_socket = switch.exists() and " resolve" in switch.read_text()
    if "nameserver" not in text or by_socket:
        pytest.skip("this machine does not ask its resolver over the network")
    inside(
        namespace,
        """
        import socket
        try:
            socket.getaddrinfo("api.redhanded.test", 443)
        except socket.gaierror:
            pass
        """,
    )
    assert any(named.startswith("api.redhanded.test") for named in namespace.egress())


def test_traffic_inside_is_no_egress(namespace: Namespace) -> None:
    with namespace.listen() as listener:
        inside(
            namespace,
            f"""
            import socket
            socket.create_connection(("127.0.0.1", {listener.getsockname()[1]})).close()
            try:
                socket.create_connection(("localhost", 1))
            except ConnectionRefusedError:
                pass
            """,
        )
    assert namespace.egress() == ()


def test_a_listener_inside_is_reached_from_inside_and_not_from_the_host(
    namespace: Namespace, tmp_path: Path
) -> None:
    with namespace.listen() as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        program = f"import socket; socket.create_connection(('127.0.0.1', {port})).send(b'hello')"
        client = launch(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={"PATH": os.defpath},
            namespace=namespace,
        )
        listener.settimeout(10)
        accepted, _ = listener.accept()
        with accepted:
            accepted.settimeout(10)
            assert accepted.recv(16) == b"hello"
        terminate(client)
        assert client.stdout is not None
        os.close(client.stdout)


def test_our_socket_reaches_what_listens_inside(namespace: Namespace, tmp_path: Path) -> None:
    program = """
        import socket
        server = socket.create_server(("127.0.0.1", 0))
        print(server.getsockname()[1], flush=True)
        server.accept()[0].sendall(b"from inside")
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    server = launch(command, cwd=tmp_path, env={"PATH": os.defpath}, namespace=namespace)
    assert server.stdout is not None
    with open(server.stdout) as output, namespace.socket() as client:
        port = int(output.readline())
        client.settimeout(10)
        client.connect(("127.0.0.1", port))
        assert client.recv(64) == b"from inside"
    terminate(server)


def test_diag_tells_of_the_sockets_inside_only(namespace: Namespace) -> None:
    with namespace.listen() as listener, namespace.diag() as netlink:
        netlink.settimeout(10)
        listening = struct.pack("=BBBBI48s", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 1 << 10, b"")
        netlink.send(struct.pack("=IHHII", 16 + len(listening), 20, 0x301, 0, 0) + listening)
        answer = netlink.recv(65536)
        ports = set()
        at = 0
        while at < len(answer) and struct.unpack_from("=IH", answer, at)[1] == 20:
            ports.add(struct.unpack_from("!H", answer, at + 20)[0])
            at += struct.unpack_from("=I", answer, at)[0] + 3 & ~3
        assert ports == {listener.getsockname()[1]}


def test_a_taken_port_is_a_lab_error_and_the_namespace_goes_on(namespace: Namespace) -> None:
    with namespace.listen() as listener:
        port = listener.getsockname()[1]
        with pytest.raises(LabError, match="in use"):
            namespace.listen(port)
    namespace.listen(port).close()


def test_close_ends_what_runs_inside_also_what_went_away(tmp_path: Path) -> None:
    with open_namespace() as namespace:
        if not namespace.isolated:
            pytest.skip(namespace.why)
        command = "(setsid sleep 1000 >/dev/null & echo $!) ; sleep 1000"
        shell = launch(command, cwd=tmp_path, env={"PATH": os.defpath}, namespace=namespace)
        assert shell.stdout is not None
        with open(shell.stdout) as output:
            away = int(output.readline())
            namespace.close()
        for pid in (shell.pid, away):
            assert wait_for_exit(pid, timeout_s=10)
        assert terminate(shell) < 0
        namespace.close()
        with pytest.raises(LabError, match="closed"):
            namespace.ask(["socket"])


KILLED = """
import os, sys
from pathlib import Path
from redhanded.lab.namespace import open_namespace
from redhanded.lab.services import launch
namespace = open_namespace()
launched = launch("(setsid sleep 1000 & echo $!); wait; sleep 1000", cwd=Path("/"),
                  env={"PATH": "/usr/bin:/bin"}, namespace=namespace)
away = os.read(launched.stdout, 100).decode().strip()
holder = namespace.holder.pid if namespace.holder else 0
print(holder, launched.pid, away, flush=True)
sys.stdin.read()
"""


def test_kill_9_leaves_neither_the_holder_nor_anything_inside(namespace: Namespace) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    assert select.select([parent.stdout], [], [], 20)[0]
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 3
    parent.kill()
    parent.wait()
    for pid in pids:
        assert wait_for_exit(pid, timeout_s=10), f"process {pid} outlived its parent"
    parent.stdout.close()
    parent.stdin.close()


UNPRIVILEGED = """
import os, socket, subprocess, sys
from pathlib import Path
import psycopg
from redhanded.lab.namespace import open_namespace
from redhanded.lab.services import launch, start_postgres, start_redis, terminate
folder = Path(os.environ["HOME"])
with start_postgres(folder) as postgres, start_redis(folder):
    with psycopg.connect(postgres.url("postgres")) as connection:
        print(connection.execute("SELECT 40 + 2").fetchone()[0])
with open_namespace() as namespace:
    if not namespace.isolated:
        print(namespace.why)
        sys.exit()
    with namespace.listen() as listener:
        port = listener.getsockname()[1]
        command = f"echo >/dev/tcp/127.0.0.1/{port}; echo >/dev/tcp/8.8.8.8/53; id -u"
        environment = {"PATH": os.defpath}
        bash = launch(["bash", "-c", command], cwd=folder, env=environment, namespace=namespace)
        listener.settimeout(10)
        listener.accept()[0].close()
        output = open(bash.stdout).read()
        terminate(bash)
        print(output.split()[-1], "refused" in output, *namespace.egress())
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("bash"),
    reason="needs root, setpriv and bash to become somebody else",
)
def test_an_unprivileged_user_has_all_of_this(tmp_path: Path) -> None:
    home = Path(f"/var/tmp/redhanded-home-{os.getpid()}")
    home.mkdir()
    os.chown(home, 65534, 65534)
    # The one capability only lets it read its way to our Python, which may lie in root's home.
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    become += ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
    try:
        done = subprocess.run(
            [*become, sys.executable, "-c", UNPRIVILEGED],
            env={"HOME": str(home), "PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        shutil.rmtree(home)
    assert done.returncode == 0, done.stderr
    answer, network = done.stdout.splitlines()
    assert answer == "42"
    if network.startswith("no network namespace"):
        pytest.skip(network)
    assert network == "65534 True 8.8.8.8:53"


def test_where_namespaces_are_forbidden_the_host_is_used_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    holder = tmp_path / "holder.py"
    module = sys.modules["redhanded.lab.namespace"]
    source = Path(module.HOLDER).read_text()
    holder.write_text(source.replace("CLONE_NEWNET = 0x40000000", "CLONE_NEWNET = 0x1"))
    monkeypatch.setattr(module, "HOLDER", holder)
    with open_namespace() as namespace:
        assert not namespace.isolated
        assert "not allowed here" in namespace.why
        assert namespace.enter == ()
        with namespace.listen() as listener:
            address = listener.getsockname()
            socket.create_connection(address, timeout=5).close()
        assert namespace.egress() == ()


def frame(kind: int, packet: bytes) -> bytes:
    return bytes(12) + struct.pack("!H", kind) + packet


def ipv4(protocol: int, segment: bytes, to: str = "192.0.2.7") -> bytes:
    header = bytearray(20)
    header[0], header[9], header[16:20] = 0x45, protocol, socket.inet_aton(to)
    return frame(0x0800, bytes(header) + segment)


def test_packets_that_start_nothing_have_no_name() -> None:
    reset = struct.pack("!HHIIBBHHH", 443, 5000, 0, 0, 0x50, 0x14, 0, 0, 0)
    accept = struct.pack("!HHIIBBHHH", 443, 5000, 0, 0, 0x50, 0x12, 0, 0, 0)
    start = struct.pack("!HHIIBBHHH", 5000, 443, 0, 0, 0x50, 0x02, 0, 0, 0)
    assert destination(ipv4(6, start)) == "192.0.2.7:443"
    assert destination(ipv4(6, reset)) is None
    assert destination(ipv4(6, accept)) is None
    assert destination(ipv4(1, bytes(8))) is None
    assert destination(frame(0x0806, bytes(40))) is None


def test_cut_packets_are_left_alone() -> None:
    question = struct.pack("!HHHH", 5000, 53, 0, 0) + bytes(12) + b"\x09api"
    whole = ipv4(17, question)
    assert [destination(whole[:length]) for length in range(len(whole) + 1)] == [None] * (
        len(whole) + 1
    )
