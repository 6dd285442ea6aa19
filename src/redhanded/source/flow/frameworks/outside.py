"""Services that packages speak to: mail, clouds, money, messages; and signatures of webhooks.

References: nodemailer.com; AWS SDK for JavaScript 3 (commands) and 2 (``.promise()``); the
senders' own pages on webhooks and idempotent requests. A method that only reads has a verb that
says so (``retrieve``, ``list``, ``GetObject``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import is_python
from redhanded.source.flow.frameworks.reading import (
    argument,
    called_back,
    members,
    pattern,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Library, Made, Record, Value

SERVICES: Mapping[str, str] = {
    "stripe": "stripe",
    "square": "square",
    "braintree": "braintree",
    "@paypal/checkout-server-sdk": "paypal",
    "@paypal/paypal-server-sdk": "paypal",
    "@adyen/api-library": "adyen",
    "@mollie/api-client": "mollie",
    "razorpay": "razorpay",
    "paddle-sdk": "paddle",
    "@paddle/paddle-node-sdk": "paddle",
    "twilio": "twilio",
    "@sendgrid/mail": "sendgrid",
    "postmark": "postmark",
    "resend": "resend",
    "mailgun.js": "mailgun",
    "@slack/web-api": "slack",
    "@octokit/rest": "github",
    "octokit": "github",
    "openai": "openai",
    "@anthropic-ai/sdk": "anthropic",
    "firebase-admin": "firebase",
    "web-push": "push",
    "@shopify/shopify-api": "shopify",
    "plaid": "plaid",
    "@google-cloud/storage": "storage",
    "@hubspot/api-client": "hubspot",
}
"""Package to the service it speaks to."""
CALLS = re.compile(
    r"(?:create|update|send|sendMail|charge|capture|confirm|cancel|refund|sale|post|delete|del|retrieve"
    r"|list|search|get|find|sendEmail|sendBatch|sendMultiple|request|pay|transfer|generate|void|submit"
    r"|sendNotification|sendEach|sendMulticast|upload|save|download|postMessage|all|edit|fetch)"
    r"(?:[A-Z]\w*)?$"
)
VERIFIES: Mapping[tuple[str, str], str] = {
    ("stripe", "webhooks.constructEvent"): "stripe",
    ("stripe", "webhooks.constructEventAsync"): "stripe",
    ("stripe", "webhooks.signature.verifyHeader"): "stripe",
    ("@octokit/webhooks", "verify"): "github",
    ("@octokit/webhooks", "verifyAndReceive"): "github",
    ("@octokit/webhooks-methods", "verify"): "github",
    ("twilio", "validateRequest"): "twilio",
    ("twilio", "validateRequestWithBody"): "twilio",
    ("svix", "verify"): "svix",
    ("standardwebhooks", "verify"): "signed",
    ("@paddle/paddle-node-sdk", "webhooks.unmarshal"): "paddle",
    ("razorpay", "validateWebhookSignature"): "razorpay",
    ("square", "WebhooksHelper.isValidWebhookEventSignature"): "square",
    ("square", "WebhooksHelper.verifySignature"): "square",
    ("@shopify/shopify-api", "webhooks.validate"): "shopify",
    ("@adyen/api-library", "validateHMAC"): "adyen",
    ("@slack/events-api", "verifyRequestSignature"): "slack",
    ("plaid", "webhookVerificationKeyGet"): "plaid",
}
"""Package and the end of what is called to the sender whose signature is checked."""
CLIENTS = words(
    "s3 sqs sns ses sesv2 dynamodb lambda eventbridge kinesis sfn secrets-manager ssm firehose"
    " cognito-identity-provider scheduler"
)
CLOUDS = (*(f"@aws-sdk/client-{name}" for name in sorted(CLIENTS)), "@aws-sdk/lib-dynamodb")
PACKAGES = (
    *SERVICES,
    *(one for one, _ in VERIFIES if one not in SERVICES),
    "nodemailer",
    "aws-sdk",
    *CLOUDS,
)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if is_python(site):
        return None
    package, names = site.callee.package, site.callee.names
    name = ".".join(one for one in names if one != "()")
    for (of, end), sender in VERIFIES.items():
        if of == package and (name == end or name.endswith(f".{end}")):
            return _verified(site, sender)
    if package == "nodemailer":
        sends = names[-1:] == ("sendMail",)
        return _sent(site, "smtp", "sendMail", argument(site, 0)) if sends else Meaning()
    if package in CLOUDS:
        return _command(site)
    if package == "aws-sdk":
        return _second(site)
    if site.is_new or package not in SERVICES or len(names) < 2 or not CALLS.match(names[-1]):
        return None
    return _sent(site, SERVICES[package], _verb(names), *site.arguments)


def _verb(names: tuple[str, ...]) -> str:
    """``charges.create`` is ``create charges``."""
    resource = ".".join(one for one in names[:-1] if one != "()" and one[:1].islower())
    return f"{_apart(names[-1])} {resource}".strip()


def _apart(name: str) -> str:
    """``GetObject`` is ``Get Object``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _verified(site: CallSite, sender: str) -> Meaning:
    effect = Effect(
        kind="verify",
        store="other",
        library=site.callee.package,
        verb=site.callee.names[-1],
        subject=sender,
    )
    given = Record({}, is_complete=False)
    body = site.arguments[0] if site.arguments else given
    return Meaning(effects=(effect,), result=body)


def _sent(site: CallSite, subject: str, verb: str, *given: Value | None) -> Meaning:
    options: dict[str, Value] = {}
    for one in given:
        for name, value in members(one).items():
            options.setdefault(name, value)
    effect = Effect(
        kind="send",
        store="network",
        library=site.callee.package,
        verb=verb,
        subject=subject,
        options=options,
    )
    return Meaning(effects=(effect,), callbacks=called_back(site, THIS))


def _command(site: CallSite) -> Meaning | None:
    """``client.send(new PutObjectCommand({…}))``, ``client.putObject({…})``."""
    names = site.callee.names
    if site.is_new or len(names) < 3:
        return None
    service = site.callee.package.removeprefix("@aws-sdk/client-").removeprefix("@aws-sdk/lib-")
    if names[-1] != "send":
        return _cloud(site, service, names[-1][:1].upper() + names[-1][1:], argument(site, 0))
    command = argument(site, 0)
    if isinstance(command, Library) and command.names[-1:] == ("()",):
        verb = command.names[-2].removesuffix("Command")
        made = command.steps[-1]
        given = made.arguments[0] if isinstance(made, Made) and made.arguments else None
        return _cloud(site, service, verb, given)
    return _cloud(site, service, "send", None)


def _second(site: CallSite) -> Meaning | None:
    """Version 2: ``new AWS.SQS().sendMessage({…}).promise()``."""
    names = site.callee.names
    if site.is_new or len(names) < 3 or "()" not in names:
        return None
    service = names[0].lower()
    return _cloud(site, service, names[-1][:1].upper() + names[-1][1:], argument(site, 0))


def _cloud(site: CallSite, service: str, verb: str, given: Value | None) -> Meaning:
    """Messages are published to a queue or topic; all else is a request."""
    parts, spoken = members(given), _apart(verb)
    channel = parts.get("QueueUrl") or parts.get("TopicArn") or parts.get("StreamName")
    if verb in ("SendMessage", "SendMessageBatch", "Publish", "PublishBatch", "PutEvents"):
        effect = Effect(
            kind="publish",
            store="queue",
            library=site.callee.package,
            verb=spoken,
            subject=pattern(channel) or text(channel) or service,
            options=dict(parts),
        )
        return Meaning(effects=(effect,), callbacks=called_back(site, THIS))
    return _sent(site, service, spoken, given)


FRAMEWORK = LibraryTable(name="outside", packages=PACKAGES, calls=_call)
