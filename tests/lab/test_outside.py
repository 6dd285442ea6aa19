"""Requests of the outside world: values filled in first, then signed as the receiver checks it."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from redhanded.case.errors import InputError
from redhanded.case.system import Delivery, Signature
from redhanded.lab.clock import epoch_s
from redhanded.lab.outside import build, sign

DELIVERY = Delivery(
    name="an event comes in",
    to="web",
    method="POST",
    path="/events/{unique}",
    body={"id": "evt_{unique}", "items": [{"of": "{unique}"}, 3, None], "é": True},
    headers={"X-Request": "r-{unique}"},
)
SECRET = {"HOOK_SECRET": "s3cret"}


def parts(delivery: Delivery, unique: str = "abc") -> tuple[str, dict[str, str], bytes]:
    """Request line, headers and body."""
    head, _, body = build(delivery, unique, SECRET).data.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    return line, dict(each.split(": ", 1) for each in lines), body


def test_unique_is_filled_into_path_headers_and_every_level_of_the_body() -> None:
    line, headers, body = parts(DELIVERY)
    assert line == "POST /events/abc HTTP/1.1"
    assert headers["X-Request"] == "r-abc"
    assert json.loads(body) == {"id": "evt_abc", "items": [{"of": "abc"}, 3, None], "é": True}
    assert headers["Content-Length"] == str(len(body))
    assert headers["Content-Type"] == "application/json"


def test_a_raw_body_is_sent_as_it_is() -> None:
    _, headers, body = parts(
        replace(DELIVERY, raw_body="a={unique}&b", headers={"content-type": "text/plain"})
    )
    assert body == b"a=abc&b"
    assert headers["content-type"] == "text/plain" and "Content-Type" not in headers


def test_no_body_has_length_zero_and_no_type() -> None:
    _, headers, body = parts(replace(DELIVERY, method="GET", body=None))
    assert body == b"" and headers["Content-Length"] == "0" and "Content-Type" not in headers


def digest(data: bytes) -> str:
    return hmac.new(b"s3cret", data, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("scheme", "header", "prefix"),
    [("github", "X-Hub-Signature-256", "sha256="), ("hmac-sha256", "X-Signature", "")],
)
def test_a_body_is_signed_after_its_values_were_filled_in(
    scheme: str, header: str, prefix: str
) -> None:
    signature = Signature(scheme=scheme, secret_env="HOOK_SECRET")
    _, headers, body = parts(replace(DELIVERY, sign=signature))
    assert b"evt_abc" in body
    assert headers[header] == prefix + digest(body)
    other = replace(DELIVERY, sign=replace(signature, header="X-Own"))
    assert parts(other)[1]["X-Own"] == prefix + digest(body)


def test_a_signature_with_a_time_signs_time_and_body() -> None:
    signature = Signature(scheme="stripe", secret_env="HOOK_SECRET")
    name, value = sign(signature, b"{}", SECRET)
    at, hexadecimal = (part.partition("=")[2] for part in value.split(","))
    assert name == "Stripe-Signature"
    assert abs(int(at) - epoch_s()) < 5
    assert hexadecimal == digest(at.encode() + b".{}")


def test_a_missing_secret_names_the_variable() -> None:
    with pytest.raises(InputError, match="`OTHER`"):
        sign(Signature(scheme="github", secret_env="OTHER"), b"", SECRET)


def test_an_unknown_scheme_names_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"`rot13`.*github"):
        sign(Signature(scheme="rot13", secret_env="HOOK_SECRET"), b"", SECRET)
