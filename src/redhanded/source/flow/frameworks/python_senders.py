"""Services with Python packages: what is paid or sent through them, signatures of webhooks.

References: the packages' own pages on webhooks and idempotent requests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import given, is_python, links
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Result

SERVICES: Mapping[str, str] = {
    "stripe": "stripe",
    "square": "square",
    "squareup": "square",
    "braintree": "braintree",
    "paypalrestsdk": "paypal",
    "paypalcheckoutsdk": "paypal",
    "paypalserversdk": "paypal",
    "Adyen": "adyen",
    "mollie": "mollie",
    "razorpay": "razorpay",
    "paddle_billing": "paddle",
    "gocardless_pro": "gocardless",
    "coinbase_commerce": "coinbase",
    "plaid": "plaid",
    "github": "github",
    "shopify": "shopify",
    "openai": "openai",
    "anthropic": "anthropic",
    "resend": "resend",
    "mailjet_rest": "mailjet",
    "mailchimp_transactional": "mailchimp",
    "onesignal": "onesignal",
    "dwollav2": "dwolla",
    "easypost": "easypost",
    "shippo": "shippo",
}
"""Package to the service it speaks to."""
ACTS = re.compile(
    r"(?:create|charge|capture|confirm|cancel|refund|sale|post|send|pay|transfer|void|submit|update"
    r"|modify|delete|finalize|retrieve|list|search|get|find|fetch|request|patch|put|execute|buy)"
    r"(?:_\w+)?$"
)
VERIFIES: Mapping[tuple[str, str], str] = {
    ("stripe", "construct_event"): "stripe",
    ("stripe", "verify_header"): "stripe",
    ("stripe", "parse_event_notification"): "stripe",
    ("twilio", "validate"): "twilio",
    ("svix", "verify"): "svix",
    ("standardwebhooks", "verify"): "signed",
    ("razorpay", "verify_webhook_signature"): "razorpay",
    ("razorpay", "verify_payment_signature"): "razorpay",
    ("square", "verify_signature"): "square",
    ("square", "is_valid_webhook_event_signature"): "square",
    ("paypalrestsdk", "verify"): "paypal",
    ("paddle_billing", "verify"): "paddle",
    ("gocardless_pro", "parse"): "gocardless",
    ("coinbase_commerce", "construct_event"): "coinbase",
    ("Adyen", "is_valid_hmac_notification"): "adyen",
    ("Adyen", "is_valid_hmac"): "adyen",
    ("braintree", "parse"): "braintree",
    ("slack_sdk", "is_valid_request"): "slack",
    ("slack_sdk", "is_valid"): "slack",
    ("easypost", "validate_webhook"): "easypost",
    ("github_webhook", "verify"): "github",
    ("gidgethub", "from_http"): "github",
    ("gidgethub", "validate_event"): "github",
}
"""Package and last name of what is called to the sender whose signature is checked."""


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    chain = links(site.callee)
    if not is_python(site) or len(chain) < 2 or chain[-1].made is not None:
        return None
    package, name = site.callee.package, chain[-1].name
    sender = VERIFIES.get((package, name))
    if sender is not None:
        effect = Effect(kind="verify", store="other", library=package, verb=name, subject=sender)
        return Meaning(effects=(effect,), result=given(site, 0, "payload") or THIS)
    if package not in SERVICES or not ACTS.match(name.removesuffix("_async")):
        return None
    resource = ".".join(one.name for one in chain[:-1] if one.name and one.made is None)
    effect = Effect(
        kind="send",
        store="network",
        library=package,
        verb=f"{name} {resource}".strip(),
        subject=SERVICES[package],
        options=dict(site.keywords),
    )
    is_async = name.endswith("_async") or any(one.name.startswith("Async") for one in chain)
    return Meaning(effects=(effect,), result=Result(THIS.event), is_async=is_async)


FRAMEWORK = LibraryTable(
    name="services of python",
    packages=tuple(dict.fromkeys((*SERVICES, *(package for package, _ in VERIFIES)))),
    calls=_call,
)
