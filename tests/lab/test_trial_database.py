"""A queue in another Redis database than 0: what is there is seen, held, followed and put back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from small_systems import desk, lay_out

from redhanded.case.system import Service
from redhanded.lab import Lab, open_lab
from redhanded.lab.trial import names_of


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("desk")
    system = desk(lay_out("desk", folder))
    services = (
        system.services[0],
        Service(name="queue", kind="redis", env={"QUEUE_URL": "{url}/3"}),
    )
    with open_lab(replace(system, services=services), folder=folder / "lab") as opened:
        yield opened


def test_the_job_is_followed_through_the_list(lab: Lab) -> None:
    run = lab.serial()
    assert run.answers == (202, 200)
    (insert,) = [each for each in run.operations if each.name.kind == "INSERT"]
    assert insert.name.task == "delivery 1"
    (push,) = [name for name in names_of(run) if name.kind == "LPUSH"]
    assert push.target.startswith("db3/")


def test_keys_are_put_back(lab: Lab) -> None:
    server = lab.running.servers["queue"]
    server.database(3).set("left", "behind")
    server.client.set("left too", "behind")
    assert sorted(server.keys()) == [b"db3/left", b"left too"]
    lab.reset()
    assert server.keys() == []
