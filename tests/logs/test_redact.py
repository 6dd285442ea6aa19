from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redhanded.logs.redact import redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('{"password":"hunter2 and more"}', "hunter2"),
        ('{\\"apiKey\\":\\"zzz999\\"}', "zzz999"),
        ("Authorization: Bearer abcdefghijk", "abcdefghijk"),
        ("DB_PASSWORD=tops3cret host=x", "tops3cret"),
        ("accessToken='abc123'", "abc123"),
        ("postgres://app:hunter2@db/app", "hunter2"),
        ("cookie: session=abc; theme=dark", "session=abc"),
        ("jwt eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2ln", "eyJzdWIiOiIx"),
        ("key AKIAABCDEFGHIJKLMNOP", "AKIAABCDEFGHIJKLMNOP"),
        ("paid with 4242 4242 4242 4242", "4242 4242 4242"),
        ("paid with 378282246310005.", "378282246310005"),
        ("mail to Jo.Doe+x@example.com", "Jo.Doe"),
    ],
)
def test_takes_secrets_out(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"time":1735812000123,"jobId":"17","tokens":5}',
        "order 4242424242424243 has no check digit",
        "mapping=3 spinning: 4 secretary: Jo",
        "password: null",
        "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    ],
)
def test_leaves_the_rest(text: str) -> None:
    assert redact(text) == text


def test_equal_values_stay_equal_and_different_ones_differ() -> None:
    one, same, other = (redact(f"{who}@example.com") for who in ("jo", "JO", "al"))
    assert one == same != other
    assert one.endswith("@example.com")


@given(st.sampled_from(["password=", "token: ", "a@", '"secret":"', "4242424242424242", ""]),
       st.text(max_size=40))  # fmt: skip
def test_twice_is_once(head: str, tail: str) -> None:
    once = redact(head + tail)
    assert redact(once) == once
