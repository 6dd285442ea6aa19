"""Methods of written lists, mappings and texts that declarations use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redhanded.source.flow.values import Known, Record, Unknown, Value

Called = Callable[[Value, tuple[Value, ...]], Value]
"""Calls a value that may be a function."""


def made_list(elements: Sequence[Value]) -> Record:
    """A list of these."""
    return Record({str(place): one for place, one in enumerate(elements)})


def elements(value: Value | None) -> tuple[Value, ...]:
    """Of a list; a value that is none stands for itself."""
    if value is None:
        return ()
    if isinstance(value, Record) and value.of is None:
        return tuple(value.parts.values())
    return (value,)


def texts(value: Value | None) -> tuple[str, ...]:
    """The texts in a list, or the one text; what is no text is left out."""
    return tuple(
        one.value
        for one in elements(value)
        if isinstance(one, Known) and isinstance(one.value, str)
    )


def text(value: Value | None) -> str:
    """A text, or nothing."""
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else ""


def of_list(base: Record, method: str, arguments: list[Value], call: Called) -> Value:
    """What a method gives; every one that is not known here gives `Unknown`."""
    own = tuple(base.parts.values())
    if method in ("map", "forEach", "flatMap") and arguments:
        return made_list([call(arguments[0], (one, Known(at))) for at, one in enumerate(own)])
    if method == "concat":
        return made_list([*own, *(part for one in arguments for part in elements(one))])
    if method in ("items", "entries"):
        return made_list([made_list([Known(key), one]) for key, one in base.parts.items()])
    if method == "values":
        return made_list(own)
    if method == "keys":
        return made_list([Known(key) for key in base.parts])
    if method == "join":
        said = [one.value for one in own if isinstance(one, Known)]
        glue = text(arguments[0]) if arguments else ","
        return Known(glue.join(map(str, said))) if len(said) == len(own) else Unknown()
    return Unknown()


def of_text(base: str, method: str, arguments: list[Value]) -> Value:
    """What a method of a text gives."""
    plain: dict[str, Callable[[str], str]] = {
        "trim": str.strip,
        "strip": str.strip,
        "toLowerCase": str.lower,
        "lower": str.lower,
        "toUpperCase": str.upper,
        "upper": str.upper,
        "toString": str,
    }
    if method in plain and not arguments:
        return Known(plain[method](base))
    if method == "join" and arguments:
        said = texts(arguments[0])
        return Known(base.join(said)) if len(said) == len(elements(arguments[0])) else Unknown()
    if method == "concat":
        more = [text(one) for one in arguments]
        return Known(base + "".join(more)) if all(more) else Unknown()
    return Unknown()
