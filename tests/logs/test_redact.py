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
        ("Cookie: theme=dark; sid=s3cr3tvalue; lang=en", "s3cr3tvalue"),
        ('{"set-cookie":"sid=s3cr3tvalue; Path=/"}', "s3cr3tvalue"),
        ('"password"=>"hunter2"', "hunter2"),
        ("mysql --password hunter2 -h db", "hunter2"),
        ("ALTER ROLE app PASSWORD 'hunter2'", "hunter2"),
        ("CREATE USER a IDENTIFIED BY 'hunter2'", "hunter2"),
        ("<wsse:password>hunter2</wsse:password>", "hunter2"),
        ('{"name":"x-api-key","value":"zzz999"}', "zzz999"),
        ("https://0123456789abcdef0123456789abcdef@o1.ingest.example.io/5", "89abcdef"),
        ("https://hooks.slack.com/services/T0/B0/abcdefgh", "abcdefgh"),
        ("GET /a?x=1&sig=abc%2Bdef&y=2", "abc%2Bdef"),
        ("AccountKey=abcdef==;EndpointSuffix=x", "abcdef"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"),
        ("key ASIAABCDEFGHIJKLMNOP", "ASIAABCDEFGHIJKLMNOP"),
        ("Authorization: Basic dXNlcjpodW50ZXIy", "dXNlcjpodW50ZXIy"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("paid from DE89 3704 0044 0532 0130 00 today", "0532 0130"),
        ("call +49 151 2345 6789", "2345 6789"),
        ("ssn given 078-05-1120", "078-05-1120"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
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
        "2025-01-02T10:00:00.123456+00:00 GET /orders/17?page=2 200",
        "DE00370400440532013000 has no right check digits",
        "took 123-45 and +12 of 10.0.0.1:5432, code=E1001, key (a)=(1)",
        "INSERT INTO a (b) VALUES ($1) -- password reset asked for",
    ],
)
def test_leaves_the_rest(text: str) -> None:
    assert redact(text) == text


def test_equal_values_stay_equal_and_different_ones_differ() -> None:
    one, same, other = (redact(f"{who}@example.com") for who in ("jo", "JO", "al"))
    assert one == same != other
    assert one.endswith("@example.com")


@given(st.sampled_from(["password=", "token: ", "a@", '"secret":"', "4242424242424242", "",
                        "Cookie: a=b; c", "--token ", "+49151234567", "PASSWORD '", "<pin>1"]),
       st.text(max_size=40))  # fmt: skip
def test_twice_is_once(head: str, tail: str) -> None:
    once = redact(head + tail)
    assert redact(once) == once


def test_an_arrow_before_a_secret_stays() -> None:
    once = redact("password=>0")
    assert once.startswith("password=><secret:") and redact(once) == once
