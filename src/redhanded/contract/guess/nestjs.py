"""HTTP routes of NestJS controllers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

_CONTROLLER = re.compile(r"@Controller\s*\(([^)]*)\)")
_METHOD = re.compile(r"@(Get|Post|Put|Patch|Delete)\s*\(\s*(?:\[\s*)?(?:['\"`]([^'\"`]*)['\"`])?")
_QUOTED = re.compile(r"['\"`]([^'\"`]*)['\"`]")
_PATH = re.compile(r"\bpath\s*:\s*['\"`]([^'\"`]*)['\"`]")
_VERSION = re.compile(r"\bversion\s*:\s*\[?\s*['\"`]([^'\"`]*)['\"`]")
_PREFIX = re.compile(r"\.setGlobalPrefix\s*\(\s*['\"`]([^'\"`]*)['\"`]([^;]*)")
_VERSIONED = re.compile(r"\.enableVersioning\s*\(([^;]*)")
_DEFAULT_VERSION = re.compile(r"defaultVersion\s*:\s*['\"`]([^'\"`]*)['\"`]")


def nestjs_routes(sources: Mapping[str, str]) -> Iterator[tuple[str, str, str, int]]:
    """Method, path with the global prefix and version, file and offset in it of each."""
    whole = "\n".join(text for text in sources.values() if "NestFactory" in text)
    prefix = _PREFIX.search(whole)
    without = {path.strip("/") for path in _QUOTED.findall(prefix[2])} if prefix else set()
    versioned = _VERSIONED.search(whole)
    for file, text in sources.items():
        controllers = list(_CONTROLLER.finditer(text))
        for number, controller in enumerate(controllers, 1):
            end = controllers[number].start() if number < len(controllers) else len(text)
            place = _place(controller[1])
            version = _version(controller[1], versioned[1]) if versioned else ""
            for found in _METHOD.finditer(text, controller.end(), end):
                path = _joined(place, found[2] or "")
                before = prefix[1] if prefix and path.strip("/") not in without else ""
                yield found[1].upper(), _joined(before, version, path), file, found.start()


def _place(arguments: str) -> str:
    found = _PATH.search(arguments) if "{" in arguments else _QUOTED.search(arguments)
    return found[1] if found else ""


def _version(arguments: str, settings: str) -> str:
    """``v1`` where versions are part of the path, as they are unless another type is set."""
    if re.search(r"VersioningType\.(?!URI)", settings):
        return ""
    found = _VERSION.search(arguments) or _DEFAULT_VERSION.search(settings)
    return f"v{found[1]}" if found else ""


def _joined(*parts: str) -> str:
    return posixpath.normpath("/" + "/".join(part.strip("/") for part in parts if part.strip("/")))
