"""A library that looks at a row before it saves it writes what the program has read before."""

from __future__ import annotations

from stories import Story, cause, lines

SEAT = {"id": "7"}
READ, SAVE = "seats.js:5 book", "seats.js:9 book"


def saved_twice(*, looks_late: bool, read: bool = True) -> Story:
    """``looks_late``: the library of the first to read looks when the other has saved."""
    story = Story()
    for task in (1, 2):
        story.deliver(task)
    for task in (1, 2) if read else ():
        story.step(task, "SELECT", "seats", row=SEAT, line=READ)
    if not looks_late:
        story.step(1, "SELECT", "seats", row=SEAT, line=SAVE)
    story.step(2, "SELECT", "seats", row=SEAT, line=SAVE)
    story.step(2, "UPDATE", "seats", row=SEAT, line=SAVE)
    if looks_late:
        story.step(1, "SELECT", "seats", row=SEAT, line=SAVE)
    story.step(1, "UPDATE", "seats", row=SEAT, line=SAVE)
    return story


def test_the_look_of_the_program_is_named_and_not_that_of_the_library() -> None:
    for looks_late in (True, False):
        found = cause(saved_twice(looks_late=looks_late))
        assert found is not None and found.mechanism == "read-modify-write"
        assert lines(found) == ["look-up seats.js:5", "write seats.js:9"]


def test_a_library_alone_that_has_just_looked_loses_nothing() -> None:
    assert cause(saved_twice(looks_late=True, read=False)) is None
