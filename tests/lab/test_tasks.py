"""Whose work a job is, however it travels through Redis."""

from __future__ import annotations

from made import touch

from redhanded.lab.tasks import Tasks


def bulk(*values: bytes) -> bytes:
    """An array of bulk strings, or one bulk string."""
    parts = b"".join(b"$%d\r\n%s\r\n" % (len(value), value) for value in values)
    return parts if len(values) == 1 else b"*%d\r\n" % len(values) + parts


def tasks(**keys: list[bytes]) -> Tasks:
    started = Tasks()
    started.begin(keys)
    return started


def test_a_job_is_known_by_the_identifier_in_its_key() -> None:
    known = tasks(queue=[b"bull:mail:id"])
    known.keys_now("delivery 1", "queue", [b"bull:mail:id", b"bull:mail:17"], bulk(b"17"))
    known.keys_now(
        "delivery 2", "queue", [b"bull:mail:id", b"bull:mail:17", b"bull:mail:18"], bulk(b"18")
    )
    assert known.handed_out(bulk(b"data", b"18")) == "delivery 2"
    assert known.handed_out(bulk(b"17")) == "delivery 1"
    assert known.handed_out(bulk(b"19")) is None


def test_an_identifier_inside_a_longer_value_is_not_it() -> None:
    known = tasks(queue=[])
    known.keys_now("delivery 1", "queue", [b"bull:mail:7"], bulk(b"7"))
    assert known.handed_out(bulk(b"1777", b"the 7 dwarfs")) is None


def test_the_last_identifier_in_an_answer_counts() -> None:
    known = tasks(queue=[])
    known.keys_now("delivery 1", "queue", [b"q:1"], bulk(b"1"))
    known.keys_now("delivery 2", "queue", [b"q:1", b"q:2"], bulk(b"2"))
    assert known.handed_out(bulk(b"1", b"next", b"2")) == "delivery 2"


def test_keys_that_were_there_before_are_nobodys() -> None:
    known = tasks(queue=[b"q:1"])
    known.keys_now("delivery 1", "queue", [b"q:1"], b"")
    assert known.handed_out(bulk(b"1")) is None


def test_a_new_trial_forgets() -> None:
    known = tasks(queue=[])
    known.keys_now("delivery 2", "queue", [b"q:1"], bulk(b"1"))
    known.wrote("delivery 2", [touch("q:wait", "write", "queue")])
    known.pushed("delivery 2", "queue", (b"LPUSH", b"list", b"value"))
    known.begin({"queue": []})
    assert known.handed_out(bulk(b"1")) is None
    assert known.next_up("queue", b"q:wait") is None
    assert known.served("queue", [b"list"], bulk(b"value")) is None
    known.keys_now("delivery 1", "queue", [b"q:1"], bulk(b"1"))
    assert known.handed_out(bulk(b"1")) == "delivery 1"


def test_two_services_do_not_mix_up_their_keys() -> None:
    known = tasks(queue=[b"q:1"], cache=[b"c:9"])
    known.keys_now("delivery 1", "cache", [b"c:9"], b"")
    known.keys_now("delivery 2", "queue", [b"q:1"], b"")
    assert known.handed_out(bulk(b"1")) is None
    assert known.handed_out(bulk(b"9")) is None


def test_the_oldest_waiting_job_is_next_until_a_consumer_has_it() -> None:
    known = tasks(queue=[])
    known.keys_now("delivery 1", "queue", [b"bull:mail:1"], bulk(b"1"))
    known.wrote("delivery 2", [touch("bull:mail:wait", "write", "queue")])
    known.keys_now("delivery 2", "queue", [b"bull:mail:1", b"bull:mail:2"], bulk(b"2"))
    assert known.next_up("queue", b"bull:mail:wait") == "delivery 1"
    assert known.handed_out(bulk(b"1")) == "delivery 1"
    assert known.next_up("queue", b"bull:mail:wait") == "delivery 2"
    assert known.next_up("queue", b"other:wait") is None


def test_making_a_job_is_not_getting_it() -> None:
    known = tasks(queue=[])
    made = known.keys_now("delivery 1", "queue", [b"bull:mail:1"], bulk(b"1"))
    assert made == {b"1"}
    assert known.handed_out(bulk(b"1"), made=made) is None
    assert known.next_up("queue", b"bull:mail:wait") == "delivery 1"


def test_keys_that_are_no_jobs_do_not_wait_for_anybody() -> None:
    known = tasks(queue=[])
    known.keys_now("delivery 1", "queue", [b"bull:mail:events", b"bull:mail:1"], bulk(b"1"))
    known.handed_out(bulk(b"1"))
    assert known.next_up("queue", b"bull:mail:wait") is None


def test_a_pushed_value_belongs_to_whoever_pushed_it_once() -> None:
    known = tasks(queue=[])
    known.pushed("delivery 1", "queue", (b"LPUSH", b"letters", b"hello"))
    known.pushed("delivery 2", "queue", (b"LPUSH", b"letters", b"hello"))
    assert known.next_up("queue", b"letters") == "delivery 1"
    assert known.served("queue", [b"letters"], bulk(b"letters", b"hello")) == "delivery 1"
    assert known.next_up("queue", b"letters") == "delivery 2"
    assert known.served("queue", [b"letters"], bulk(b"letters", b"hello")) == "delivery 2"
    assert known.served("queue", [b"letters"], bulk(b"letters", b"hello")) is None


def test_without_anything_else_the_last_writer_is_taken() -> None:
    known = tasks(queue=[])
    known.wrote("delivery 1", [touch("signal", "write", "queue"), touch("other", "read", "queue")])
    known.wrote("delivery 2", [touch("signal", "write", "queue")])
    assert known.next_up("queue", b"signal") == "delivery 2"
    assert known.next_up("queue", b"other") is None


def test_the_name_of_a_queue_is_no_job() -> None:
    known = Tasks()
    known.begin({"queue": []}, [b"rq:queue:scans"])
    known.keys_now("delivery 1", "queue", [b"rq:job:5", b"rq:finished:scans"], b"")
    assert known.handed_out(bulk(b"origin", b"scans")) is None
    assert known.handed_out(bulk(b"5", b"scans")) == "delivery 1"
