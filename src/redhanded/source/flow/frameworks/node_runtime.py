"""What Node and browsers provide: clocks, random numbers, timers, signatures, files.

References: nodejs.org/api (crypto, timers, timers/promises, fs), tc39.es/ecma262 (Math.random gives
a number of 52 random bits in V8, v8.dev/blog/math-random). The random bits of an identifier are
those in which two calls can differ.
"""

from __future__ import annotations

import math

from redhanded.source.flow.effects import Effect, EffectKind, Store
from redhanded.source.flow.framework import THIS, Callback, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import is_python
from redhanded.source.flow.frameworks.reading import (
    RESOLVE,
    argument,
    called_back,
    function,
    gives,
    number,
    pattern,
    words,
)
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Input, Known, Made, Procedure, Value, sources

PACKAGES = ("global", "crypto", "timers", "timers/promises", "fs", "fs-extra", "perf_hooks", "util")
CLOCKS = frozenset(["Date.now", "performance.now", "process.hrtime", "process.hrtime.bigint"])
FILE_READS = words(
    "readFile readFileSync readdir readdirSync stat statSync lstat existsSync access"
    " createReadStream pathExists readJson readJSON"
)
FILE_WRITES = words(
    "writeFile writeFileSync appendFile appendFileSync createWriteStream rename renameSync copyFile"
    " copyFileSync outputFile writeJson outputJson"
)
FILE_REMOVES = words("unlink unlinkSync rm rmSync rmdir rmdirSync remove removeSync")
MATH_RANDOM_BITS = 52.0
UUID_BITS = 122.0


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if is_python(site):
        return None
    package, name = site.callee.package, ".".join(site.callee.names)
    if package in ("fs", "fs-extra"):
        return _file(site)
    if package == "util":
        return _promisified(site, name)
    if package == "global" and name == "Date" and site.is_new and not site.arguments:
        return _one(site, "clock", "Date")
    if package in ("global", "perf_hooks") and name in CLOCKS:
        return _one(site, "clock", name)
    if package == "global" and name == "Math.random":
        return _one(site, "identifier", name, bits=MATH_RANDOM_BITS)
    if package in ("global", "timers", "timers/promises"):
        slept = _timer(site, name)
        if slept is not None:
            return slept
    return _crypto(site, name)


def _promisified(site: CallSite, name: str) -> Meaning | None:
    """``promisify(f)``: a function of the program is called with one more argument, by which it
    says that it is done."""
    first = argument(site, 0)
    if name == "promisify" and first is not None:
        return Meaning(result=gives(site) if isinstance(first, Procedure) else first)
    made = site.callee.steps[-1] if name == "promisify.()" else None
    if not isinstance(made, Made):
        return None
    arguments = (*site.arguments, RESOLVE)
    called = Callback(function=made.arguments[0], arguments=arguments, gives=True)
    return Meaning(callbacks=(called,))


def _one(
    site: CallSite,
    kind: EffectKind,
    verb: str,
    *,
    store: Store = "other",
    bits: float | None = None,
    expiry_s: float | None = None,
    subject: str | None = None,
) -> Meaning:
    effect = Effect(
        kind=kind,
        store=store,
        library=site.callee.package,
        verb=verb,
        subject=subject,
        expiry_s=expiry_s,
        options={} if bits is None else {"bits": Known(bits)},
    )
    return Meaning(effects=(effect,))


def _timer(site: CallSite, name: str) -> Meaning | None:
    """``setTimeout(resolve, ms)`` and ``await setTimeout(ms)`` of timers/promises; a function of
    the program that is called later is no sleep."""
    is_promise = site.callee.package == "timers/promises" or name.startswith("promises.")
    last = name.rsplit(".", 1)[-1]
    if is_promise and last in ("setTimeout", "wait"):
        return _slept(site, argument(site, 0))
    if last == "setTimeout" and site.arguments and function(site.arguments[0]) is None:
        return _slept(site, argument(site, 1))
    return None


def _slept(site: CallSite, milliseconds: Value | None) -> Meaning:
    known = number(milliseconds)
    return _one(site, "sleep", "setTimeout", expiry_s=None if known is None else known / 1000)


def _crypto(site: CallSite, name: str) -> Meaning | None:
    if site.callee.package == "global" and not name.startswith("crypto."):
        return None
    plain = name.removeprefix("crypto.").removeprefix("webcrypto.")
    if plain == "randomUUID":
        return _one(site, "identifier", plain, bits=UUID_BITS)
    if plain in ("randomBytes", "pseudoRandomBytes", "randomFillSync"):
        count = number(argument(site, 0))
        found = _one(site, "identifier", plain, bits=None if count is None else count * 8)
        return Meaning(effects=found.effects, callbacks=called_back(site, THIS))
    if plain == "randomInt":
        return _one(site, "identifier", plain, bits=_span(site))
    if plain == "getRandomValues":
        return _one(site, "identifier", plain)
    if plain == "timingSafeEqual":
        return _one(site, "verify", plain)
    if plain.endswith(".digest") and site.callee.names[0] == "createHmac":
        return _signature(site)
    if plain == "subtle.verify":
        return _one(site, "verify", plain)
    return None


def _span(site: CallSite) -> float | None:
    ends = [number(one) for one in site.arguments if function(one) is None]
    low, high = (0.0, ends[0]) if len(ends) == 1 else (ends[0], ends[1]) if ends else (None, None)
    if low is None or high is None or high - low < 1:
        return None
    return math.log2(high - low)


def _signature(site: CallSite) -> Meaning | None:
    """A keyed digest of what a request brought is made to be compared with its signature."""
    if any(isinstance(one, Input) and one.source == "request" for one in sources(site.callee)):
        return _one(site, "verify", "createHmac")
    return None


def _file(site: CallSite) -> Meaning | None:
    name = site.callee.names[-1] if site.callee.names else ""
    kinds: tuple[tuple[frozenset[str], EffectKind], ...] = (
        (FILE_READS, "get"),
        (FILE_WRITES, "set"),
        (FILE_REMOVES, "remove"),
    )
    for group, kind in kinds:
        if name in group:
            subject = pattern(argument(site, 0))
            found = _one(site, kind, name, subject=subject)
            return Meaning(
                effects=found.effects,
                callbacks=called_back(site, THIS),
                is_async=not name.endswith("Sync") and not called_back(site),
            )
    return None


FRAMEWORK = LibraryTable(name="node runtime", packages=PACKAGES, calls=_call)
