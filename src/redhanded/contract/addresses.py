"""What a service's address and the templates for it may say."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from redhanded.contract.complaints import nearest

_SCHEMES = {"postgres": ("postgres", "postgresql"), "redis": ("redis", "valkey")}
_PLACE = re.compile(r"\{([a-z_]+)\}")


def check_url(url: str, kind: str, *, allow_remote: bool, fail: Callable[[str], Exception]) -> None:
    """Raises what ``fail`` makes unless ``url`` is a plain-text ``kind`` server on this machine."""
    parts = urlsplit(url)
    modes = parse_qs(parts.query).get("sslmode", [])
    if parts.scheme in ("rediss", "valkeys") or {*modes} & {"require", "verify-ca", "verify-full"}:
        raise fail(
            "the lab itself does not speak TLS to a server; give the address of a plain-text port "
            "(with `tls = true` the processes speak TLS to the lab)"
        )
    if parts.scheme not in _SCHEMES[kind]:
        raise fail(
            f"{parts.scheme or 'an address without a scheme'} is not {kind}; "
            f"the address starts with {_SCHEMES[kind][0]}://"
        )
    if not parts.hostname:
        raise fail("the address names no host; the lab connects by TCP, e.g. 127.0.0.1")
    if not allow_remote and not is_loopback(parts.hostname):
        raise fail(
            f"{parts.hostname} is not this machine; a trial writes and deletes data there, so it "
            "is refused without --allow-remote (leave `url` out to use an embedded server)"
        )


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine by its own spelling; no name is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_places(
    env: Mapping[str, str], known: tuple[str, ...], fail: Callable[[str, str], Exception]
) -> None:
    """Raises what ``fail`` makes for a ``{…}`` that stands for nothing."""
    for variable, template in env.items():
        for place in _PLACE.findall(template):
            if place not in known:
                raise fail(
                    variable,
                    f"{{{place}}} stands for nothing here{nearest(place, known)} "
                    f"(known: {', '.join(known)})",
                )
