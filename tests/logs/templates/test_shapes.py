from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.logs.templates.shapes import SEPARATORS, VARIES, shape, shapes, tokens

LINE = st.binary(max_size=40).map(lambda line: line.replace(b"\n", b" "))
TEXT_LINE = st.text(alphabet='ab7 =:,"\x01é/-', max_size=30).map(str.encode)


def test_a_token_with_a_digit_is_one_byte() -> None:
    line = "2026-03-14 06:00:01,5 took 12ms for a4-b in job=x7, é9".encode()
    assert shape(line) == b"\x01 \x01:\x01:\x01,\x01 took \x01 for \x01 in job=\x01, \x01"


def test_lines_keep_their_number_and_place() -> None:
    assert shapes(b"a 1\n\n 2\nb") == [b"a \x01", b"", b" \x01", b"b"]


@settings(deadline=None)
@given(st.lists(st.one_of(LINE, TEXT_LINE), min_size=1, max_size=8))
def test_a_block_gives_what_its_lines_give(lines: list[bytes]) -> None:
    assert shapes(b"\n".join(lines)) == [shape(line) for line in lines]


@settings(deadline=None)
@given(st.lists(st.one_of(LINE, TEXT_LINE), min_size=1, max_size=8))
def test_tokens_lead_back_to_what_the_shapes_leave_out(lines: list[bytes]) -> None:
    found = tokens(b"\n".join(lines))
    data = bytes(found.data)
    values = [data[start:end] for start, end in zip(found.starts, found.ends, strict=True)]
    for place, line in enumerate(lines):
        first = int(found.first[place])
        count = found.shapes[place].count(VARIES)
        rebuilt = found.shapes[place].split(VARIES)
        parts = [rebuilt[0]]
        for value, rest in zip(values[first : first + count], rebuilt[1:], strict=True):
            parts += [value, rest]
        assert b"".join(parts) == line
        assert data[found.lines[place] :].startswith(line)


@settings(deadline=None)
@given(LINE)
def test_a_shape_is_its_own_shape_and_holds_no_digit(line: bytes) -> None:
    found = shape(line)
    assert shape(found) == found
    assert not set(found) & set(b"0123456789")
    assert [byte for byte in found if byte in SEPARATORS] == [
        byte for byte in line if byte in SEPARATORS
    ]
