"""The outside world: services that are called, and the request that comes in twice."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from redhanded.contract.guess.examples import example_bodies
from redhanded.contract.guess.processes import Processes
from redhanded.contract.guess.project import Project
from redhanded.contract.guess.routes import FoundRoute, routes
from redhanded.contract.guess.writing import Part, Section

OUTSIDE = re.compile(r"(?!(PUBLIC|APP|FRONTEND|SITE|SELF|CLIENT|BASE)_)\w+_(BASE|UR[LI]|ENDPOINT)")
CALLED = re.compile(
    r"['\"](GET|POST|PUT|PATCH|DELETE)['\"]\s*,\s*[`'\"](/[^`'\"?\s]+)"
    r"|(?:\.(get|post|put|patch|delete)|\b(?:fetch|request|got|axios|urlopen|Request))\s*\(\s*"
    r"(?:\{\s*url\s*:\s*)?(?:`\$\{[^}]+\}|f['\"]\{[^}]+\}|[\w.]+\s*\+\s*['\"`])(/[^`'\"?\s]+)"
)
"""A method and a path, or a call with the address of a service before the path."""
METHOD = re.compile(r"[^;]{0,160}?\bmethod\s*[:=]\s*['\"](\w+)")
SIGNATURES = (
    ("stripe", re.compile(r"['\"]stripe-signature['\"]|construct_?Event\(", re.IGNORECASE)),
    ("github", re.compile(r"['\"]x-hub-signature-256['\"]", re.IGNORECASE)),
    ("hmac-sha256", re.compile(r"createHmac\(\s*['\"]sha256['\"]|hmac\.new\(")),
)
SIGNATURE_HEADER = re.compile(r"['\"]([\w-]*signature[\w-]*)['\"]", re.IGNORECASE)
READ_HEADER = re.compile(
    r"headers\??\.?\[\s*['\"]([\w-]+)['\"]\s*\]|\.(?:header|get)\(\s*['\"]([\w-]+-[\w-]+)['\"]"
)
"""A header that is read."""
OF_SIGNATURE = re.compile(r"signature|hmac|digest", re.IGNORECASE)
FIXTURE_FOLDERS = ("fixtures", "test/fixtures", "tests/fixtures", "__fixtures__", "samples")
PAYLOAD_PATH = "fixtures/redhanded-request.json"


def stubs(project: Project, services: Part) -> Part:
    """One stub for each variable that says where an outside service is."""
    part = Part()
    answers = {path: data for path, data in _fixtures(project) if _is_routes(data)}
    for variable in project.variables:
        if variable in services.variables or not OUTSIDE.fullmatch(variable):
            continue
        name = re.sub(r"(_API)?_(BASE_UR[LI]|BASE|UR[LI]|ENDPOINT)$", "", variable).lower()
        section = Section(header=f"[stubs.{name.replace('_', '-')}]")
        section.guessed = "an outside service, by the name of its variable"
        section.add("env", {variable: "{url}"})
        recorded = _fitting(name, list(answers))
        if recorded:
            section.add("routes", recorded, guessed="a fixture that holds routes")
        else:
            path = f"fixtures/redhanded-{name.replace('_', '-')}.json"
            section.add("routes", path, guessed="routes that the source calls; answers are empty")
            part.fixtures[path] = _routes_document(project, variable)
            part.notes.append(f"fill in what {name} answers: {path}")
        part.sections.append(section)
    return part


def workload(project: Project, run: Processes) -> Part:
    """The webhook if there is one, else the first route that accepts something."""
    part = Part()
    posts = [route for route in routes(project) if route.method == "POST"]
    if not posts or run.web is None:
        part.notes.append(
            "no request was found to send; add a [[workload]] with `to` and `request`"
        )
        return part
    shown = example_bodies(project.root)
    route = min(
        posts,
        key=lambda post: (
            not re.search(r"hook|event|callback", post.path),
            post.path not in shown,
            bool(re.search(r"[<{:*]", post.path)),
        ),
    )
    section = Section(header="[[workload]]")
    section.add("name", f"{route.path} is delivered twice")
    section.add("to", run.web)
    section.add("request", f"POST {route.path}", guessed=f"a route in {route.file}")
    scheme, header = _signature(project)
    _payload(project, scheme, route, shown.get(route.path), section, part)
    secret = project.first(r"\w*WEBHOOK\w*(SECRET|KEY|TOKEN)|\w*(SECRET|SIGNING_KEY)")
    if scheme and secret and re.search(r"hook|event|callback", route.path):
        sign = {"scheme": scheme, "secret_env": secret}
        if scheme == "hmac-sha256" and header:
            sign["header"] = header
        section.add("sign", sign, guessed="the signature check in the source")
    section.add("deliveries", 2, guessed="senders repeat what they are not sure of")
    section.add("gap_ms", "from-log")
    part.sections.append(section)
    return part


def _payload(
    project: Project,
    scheme: str | None,
    route: FoundRoute,
    shown: dict[str, Any] | None,
    section: Section,
    part: Part,
) -> None:
    requests = [path for path, data in _fixtures(project) if not _is_routes(data)]
    marked = [path for path in requests if "{unique}" in (project.root / path).read_text()]
    found = _fitting(route.path, marked or requests)
    if found:
        section.add("json", found, guessed="a fixture; {unique} is new in each trial")
        return
    body: dict[str, Any] = shown or dict(route.body or {"id": "{unique}"})
    if scheme == "stripe" and not shown:
        body = {"id": "evt_{unique}", "type": "…", "data": {"object": {"id": "obj_{unique}"}}}
    part.fixtures[PAYLOAD_PATH] = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    origin = f"what {route.file} reads" if route.body else "to be filled in"
    origin = "the curl example of the README" if shown else origin
    section.add("json", PAYLOAD_PATH, guessed=f"{origin}; {{unique}} is new in each trial")
    what = "look over" if route.body or shown else "fill in"
    part.notes.append(f"{what} what is sent to {route.path}: {PAYLOAD_PATH}")


def _signature(project: Project) -> tuple[str | None, str | None]:
    for scheme, pattern in SIGNATURES:
        for text in project.sources.values():
            if pattern.search(text):
                header = SIGNATURE_HEADER.search(text)
                return scheme, header[1] if header else _header_read(project)
    return None, None


def _header_read(project: Project) -> str | None:
    """The header of a signature, where the check itself does not name it."""
    read = (
        match[1] or match[2]
        for text in project.sources.values()
        for match in READ_HEADER.finditer(text)
    )
    return next((name for name in read if OF_SIGNATURE.search(name)), None)


def _fixtures(project: Project) -> list[tuple[str, Any]]:
    found = []
    for folder in FIXTURE_FOLDERS:
        for path in sorted((project.root / folder).glob("*.json")):
            try:
                found.append((path.relative_to(project.root).as_posix(), _json(path)))
            except (OSError, ValueError):
                continue
    return found


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _is_routes(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("routes"), list)


def _fitting(name: str, paths: list[str]) -> str | None:
    """The path that shares most words with ``name``; the only one if there is one."""
    words = set(re.findall(r"[a-z]{3,}", name.lower()))

    def shared(path: str) -> int:
        own = re.findall(r"[a-z]{3,}", path.rpartition("/")[2].lower())
        return sum(word in other or other in word for word in words for other in own)

    ranked = sorted(paths, key=shared, reverse=True)
    if ranked and (len(ranked) == 1 or shared(ranked[0])):
        return ranked[0]
    return None


def _routes_document(project: Project, variable: str) -> str:
    """The routes that files call which name the variable; those of all files, where none does."""
    names = re.compile(rf"\b{re.escape(variable)}\b", re.IGNORECASE)
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {"": {}, variable: {}}
    for text in project.sources.values():
        for match in CALLED.finditer(text):
            option = METHOD.match(text, match.end())
            method = (match[1] or match[3] or (option[1] if option else "GET")).upper()
            path = re.sub(r"\$?\{(?:[^{}]|\{[^}]*\})*\}?", ":id", match[2] or match[4])
            route: dict[str, Any] = {"method": method, "path": path, "status": 200, "json": {}}
            found[variable if names.search(text) else ""][method, path] = route
    return json.dumps({"routes": [*(found[variable] or found[""]).values()]}, indent=2) + "\n"
