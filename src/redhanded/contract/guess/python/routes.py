"""HTTP routes of FastAPI, Flask, Django and Django REST framework, as the source writes them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from redhanded.contract.guess.python.bodies import read_body

_DECORATED = re.compile(
    r"^@(\w+)\.(get|post|put|patch|delete|route)\(\s*(?:path\s*=\s*)?['\"]([^'\"]*)['\"]"
    r"(?=((?:(?!^(?:async\s+)?def\s|^class\s).)*)^(?:async\s+)?def\s+(\w+))",
    re.MULTILINE | re.IGNORECASE | re.DOTALL,
)
_ROUTER = re.compile(r"^(\w+)\s*=\s*(?:APIRouter|Blueprint)\(([^\n]*)", re.MULTILINE)
_PREFIX = re.compile(r"(?:url_)?prefix\s*=\s*['\"]([^'\"]*)['\"]")
_INCLUDED = re.compile(r"\.(?:include_router|register_blueprint)\(\s*([\w.]+)([^)]*)\)", re.DOTALL)
_IMPORTED = re.compile(r"^from\s+([\w.]+)\s+import\s+([^\n(]+|\([^)]*\))", re.MULTILINE)
_URL = re.compile(
    r"\b(?:re_)?path\(\s*r?['\"]([^'\"]*)['\"]\s*,\s*"
    r"(?:include\(\s*['\"]([\w.]+)['\"]|([\w.]+?)(?:\.as_view\b|\s*[,)]|(?<=lambda)\b))"
)
_REGISTERED = re.compile(r"\b\w+\.register\(\s*r?['\"]([^'\"]*)['\"]\s*,\s*([\w.]+)")
_METHODS = re.compile(r"methods\s*=\s*[\[(]([^\])]*)")
_ACCEPTS = re.compile(
    r"@require_POST|@api_view\(\s*\[[^\]]*POST|require_http_methods\(\s*\[[^\]]*POST"
    r"|method\s*[!=]=\s*['\"]POST|def (?:post|create)\("
    r"|^class \w+\([^)]*\b(?:ModelViewSet|CreateModelMixin|\w*CreateAPIView)\b",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonRoute:
    """One route, the file its function stands in, and what the function reads of the body."""

    method: str
    path: str
    file: str
    body: Mapping[str, object] | None = None


def python_routes(sources: Mapping[str, str]) -> list[PythonRoute]:
    """All that are literals, in the order of files."""
    texts = {path: text for path, text in sources.items() if path.endswith(".py")}
    return [*_decorated(texts), *_django(texts)]


def _decorated(texts: Mapping[str, str]) -> Iterator[PythonRoute]:
    mounted = dict(_mounts(texts))
    for file, text in texts.items():
        own = {
            match[1]: prefix[1]
            for match in _ROUTER.finditer(text)
            if (prefix := _PREFIX.search(match[2]))
        }
        for match in _DECORATED.finditer(text):
            methods = [match[2].upper()]
            if methods == ["ROUTE"]:
                listed = _METHODS.search(match[4].partition("\n@")[0])
                methods = re.findall(r"[A-Z]+", listed[1]) if listed else ["GET"]
            mount = mounted.get((file, match[1]), "") + own.get(match[1], "")
            path = (mount + match[3]) or "/"
            for method in methods:
                yield PythonRoute(
                    method=method,
                    path=path,
                    file=file,
                    body=read_body(texts, file, match[5]) if method == "POST" else None,
                )


def _mounts(texts: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    """File and name of a router, with the prefix that it is mounted under."""
    for file, text in texts.items():
        names = dict(_imports(texts, file))
        for match in _INCLUDED.finditer(text):
            prefix = _PREFIX.search(match[2])
            module, _, router = match[1].rpartition(".")
            where = names.get(module or router)
            if where is not None and prefix:
                yield (where, router), prefix[1]
            elif prefix and not module:
                yield (file, router), prefix[1]


def _imports(texts: Mapping[str, str], file: str) -> Iterator[tuple[str, str]]:
    """Names that a module imports, with the file they are or come from."""
    for match in _IMPORTED.finditer(texts[file]):
        package = match[1].lstrip(".")
        if above := len(match[1]) - len(package):
            folders = file.split("/")[:-above]
            package = ".".join([*folders, *filter(None, [package])])
        for part in re.sub(r"[()\s]+", " ", match[2]).split(","):
            name, _, alias = part.strip().partition(" as ")
            for dotted in (f"{package}.{name}".strip("."), package):
                found = _file(texts, dotted)
                if found:
                    yield (alias or name).strip(), found
                    break


def _file(texts: Mapping[str, str], dotted: str) -> str | None:
    wanted = dotted.replace(".", "/")
    for ending in (".py", "/__init__.py"):
        found = [path for path in texts if path == wanted + ending]
        found += [path for path in texts if path.endswith(f"/{wanted}{ending}")]
        if wanted and found:
            return found[0]
    return None


def _django(texts: Mapping[str, str]) -> Iterator[PythonRoute]:
    files = {path: text for path, text in texts.items() if "urlpatterns" in text}
    included = {
        _file(texts, match[2])
        for text in files.values()
        for match in _URL.finditer(text)
        if match[2]
    }
    for file in files:
        if file not in included:
            yield from _urls(texts, file, "/", frozenset())


def _urls(
    texts: Mapping[str, str], file: str, prefix: str, above: frozenset[str]
) -> Iterator[PythonRoute]:
    names = dict(_imports(texts, file))
    for match in _REGISTERED.finditer(texts[file]):
        yield _route(texts, names, file, f"{prefix}{match[1]}/".replace("//", "/"), match[2])
    for match in _URL.finditer(texts[file]):
        path = prefix + match[1].removeprefix("^").removesuffix("$")
        if match[2]:
            inner = _file(texts, match[2])
            if inner and inner not in above and "urlpatterns" in texts[inner]:
                yield from _urls(texts, inner, path, above | {file})
            continue
        yield _route(texts, names, file, path, match[3])


def _route(
    texts: Mapping[str, str], names: Mapping[str, str], file: str, path: str, named: str
) -> PythonRoute:
    """The route to the view that ``file`` calls ``named``."""
    module, _, view = named.rpartition(".")
    where = names.get(module or view, file)
    method = "POST" if _ACCEPTS.search(_definition(texts[where], view)) else "GET"
    return PythonRoute(
        method=method,
        path=path if path == "/" else posixpath.normpath(path) + "/" * path.endswith("/"),
        file=where,
        body=read_body(texts, where, view) if method == "POST" else None,
    )


def _definition(text: str, name: str) -> str:
    """A function or class with its decorators."""
    pattern = (
        rf"(?:^@[^\n]*\n)*^(?:async def|def|class) {re.escape(name)}\b[^\n]*\n(?:[ \t][^\n]*\n|\n)*"
    )
    match = re.search(pattern, text + "\n", re.MULTILINE)
    return match[0] if match else ""
