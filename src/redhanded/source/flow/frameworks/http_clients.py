"""HTTP clients: a request to another service, its host, and what tells a repetition.

References: developer.mozilla.org, fetch; axios-http.com; github.com/sindresorhus/got and ky;
undici.nodejs.org; nodejs.org/api/http.html; ladjs.github.io/superagent. The verb is the method in
upper case; options have ``timeout`` in seconds, ``headers`` and what looks like an
``idempotency-key`` among them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import THIS, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.chain import is_python, links
from redhanded.source.flow.frameworks.reading import (
    argument,
    called_back,
    function,
    members,
    number,
    pattern,
    text,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Computed, Known, Library, Made, Record, Value

METHODS = words("get post put patch delete del head options request")
FETCHES = frozenset(
    ["node-fetch", "cross-fetch", "isomorphic-fetch", "make-fetch-happen", "fetch-retry"]
)
BODY_SECOND = frozenset(["axios", "needle"])
"""Their ``post`` has the body before the options."""
OBJECTS = ("axios", "got", "ky", "needle", "request", "request-promise", "request-promise-native")
MADE_BY = frozenset(["create", "extend", "defaults", "instance"])
CHAINED = ("superagent", "supertest")
NODE = ("http", "https", "follow-redirects", "http2")
PACKAGES = ("global", "undici", *FETCHES, *OBJECTS, "superagent", *NODE)


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if is_python(site):
        return None
    package, names = site.callee.package, site.callee.names
    if package == "global":
        is_fetch = names in (("fetch",), ("globalThis", "fetch"), ("window", "fetch"))
        return _sent(site, 0, 1) if is_fetch else None
    if package in FETCHES:
        return _sent(site, 0, 1) if not names or names[-1] in ("fetch", "()") else None
    if package == "undici":
        known = ("fetch", "request", "stream")
        return _sent(site, 0, 1) if names[-1:] and names[-1] in known else None
    if package in OBJECTS:
        return _of_object(site)
    if package == "superagent":
        return _chained(site)
    return _of_node(site)


def _sent(site: CallSite, url: int, options: int, method: str = "", body: int = -1) -> Meaning:
    """A request whose URL and options stand at those places."""
    given: dict[str, Value] = {}
    for one in (_defaults(site.callee), argument(site, options)):
        given.update(members(one))
    address = argument(site, url)
    if isinstance(address, Record):
        given.update(address.parts)
        address = None
    address = address or given.get("url") or given.get("uri") or given.get("path")
    verb = method or (text(given.get("method")) or "GET")
    host = host_of(address) or host_of(given.get("baseURL", given.get("prefixUrl")))
    effect = Effect(
        kind="send",
        store="network",
        library=site.callee.package,
        verb=verb.upper(),
        subject=host or text(given.get("hostname", given.get("host"))),
        options=_options(given, address, argument(site, body) if body >= 0 else None),
    )
    return Meaning(effects=(effect,), callbacks=called_back(site, THIS))


def _options(given: Mapping[str, Value], url: Value | None, body: Value | None) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if url is not None:
        found["url"] = url
    body = body or given.get("body") or given.get("json") or given.get("data") or given.get("form")
    if body is not None:
        found["body"] = body
    for name, value in members(given.get("headers")).items():
        if re.search(r"idempot|dedup|request-id", name, re.IGNORECASE):
            found[name.lower()] = value
    for name in ("headers", "retry", "retries", "signal"):
        if name in given:
            found[name] = given[name]
    limit = given.get("timeout", given.get("headersTimeout"))
    limit = members(limit).get("request", limit)
    if limit is None:
        limit = _of_signal(given.get("signal"))
    if limit is not None:
        milliseconds = number(limit)
        found["timeout"] = limit if milliseconds is None else Known(milliseconds / 1000)
    return found


def _of_signal(signal: Value | None) -> Value | None:
    """``AbortSignal.timeout(ms)``."""
    if isinstance(signal, Computed) and signal.operator.endswith("AbortSignal.timeout"):
        return signal.operands[0] if signal.operands else None
    if isinstance(signal, Library) and signal.names[-2:] == ("timeout", "()"):
        last = signal.steps[-1]
        return last.arguments[0] if isinstance(last, Made) and last.arguments else None
    return None


def _defaults(callee: Library) -> Value | None:
    """What ``axios.create({…})`` was given."""
    for link in links(callee):
        if link.name in MADE_BY and link.made is not None and link.made.arguments:
            return link.made.arguments[0]
    return None


def _of_object(site: CallSite) -> Meaning | None:
    """``axios(options)``, ``got.post(url, options)``, ``axios.create(o).get(url)``."""
    package, names = site.callee.package, site.callee.names
    last = names[-1] if names else ""
    if last in MADE_BY or last in ("use", "eject"):
        return Meaning()
    if last in ("", "()", "default", "Axios"):
        return _sent(site, 0, 1)
    if last == "request":
        return _sent(site, 0, 1 if package != "needle" else 2)
    if last not in METHODS:
        return None
    has_body = package in BODY_SECOND and last in ("post", "put", "patch")
    method = "DELETE" if last == "del" else last
    return _sent(site, 0, 2 if has_body else 1, method, 1 if has_body else -1)


def _chained(site: CallSite) -> Meaning | None:
    """superagent sends when it is awaited, or at ``end``."""
    chain = links(site.callee)
    if not chain or not any(one.name in METHODS for one in chain):
        return Meaning() if site.callee.names[-1:] == ("agent",) else None
    if site.callee.names[-1] in ("end", "then"):
        return Meaning(effects=(_collected(site.callee),), callbacks=called_back(site, THIS))
    return Meaning(is_lazy=True)


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    if value.package != "superagent" or moment != "await":
        return None
    return Meaning(effects=(_collected(value),))


def _collected(value: Library) -> Effect:
    chain = links(value)
    first = next((one for one in chain if one.name in METHODS), None)
    headers: dict[str, Value] = {}
    given: dict[str, Value] = {}
    for one in chain:
        arguments = one.made.arguments if one.made is not None else ()
        if one.name == "set" and len(arguments) == 2 and (name := text(arguments[0])):
            headers[name] = arguments[1]
        elif one.name == "set" and arguments:
            headers.update(members(arguments[0]))
        elif one.name in ("send", "timeout") and arguments:
            given["body" if one.name == "send" else "timeout"] = arguments[0]
    given["headers"] = Record(headers)
    url = first.made.arguments[0] if first and first.made and first.made.arguments else None
    method = "DELETE" if first and first.name == "del" else first.name if first else "GET"
    return Effect(
        kind="send",
        store="network",
        library=value.package,
        verb=method.upper(),
        subject=host_of(url),
        options=_options(given, url, None),
    )


def _of_node(site: CallSite) -> Meaning | None:
    """``https.request(url, options, callback)``."""
    last = site.callee.names[-1] if site.callee.names else ""
    if last not in ("request", "get"):
        return Meaning() if last in ("write", "end", "on", "setTimeout", "destroy") else None
    options = 1 if len(site.arguments) > 1 and function(site.arguments[1]) is None else 0
    sent = _sent(site, 0, options)
    return Meaning(effects=sent.effects, callbacks=sent.callbacks)


def host_of(value: Value | None) -> str | None:
    """Of a URL whose beginning is written out."""
    if isinstance(value, Library) and value.names[-2:] == ("URL", "()"):
        last = value.steps[-1]
        given = last.arguments if isinstance(last, Made) else ()
        return next((host for one in reversed(given) if (host := host_of(one))), None)
    written = pattern(value)
    match = re.match(r"[a-z]+://([^/*?#:]+)", written or "", re.IGNORECASE)
    return match[1] if match else None


FRAMEWORK = LibraryTable(name="http clients", packages=PACKAGES, calls=_call, settles=_settle)
