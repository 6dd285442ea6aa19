"""Names of what the languages themselves provide."""

from __future__ import annotations

from redhanded.source.flow.effects import EffectKind


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


CARRIERS = words(
    "fastapi starlette flask quart sanic aiohttp litestar express koa fastify @nestjs/common"
)
"""Packages whose objects carry whatever a program puts on them: ``request.app.state.pool``."""

CALLING = words(
    "map forEach filter find findIndex findLast some every reduce reduceRight flatMap sort"
    " sorted toSorted"
)
"""Array methods that call a function with each element."""

SAME = words(
    "filter slice sort reverse concat flat toSorted toReversed values copy find findLast at"
    " pop shift first last"
)
"""What they give are the elements they were given."""

PLAIN = words(
    # Text.
    "trim trimStart trimEnd toString toFixed toPrecision split join replace replaceAll"
    " includes startsWith endsWith toLowerCase toUpperCase substring substr slice padStart"
    " padEnd charAt charCodeAt indexOf lastIndexOf match matchAll localeCompare normalize"
    " repeat concat test exec strip lstrip rstrip lower upper title capitalize startswith"
    " endswith encode decode format zfill ljust rjust partition rpartition splitlines isdigit"
    " isnumeric isalpha casefold removeprefix removesuffix hex"
    # Numbers and times.
    "toLocaleString getTime toISOString valueOf getFullYear getMonth getDate getDay getHours"
    " getMinutes getSeconds toJSON isoformat timestamp strftime total_seconds date time"
    " setDate setHours setMinutes setTime setSeconds setMonth setFullYear quantize"
    " to_integral_value"
    # Collections.
    "map filter reduce some every keys values entries items hasOwnProperty flat fill reverse"
    " sort push unshift pop shift splice append extend insert index count setdefault copy"
    " forEach find findIndex flatMap at model_dump model_dump_json dict json toObject"
)
"""Methods that do nothing to the world, whatever they are called on."""

GLOBALS = words(
    # ECMAScript.
    "Promise Object Array String Number Boolean Symbol Math JSON Date RegExp Map Set WeakMap"
    " WeakSet Error TypeError RangeError SyntaxError Intl BigInt parseInt parseFloat isNaN"
    " isFinite console process globalThis global Buffer URL URLSearchParams setTimeout"
    " setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask"
    " structuredClone fetch encodeURIComponent decodeURIComponent encodeURI decodeURI Reflect"
    " Proxy crypto AbortController AbortSignal TextEncoder TextDecoder Uint8Array ArrayBuffer"
    " performance require module exports __dirname __filename escape unescape btoa atob"
    " AggregateError Headers Request Response FormData Blob"
    # Python.
    "abs all any ascii bin bool bytearray bytes callable chr classmethod complex delattr dict"
    " dir divmod enumerate filter float format frozenset getattr globals hasattr hash hex id"
    " input int isinstance issubclass iter len list locals map max memoryview min next object"
    " oct open ord pow print property range repr reversed round set setattr slice sorted"
    " staticmethod str sum super tuple type vars zip Exception ValueError KeyError"
    " RuntimeError AttributeError NotImplementedError IndexError LookupError OSError IOError"
    " StopIteration TimeoutError PermissionError ConnectionError ArithmeticError"
    " ZeroDivisionError AssertionError __name__ NotImplemented Ellipsis BaseException anext"
    " aiter exec eval __import__ cls EOFError FileNotFoundError UnicodeDecodeError"
    " ImportError KeyboardInterrupt SystemExit FileExistsError InterruptedError"
    " RecursionError OverflowError Warning"
)
SEQUENCES = words("list tuple set frozenset sorted reversed iter enumerate")
LATER = words("setTimeout setInterval setImmediate queueMicrotask nextTick")
COLLECTIONS = words(
    "Map Set WeakMap WeakSet Array Object dict list set deque defaultdict OrderedDict Counter"
)
PURE_PACKAGES = words(
    "math decimal json re string itertools functools operator copy dataclasses typing enum"
    " logging traceback textwrap statistics fractions numbers abc types warnings pprint"
    " base64 html"
)
"""Modules of Python's library that do nothing to the world."""

TOGETHER = {
    ("global", ("Promise", "all")),
    ("global", ("Promise", "allSettled")),
    ("global", ("Promise", "race")),
    ("global", ("Promise", "any")),
    ("asyncio", ("gather",)),
    ("asyncio", ("wait",)),
}
DETACHED = {
    ("asyncio", ("create_task",)),
    ("asyncio", ("ensure_future",)),
    ("asyncio", ("get_event_loop", "()", "create_task")),
    ("asyncio", ("get_running_loop", "()", "create_task")),
}
SLEEPS = {("asyncio", ("sleep",)), ("time", ("sleep",)), ("timers", ("promises", "setTimeout"))}
RUNNING = {("asyncio", ("run",)), ("asyncio", ("wait_for",)), ("asyncio", ("shield",))}

READS = words(
    "get has includes indexOf find findIndex some every filter map keys values entries items"
    " index count copy peek forEach size"
)
WRITES: dict[str, EffectKind] = {
    **dict.fromkeys(words("set update setdefault"), "set"),
    **dict.fromkeys(words("add push unshift append appendleft extend insert"), "push"),
    **dict.fromkeys(
        words("delete pop shift splice clear remove discard popleft popitem"), "remove"
    ),
}
"""Methods of Map, Set, Array, dict, list, set and deque that change them."""

PLAIN_TYPES = words(
    "string number boolean any unknown void never object bigint symbol null undefined Date"
    " str int float bool bytes dict list tuple set None Any Dict List Tuple Set Callable"
    " Record Array Map Partial Pick Omit Iterable Sequence Mapping Literal"
)
WRAPPER_TYPES = words("Optional Annotated Promise Awaitable Readonly Required Type Provider")
