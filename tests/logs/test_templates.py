from __future__ import annotations

import pytest

from redhanded.logs.templates import similarity, template, words_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Job 17 failed after 3 attempts", "Job <*> failed after <*> attempts"),
        ("parcel px_3Nxyz sent in 3.5 s", "parcel <*> sent in <*> s"),
        ("no file /srv/app/a.js here", "no file <*> here"),
        ("id 7c9e6679-7425-40de-944b-e07fc1f90ae7", "id <*>"),
        ("hash deadbeef99 seen", "hash <*> seen"),
        ('name "Jo Doe" unknown', 'name "<*>" unknown'),
        ("at 2025-01-02T10:00:00Z from 10.0.0.1:80", "at <*> from <*>"),
        ("mail jo@example.com bounced", "mail <*> bounced"),
        ("Key (code)=(P-1) already exists.", "Key (code)=(<*>) already exists."),
        ('violates unique constraint "uq_v2_code"', 'violates unique constraint "uq_v2_code"'),
        ("it's just words", "it's just words"),
    ],
)
def test_masks_what_varies(text: str, expected: str) -> None:
    assert template(text) == expected
    assert template(expected) == expected


def test_nearest_message_shares_words() -> None:
    words = words_of("duplicated key")
    assert similarity(words, "duplicate key value") > similarity(words, "key missing") > 0
    assert similarity(words, "timeout") == 0
