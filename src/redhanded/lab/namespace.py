"""A network of the lab's own, in which nothing outside can be reached and every attempt is named.

Processes of the system under test run in a network namespace that has only ``lo``. All addresses
are routed to it, so a call to anywhere else is refused at once and seen. Sockets for the proxies
are made inside and used outside: a socket belongs to the namespace it was made in.

What this does not hold back: unix sockets in the file system (a local PostgreSQL's
``/var/run/postgresql``, a resolver daemon's). Where the kernel or its container forbids namespaces,
`open_namespace` gives one with ``isolated`` False and says ``why``; its sockets are the host's.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from redhanded.case.errors import LabError
from redhanded.lab.embedded.packets import destination
from redhanded.lab.embedded.process_table import wait_for_exit
from redhanded.lab.embedded.processes import ENTER

HOLDER = Path(__file__).with_name("embedded") / "holder.py"
ANSWER_TIMEOUT_S = 10.0
CLEARING_TIMEOUT_S = 10.0
Socket = socket.socket
BACKLOG = 512
NETLINK_SOCK_DIAG = 4


def open_namespace() -> Namespace:
    """Open a namespace, as root or not; never fails because namespaces are forbidden.

    The holder kills all that runs inside when this is closed, and also when this process is killed.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(ANSWER_TIMEOUT_S)
    command = [sys.executable, "-I", "-S", str(HOLDER), str(theirs.fileno())]
    with theirs:
        holder = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
    try:
        answer = json.loads(ours.recv(4096) or b'{"why": "the process that holds it ended"}')
    except TimeoutError:
        answer = {"why": f"the process that holds it did not answer in {ANSWER_TIMEOUT_S:.0f} s"}
    if "why" in answer:
        ours.close()
        _end(holder)
        return Namespace(isolated=False, why=f"no network namespace: {answer['why']}")
    namespace = Namespace(
        isolated=True,
        why="own network namespace" + (" (in a user namespace)" if answer["own_user"] else ""),
        options=_options(holder.pid, own_user=answer["own_user"]),
        holder=holder,
        channel=ours,
    )
    namespace.sniffer = namespace.ask(["sniff"])
    namespace.sniffer.setblocking(False)
    return namespace


@dataclass(slots=True, kw_only=True)
class Namespace:
    """A network namespace that is open, or the host's network where there is none."""

    isolated: bool
    """Whether processes started inside are cut off from every other network."""

    why: str
    """How it is isolated, or why it is not."""

    options: tuple[str, ...] = ()
    """What the program `enter` is told to get inside; empty where there is no namespace."""

    holder: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    channel: Socket | None = field(default=None, repr=False)
    sniffer: Socket | None = field(default=None, repr=False)
    attempts: dict[str, None] = field(default_factory=dict, repr=False)

    @property
    def enter(self) -> tuple[str, ...]:
        """Put before a command line to run it inside; empty where there is no namespace."""
        return (*ENTER, *self.options, "--") if self.options else ()

    def listen(self, port: int = 0, host: str = "127.0.0.1") -> Socket:
        """A listening TCP socket that only processes inside can reach; port 0 is any free one."""
        if self.channel is None:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return _or_lab_error(
                lambda: socket.create_server((host, port), family=family, backlog=BACKLOG),
                f"cannot listen on {host}:{port}",
            )
        return self.ask(["listen", host, port])

    def socket(self) -> Socket:
        """A TCP socket, not connected; connect it to reach what listens inside."""
        if self.channel is None:
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        return self.ask(["socket"])

    def diag(self) -> Socket:
        """A NETLINK_SOCK_DIAG socket that tells of the sockets inside (sock_diag(7))."""
        if self.channel is None:
            return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
        return self.ask(["diag"])

    def egress(self) -> tuple[str, ...]:
        """What was called outside since the last `clear_egress`, each once, in order.

        Names from DNS questions (``api.example.com (DNS)``) and addresses (``93.184.216.34:443``).
        Packets on ``lo`` are captured as they are sent, so a call that has returned is in here.
        Always empty where ``isolated`` is False.
        """
        while self.sniffer is not None:
            try:
                frame, origin = self.sniffer.recvfrom(65535)
            except BlockingIOError:
                break
            # On lo each packet is seen twice, leaving and arriving.
            if origin[2] != socket.PACKET_OUTGOING and (named := destination(frame)):
                self.attempts.setdefault(named)
        return tuple(self.attempts)

    def clear_egress(self) -> None:
        """Forget the attempts so far."""
        self.egress()
        self.attempts.clear()

    def ask(self, question: list[object]) -> Socket:
        """Have the holder make a socket; LabError if it cannot or is gone."""
        if self.channel is None:
            raise LabError("the namespace of the lab is closed; open a new lab")
        try:
            self.channel.send(json.dumps(question).encode())
            answer, descriptors, _, _ = socket.recv_fds(self.channel, 4096, 1)
        except OSError as error:
            raise LabError(f"the process that holds the lab's network is gone: {error}") from error
        if not descriptors:
            reason = answer.decode() or "it ended"
            raise LabError(f"the lab's network could not make a socket {question}: {reason}")
        return socket.socket(fileno=descriptors[0])

    def close(self) -> None:
        """End every process inside and the namespace with them. Closing twice does nothing."""
        for opened in (self.sniffer, self.channel):
            if opened is not None:
                opened.close()
        self.sniffer = self.channel = None
        if self.holder is not None:
            _end(self.holder)
            self.holder = None
        self.options = ()

    def __enter__(self) -> Namespace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _options(pid: int, *, own_user: bool) -> tuple[str, ...]:
    folder = f"/proc/{pid}/ns"
    user = ("--user-namespace", f"{folder}/user") if own_user else ()
    return (*user, "--net-namespace", f"{folder}/net")


def _end(holder: subprocess.Popen[bytes]) -> None:
    if not wait_for_exit(holder.pid, timeout_s=CLEARING_TIMEOUT_S):
        holder.kill()
    holder.wait()


def _or_lab_error(make: Callable[[], Socket], what: str) -> Socket:
    try:
        return make()
    except OSError as error:
        raise LabError(
            f"{what}: {error.strerror or error}; free the port or choose another"
        ) from error
