"""Requests and messages that Python programs send to the outside: they cannot be rolled back.

References: the API pages of requests, httpx, aiohttp, urllib3, smtplib, boto3, mail packages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import Link, given, is_python, keywords_of, links
from redhanded.source.flow.frameworks.reading import number, pattern, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Known, Library, Value

VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "stream"})
CLIENTS: Mapping[str, frozenset[str]] = {
    "requests": frozenset({"", "api", "Session", "session", "sessions"}),
    "httpx": frozenset({"", "Client", "AsyncClient"}),
    "aiohttp": frozenset({"", "ClientSession"}),
    "urllib3": frozenset({"", "PoolManager", "HTTPConnectionPool", "ProxyManager"}),
    "requests_oauthlib": frozenset({"OAuth2Session", "OAuth1Session"}),
    "niquests": frozenset({"", "Session", "AsyncSession"}),
    "asks": frozenset({"", "Session"}),
}
"""What a request is sent by; empty: the module itself."""
ASYNC = frozenset({"AsyncClient", "ClientSession", "AsyncSession"})

CALLS: Mapping[tuple[str, str], str] = {
    ("urllib", "request.urlopen"): "",
    ("smtplib", "SMTP.sendmail"): "mail",
    ("smtplib", "SMTP.send_message"): "mail",
    ("smtplib", "SMTP_SSL.sendmail"): "mail",
    ("smtplib", "SMTP_SSL.send_message"): "mail",
    ("aiosmtplib", "send"): "mail",
    ("aiosmtplib", "SMTP.send_message"): "mail",
    ("django", "core.mail.send_mail"): "mail",
    ("django", "core.mail.send_mass_mail"): "mail",
    ("django", "core.mail.mail_admins"): "mail",
    ("django", "core.mail.mail_managers"): "mail",
    ("django", "core.mail.EmailMessage.send"): "mail",
    ("django", "core.mail.EmailMultiAlternatives.send"): "mail",
    ("flask_mail", "Mail.send"): "mail",
    ("fastapi_mail", "FastMail.send_message"): "mail",
    ("emails", "Message.send"): "mail",
    ("yagmail", "SMTP.send"): "mail",
    ("sendgrid", "SendGridAPIClient.send"): "mail",
    ("postmarker", "core.PostmarkClient.emails.send"): "mail",
    ("twilio", "rest.Client.messages.create"): "message",
    ("twilio", "rest.Client.calls.create"): "message",
    ("slack_sdk", "WebClient.chat_postMessage"): "message",
    ("slack_sdk", "web.async_client.AsyncWebClient.chat_postMessage"): "message",
    ("firebase_admin", "messaging.send"): "message",
    ("telegram", "Bot.send_message"): "message",
    ("pusher", "Pusher.trigger"): "message",
    ("websockets", "connect.send"): "message",
}
"""By package and dotted name without its calls: what is sent."""

PUBLISHED: Mapping[tuple[str, str], str] = {
    ("pika", "basic_publish"): "routing_key",
    ("aio_pika", "publish"): "routing_key",
    ("kombu", "publish"): "routing_key",
    ("kafka", "send"): "topic",
    ("aiokafka", "send"): "topic",
    ("aiokafka", "send_and_wait"): "topic",
    ("confluent_kafka", "produce"): "topic",
    ("nats", "publish"): "subject",
    ("google", "publish"): "topic",
}
"""By package and last name: which argument names the channel."""
PLACES = {"kafka": 0, "aiokafka": 0, "confluent_kafka": 0, "nats": 0, "google": 0, "pika": 1}

CLOUD_QUEUES = frozenset({"send_message", "send_message_batch", "publish", "put_events"})


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if not is_python(site):
        return None
    package = site.callee.package
    chain = links(site.callee)
    if not chain or chain[-1].made is not None:
        return None
    if package in CLIENTS:
        return _request(site, chain)
    name = ".".join(one.name for one in chain if one.name not in ("__enter__", "__aenter__"))
    what = CALLS.get((package, name))
    if what is not None:
        host = what or _host(given(site, 0, "url", "fullurl"))
        return Meaning(effects=(_sent(package, chain[-1].name, host, site),))
    if (package, chain[-1].name) in PUBLISHED and len(chain) > 1:
        return _published(site, chain)
    if package in ("boto3", "aioboto3", "aiobotocore"):
        return _cloud(site, chain)
    return None


def _request(site: CallSite, chain: tuple[Link, ...]) -> Meaning | None:
    package, verb = site.callee.package, chain[-1].name
    clients = [one.name for one in chain[:-1]] or [""]
    if verb not in VERBS or not any(one in CLIENTS[package] for one in clients):
        return None
    place = 1 if verb in ("request", "stream") else 0
    method = verb.upper()
    if place:
        method = (text(given(site, 0, "method")) or verb).upper()
    url = given(site, place, "url")
    base = next((given(one.made, -1, "base_url") for one in chain if one.made is not None), None)
    host = _host(url) or _host(base)
    is_async = any(one in ASYNC for one in clients) or package == "aiohttp"
    effect = _sent(package, method, host, site, url)
    if "timeout" not in effect.options:
        limits = [given(one.made, -1, "timeout") for one in chain if one.made is not None]
        seconds = next(filter(None, map(_seconds, limits)), None)
        if seconds is not None:
            effect = replace(effect, options={**effect.options, "timeout": Known(seconds)})
    return Meaning(effects=(effect,), is_async=is_async)


def _sent(
    package: str, verb: str, subject: str | None, site: CallSite, url: Value | None = None
) -> Effect:
    options = dict(keywords_of(site, "headers", "idempotency_key", "retries", "json", "data"))
    if url is not None:
        options["url"] = url
    limit = site.keywords.get("timeout")
    if limit is not None:
        seconds = _seconds(limit)
        options["timeout"] = limit if seconds is None else Known(seconds)
    return Effect(
        kind="send",
        store="network",
        library=package,
        verb=verb,
        subject=subject,
        options=options,
    )


def _seconds(limit: Value | None) -> float | None:
    """Of a number, ``ClientTimeout(total=60)``, ``httpx.Timeout(10)``."""
    if isinstance(limit, Library) and links(limit)[-1:]:
        return number(given(links(limit)[-1].made, 0, "total", "timeout"))
    return number(limit)


def _host(value: Value | None) -> str | None:
    """Of a URL whose beginning is known."""
    written = pattern(value)
    match = re.match(r"[a-z]+://([^/*?#:]+)", written or "", re.IGNORECASE)
    return match[1] if match else None


def _published(site: CallSite, chain: tuple[Link, ...]) -> Meaning:
    package = site.callee.package
    channel = given(site, PLACES.get(package, -1), PUBLISHED[package, chain[-1].name])
    effect = Effect(
        kind="publish",
        store="queue",
        library=package,
        verb=chain[-1].name,
        subject=pattern(channel),
        options=dict(site.keywords),
    )
    return Meaning(effects=(effect,), is_async=package in ("aio_pika", "aiokafka", "nats"))


def _cloud(site: CallSite, chain: tuple[Link, ...]) -> Meaning | None:
    """A call of a client or resource: what reads has a name that says so."""
    makers = ("client", "resource", "Session")
    service = next(
        (text(given(one.made, 0, "service_name")) for one in chain if one.name in makers), None
    )
    verb = chain[-1].name
    if service is None or len(chain) < 2 or verb in makers or verb.startswith("get_paginator"):
        return None
    kind: EffectKind = "send"
    subject = service
    if service in ("sqs", "sns", "events") and verb in CLOUD_QUEUES:
        kind = "publish"
        channel = given(site, -1, "QueueUrl", "TopicArn", "TargetArn")
        subject = pattern(channel) or service
    effect = Effect(
        kind=kind,
        store="queue" if kind == "publish" else "network",
        library="boto3",
        verb=verb,
        subject=subject,
        options=dict(site.keywords),
    )
    return Meaning(effects=(effect,))


FRAMEWORK = LibraryTable(
    name="python network",
    packages=tuple(
        dict.fromkeys(
            (
                *CLIENTS,
                *(package for package, _ in CALLS),
                *(package for package, _ in PUBLISHED),
                *("boto3", "aioboto3", "aiobotocore"),
            )
        )
    ),
    calls=_call,
)
