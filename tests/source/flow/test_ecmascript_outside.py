"""Requests, mail, clouds, signatures, identifiers, clocks and timers of Node."""

from __future__ import annotations

import math

import pytest
from library_calls import AROUND, WORK, effect, library, meaning, site

from redhanded.source.flow.framework import Framework
from redhanded.source.flow.frameworks import http_clients, identifiers, node_runtime, outside
from redhanded.source.flow.values import Computed, Input, Known, Library

SEAT = Input("request", ("body", "seat"))
URL = Computed("text", (Known("https://mail.test/send/"), SEAT))
HEADERS = {"headers": {"Idempotency-Key": SEAT}}


@pytest.mark.parametrize(
    ("callee", "arguments"),
    [
        (library("global", "fetch"), (URL, {"method": "post", **HEADERS})),
        (library("node-fetch"), (URL, {"method": "POST", **HEADERS})),
        (library("undici", "request"), (URL, {"method": "POST", **HEADERS})),
        (library("axios", "post"), (URL, {}, HEADERS)),
        (library("axios"), ({"url": URL, "method": "post", **HEADERS},)),
        (
            library("axios", "create", ({"baseURL": "https://mail.test"},), "post"),
            ("/a", {}, HEADERS),
        ),
        (library("got", "post"), (URL, HEADERS)),
        (library("ky", "extend", (HEADERS,), "post"), (URL,)),
    ],
)
def test_a_request_in_each_spelling(callee: Library, arguments: tuple[object, ...]) -> None:
    found = effect(http_clients.FRAMEWORK, callee, *arguments)
    assert (found.kind, found.verb, found.subject) == ("send", "POST", "mail.test")
    assert found.options["idempotency-key"] == SEAT


def test_a_request_that_is_sent_when_it_is_awaited() -> None:
    chain = library("superagent", "post", (URL,), "set", ("Idempotency-Key", SEAT), "send", ({},))
    assert meaning(http_clients.FRAMEWORK, library("superagent", "post"), URL).is_lazy
    found = http_clients.FRAMEWORK.settle(chain, "await", AROUND)
    assert found is not None
    assert (found.effects[0].verb, found.effects[0].subject) == ("POST", "mail.test")
    assert found.effects[0].options["idempotency-key"] == SEAT


def test_time_limits_in_seconds() -> None:
    found = effect(http_clients.FRAMEWORK, library("axios", "get"), URL, {"timeout": 1500})
    assert found.options["timeout"] == Known(1.5)
    signal = library("global", "AbortSignal", "timeout", (2000,))
    fetched = effect(http_clients.FRAMEWORK, library("global", "fetch"), URL, {"signal": signal})
    assert fetched.options["timeout"] == Known(2.0)


def test_node_itself_calls_back() -> None:
    found = meaning(http_clients.FRAMEWORK, library("https", "get"), URL, WORK)
    assert found.effects[0].subject == "mail.test" and len(found.callbacks) == 1


@pytest.mark.parametrize(
    ("callee", "arguments", "subject", "verb"),
    [
        (library("nodemailer", "createTransport", ({},), "sendMail"), ({},), "smtp", "sendMail"),
        (library("square", "Client", (), "paymentsApi", "createPayment"), ({},), "square", None),
        (library("resend", "Resend", (), "emails", "send"), ({},), "resend", "send emails"),
        (library("aws-sdk", "S3", (), "putObject"), ({},), "s3", "Put Object"),
        (
            library("@aws-sdk/client-s3", "S3Client", (), "send"),
            (library("@aws-sdk/client-s3", "GetObjectCommand", ({"Key": "a"},)),),
            "s3",
            "Get Object",
        ),
    ],
)
def test_other_services(
    callee: Library, arguments: tuple[object, ...], subject: str, verb: str | None
) -> None:
    found = effect(outside.FRAMEWORK, callee, *arguments)
    assert (found.kind, found.subject) == ("send", subject)
    assert verb is None or found.verb == verb


def test_messages_of_a_cloud_are_published() -> None:
    command = library(
        "@aws-sdk/client-sqs",
        "SendMessageCommand",
        ({"QueueUrl": "mails", "MessageDeduplicationId": SEAT},),
    )
    found = effect(
        outside.FRAMEWORK, library("@aws-sdk/client-sqs", "SQSClient", (), "send"), command
    )
    assert (found.kind, found.subject) == ("publish", "mails")
    assert found.options["MessageDeduplicationId"] == SEAT


def test_signatures() -> None:
    body = Input("request", ("body",))
    checked = meaning(outside.FRAMEWORK, library("svix", "Webhook", ("s",), "verify"), body, {})
    assert (checked.effects[0].kind, checked.result) == ("verify", body)
    same = effect(node_runtime.FRAMEWORK, library("crypto", "timingSafeEqual"), body, body)
    assert same.kind == "verify"
    digest = library("crypto", "createHmac", ("sha256", "s"), "update", (body,), "digest")
    assert effect(node_runtime.FRAMEWORK, digest, "hex").kind == "verify"
    own = library("crypto", "createHmac", ("sha256", "s"), "update", ("a",), "digest")
    assert node_runtime.FRAMEWORK.call(site(own, "hex"), AROUND) is None


@pytest.mark.parametrize(
    ("framework", "callee", "arguments", "bits"),
    [
        (node_runtime.FRAMEWORK, library("crypto", "randomUUID"), (), 122),
        (node_runtime.FRAMEWORK, library("global", "crypto", "randomUUID"), (), 122),
        (node_runtime.FRAMEWORK, library("crypto", "randomBytes"), (4,), 32),
        (node_runtime.FRAMEWORK, library("crypto", "randomInt"), (1000, 9192), 13),
        (node_runtime.FRAMEWORK, library("global", "Math", "random"), (), 52),
        (identifiers.FRAMEWORK, library("uuid", "v4"), (), 122),
        (identifiers.FRAMEWORK, library("nanoid", "nanoid"), (), 126),
        (identifiers.FRAMEWORK, library("nanoid", "nanoid"), (6,), 36),
        (identifiers.FRAMEWORK, library("nanoid", "customAlphabet", ("0123456789", 5)), (), None),
        (identifiers.FRAMEWORK, library("ulid", "ulid"), (), 80),
    ],
)
def test_random_bits(
    framework: Framework, callee: Library, arguments: tuple[object, ...], bits: float | None
) -> None:
    found = effect(framework, callee, *arguments)
    assert found.kind == "identifier"
    wanted = bits if bits is not None else round(5 * math.log2(10), 1)
    assert found.options["bits"] == Known(wanted)


def test_what_is_no_new_identifier() -> None:
    named = meaning(identifiers.FRAMEWORK, library("uuid", "v5"), "a", "b")
    assert named.effects == () and isinstance(named.result, Computed)
    given = meaning(identifiers.FRAMEWORK, library("mongodb", "ObjectId"), SEAT, new=True)
    assert given.effects == ()
    assert "bits" not in effect(identifiers.FRAMEWORK, library("shortid", "generate")).options


def test_clocks_and_timers() -> None:
    run = node_runtime.FRAMEWORK
    assert effect(run, library("global", "Date", "now")).kind == "clock"
    assert effect(run, library("global", "Date"), new=True).kind == "clock"
    assert run.call(site(library("global", "Date"), SEAT, new=True), AROUND) is None
    slept = effect(run, library("timers", "promises", "setTimeout"), 250)
    assert (slept.kind, slept.expiry_s) == ("sleep", 0.25)
    resolved = effect(run, library("global", "setTimeout"), Input("argument"), 100)
    assert resolved.kind == "sleep"
    assert run.call(site(library("global", "setTimeout"), WORK, 100), AROUND) is None


def test_files_are_kept_outside() -> None:
    run = node_runtime.FRAMEWORK
    read = effect(run, library("fs", "promises", "readFile"), "a.json")
    assert (read.kind, read.store, read.subject) == ("get", "other", "a.json")
    assert effect(run, library("fs", "writeFileSync"), "a.json", "x").kind == "set"
