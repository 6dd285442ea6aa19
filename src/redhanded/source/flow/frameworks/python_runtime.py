"""What Python's standard library and small packages give: clocks, identifiers, sleep, locks.

References: https://docs.python.org/3/library/ of time, datetime, uuid, secrets, random, threading,
asyncio, hmac. The random bits of an identifier are those that can differ between two calls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.framework import Callback, CallSite, Meaning, Moment, Surroundings
from redhanded.source.flow.frameworks.chain import given, is_python, libraries, links
from redhanded.source.flow.frameworks.reading import elements, gives, number, text
from redhanded.source.flow.frameworks.table import LibraryTable
from redhanded.source.flow.values import Computed, Known, Library, Value

CLOCKS: Mapping[str, frozenset[str]] = {
    "time": frozenset({"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"}),
    "datetime": frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}),
    "django": frozenset({"utils.timezone.now", "utils.timezone.localtime"}),
    "arrow": frozenset({"now", "utcnow"}),
    "pendulum": frozenset({"now", "today"}),
}
SLEEPS: Mapping[str, frozenset[str]] = {
    "time": frozenset({"sleep"}),
    "asyncio": frozenset({"sleep"}),
    "anyio": frozenset({"sleep"}),
    "trio": frozenset({"sleep"}),
    "gevent": frozenset({"sleep"}),
    "eventlet": frozenset({"sleep"}),
}
ALPHABETS = {
    "ascii_letters": 52,
    "ascii_lowercase": 26,
    "ascii_uppercase": 26,
    "digits": 10,
    "hexdigits": 16,
    "octdigits": 8,
    "punctuation": 32,
    "printable": 100,
}
LOCKS = frozenset(
    {"Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "CapacityLimiter"}
)
LOCKING = ("threading", "asyncio", "multiprocessing", "anyio", "trio", "gevent")


def _fixed(bits: float) -> Callable[[CallSite], float | None]:
    return lambda site: bits


def _bytes(site: CallSite) -> float | None:
    taken = given(site, 0, "nbytes", "size")
    if taken is None or taken == Known(None):
        return 256.0
    count = number(taken)
    return None if count is None else count * 8


def _range(site: CallSite) -> float | None:
    first, last = number(given(site, 0, "a", "start")), number(given(site, 1, "b", "stop"))
    if len(site.arguments) + len(site.keywords) == 1:
        return _log2(first)
    if first is None or last is None:
        return None
    inclusive = site.callee.names[-1] == "randint"
    return _log2(last - first + (1 if inclusive else 0))


def _log2(count: float | None) -> float | None:
    return None if count is None or count < 1 else math.log2(count)


def _choice(site: CallSite) -> float | None:
    return _log2(alphabet(given(site, 0, "population", "seq")))


def _choices(site: CallSite) -> float | None:
    one, count = _choice(site), number(given(site, -1, "k"))
    if count is None:
        count = number(given(site, 1)) if site.callee.names[-1] == "sample" else 1.0
    return None if one is None or count is None else one * count


def _symbols(default: float, per: float) -> Callable[[CallSite], float | None]:
    def bits(site: CallSite) -> float | None:
        taken = given(site, -1 if site.callee.package == "nanoid" else 0, "size", "length")
        for one in site.arguments:
            taken = one if taken is None and number(one) is not None else taken
        if taken is None:
            return default * per
        count = number(taken)
        return None if count is None else count * per

    return bits


IDENTIFIERS: Mapping[tuple[str, str], Callable[[CallSite], float | None]] = {
    ("uuid", "uuid4"): _fixed(122),
    ("uuid", "uuid1"): lambda site: None,
    ("uuid", "uuid6"): lambda site: None,
    ("uuid", "uuid7"): _fixed(74),
    ("secrets", "token_hex"): _bytes,
    ("secrets", "token_urlsafe"): _bytes,
    ("secrets", "token_bytes"): _bytes,
    ("secrets", "randbelow"): _range,
    ("secrets", "randbits"): lambda site: number(given(site, 0, "k")),
    ("secrets", "choice"): _choice,
    ("os", "urandom"): _bytes,
    ("random", "random"): _fixed(53),
    ("random", "randint"): _range,
    ("random", "randrange"): _range,
    ("random", "getrandbits"): lambda site: number(given(site, 0, "k")),
    ("random", "randbytes"): lambda site: (number(given(site, 0, "n")) or 0) * 8 or None,
    ("random", "choice"): _choice,
    ("random", "choices"): _choices,
    ("random", "sample"): _choices,
    ("random", "SystemRandom.choice"): _choice,
    ("random", "SystemRandom.randint"): _range,
    ("django", "utils.crypto.get_random_string"): _symbols(12, math.log2(62)),
    ("nanoid", "generate"): _symbols(21, 6),
    ("shortuuid", "uuid"): _fixed(122),
    ("shortuuid", "random"): _symbols(22, math.log2(57)),
    ("shortuuid", "ShortUUID.random"): _symbols(22, math.log2(57)),
    ("shortuuid", "ShortUUID.uuid"): _fixed(122),
    ("ulid", "new"): _fixed(80),
    ("ulid", "ULID"): _fixed(80),
    ("uuid_utils", "uuid4"): _fixed(122),
    ("uuid_utils", "uuid7"): _fixed(74),
    ("uuid6", "uuid7"): _fixed(62),
    ("cuid", "cuid"): _fixed(40),
    ("cuid2", "cuid_wrapper"): lambda site: None,
    ("bson", "ObjectId"): lambda site: None,
}


def alphabet(value: Value | None) -> float | None:
    """How many different symbols there are in a text or sequence to choose from."""
    written = text(value)
    if written is not None:
        return float(len(set(written)))
    if isinstance(value, Computed) and value.operator in ("+", "text"):
        sizes = [alphabet(one) for one in value.operands]
        known = [one for one in sizes if one is not None]
        return sum(known) if len(known) == len(sizes) else None
    if isinstance(value, Library) and value.package == "string" and len(value.names) == 1:
        size = ALPHABETS.get(value.names[0])
        return None if size is None else float(size)
    found = elements(value)
    return float(len(found)) if found else None


def _call(site: CallSite, around: Surroundings) -> Meaning | None:
    if not is_python(site):
        return None
    package = site.callee.package
    chain = links(site.callee)
    name = ".".join(one.name for one in chain)
    if name in SLEEPS.get(package, ()):
        length = number(given(site, 0, "seconds", "delay", "secs"))
        effect = _effect("sleep", package, name, expiry_s=length)
        return Meaning(effects=(effect,), is_async=package in ("asyncio", "anyio", "trio"))
    if name in CLOCKS.get(package, ()):
        return Meaning(effects=(_effect("clock", package, name),))
    bits = IDENTIFIERS.get((package, name))
    if bits is not None:
        size = bits(site)
        options: dict[str, Value] = {} if size is None else {"bits": Known(round(size, 2))}
        return Meaning(effects=(_effect("identifier", package, name, options=options),))
    if package in LOCKING and chain[-1].name in ("acquire", "release") and len(chain) > 1:
        return _lock(site)
    if package in ("hmac", "secrets") and name == "compare_digest":
        return _compared(site)
    return _handed_on(site, name)


def _effect(
    kind: EffectKind,
    package: str,
    name: str,
    *,
    expiry_s: float | None = None,
    options: Mapping[str, Value] | None = None,
) -> Effect:
    return Effect(
        kind=kind,
        store="other",
        library=package,
        verb=name,
        expiry_s=expiry_s,
        options=options or {},
    )


def _compared(site: CallSite) -> Meaning | None:
    """A comparison with something that ``hmac`` made; tokens and passwords are none of it."""
    keyed = any(one.package == "hmac" for value in site.arguments for one in libraries(value))
    if not keyed:
        return None
    return Meaning(effects=(_effect("verify", "hmac", "compare_digest"),))


def _locked(value: Library) -> str | None:
    """The name of a lock: where it was made."""
    for one in links(value):
        if one.name in LOCKS and one.made is not None:
            place = one.made.location
            return None if place is None else f"{place.path}:{place.line}"
    return None


def _lock(site: CallSite) -> Meaning | None:
    chain = links(site.callee)
    if not any(one.name in LOCKS for one in chain[:-1]):
        return None
    kind: EffectKind = "acquire" if chain[-1].name == "acquire" else "release"
    effect = Effect(
        kind=kind,
        store="process",
        library=site.callee.package,
        verb=chain[-1].name,
        subject=_locked(site.callee),
    )
    is_async = site.callee.package == "asyncio" and kind == "acquire"
    return Meaning(effects=(effect,), is_async=is_async)


def _settle(value: Library, moment: Moment, around: Surroundings) -> Meaning | None:
    chain = links(value)
    if moment != "enter" or value.package not in LOCKING or not chain:
        return None
    if chain[-1].name not in LOCKS or chain[-1].made is None:
        return None
    effect = Effect(
        kind="acquire",
        store="process",
        library=value.package,
        verb="with",
        subject=_locked(value),
    )
    return Meaning(effects=(effect,))


CALLED_LATER: Mapping[tuple[str, str], int] = {
    ("asyncio", "to_thread"): 0,
    ("asyncio", "get_event_loop.run_in_executor"): 1,
    ("asyncio", "get_running_loop.run_in_executor"): 1,
    ("anyio", "to_thread.run_sync"): 0,
    ("anyio", "from_thread.run"): 0,
    ("concurrent", "futures.ThreadPoolExecutor.submit"): 0,
    ("concurrent", "futures.ProcessPoolExecutor.submit"): 0,
    ("starlette", "concurrency.run_in_threadpool"): 0,
    ("fastapi", "concurrency.run_in_threadpool"): 0,
    ("asyncio", "run"): 0,
}
"""Place of the function among the arguments; those after it are given to it."""


def _handed_on(site: CallSite, name: str) -> Meaning | None:
    """Functions that are given away to be called elsewhere, with what they are given."""
    package = site.callee.package
    place = CALLED_LATER.get((package, name))
    if place is not None and len(site.arguments) > place and name != "run":
        given_on = site.arguments[place + 1 :]
        keywords = site.keywords if package != "anyio" else {}
        return Meaning(
            callbacks=(_later(site.arguments[place], given_on, keywords),),
            result=gives(site),
        )
    chain = links(site.callee)
    if package == "functools" and len(chain) == 1 and chain[0].name == "partial":
        inner = chain[0].made
        if inner is None or not inner.arguments:
            return None
        keywords = {**inner.keywords, **site.keywords}
        taken = (*inner.arguments[1:], *site.arguments)
        return Meaning(callbacks=(_later(inner.arguments[0], taken, keywords),))
    if package == "threading" and name in ("Thread.start", "Timer.start"):
        return _thread(chain[0].name, site)
    return None


def _thread(name: str, site: CallSite) -> Meaning | None:
    made = links(site.callee)[0].made
    function = given(made, 1, "target" if name == "Thread" else "function")
    if function is None:
        return None
    arguments = elements(given(made, 3 if name == "Thread" else 2, "args"))
    return Meaning(callbacks=(_later(function, arguments, {}),), result=gives(site))


def _later(
    function: Value, arguments: tuple[Value, ...], keywords: Mapping[str, Value]
) -> Callback:
    return Callback(function=function, arguments=arguments, keywords=keywords, gives=True)


FRAMEWORK = LibraryTable(
    name="python",
    packages=tuple(
        dict.fromkeys(
            (
                *CLOCKS,
                *SLEEPS,
                *(package for package, _ in IDENTIFIERS),
                *LOCKING,
                *("hmac", "functools", "concurrent", "starlette", "fastapi"),
            )
        )
    ),
    calls=_call,
    settles=_settle,
)
