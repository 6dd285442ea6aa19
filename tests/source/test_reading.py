"""What is recognised in whole small programs."""

from __future__ import annotations

from pathlib import Path

from trees import INVOICES, PARCELS, reading_of

from redhanded.source.reading import Reading


def places(reading: Reading) -> set[tuple[str, str, str]]:
    return {
        (one.access.method, one.access.table, str(one.access.location))
        for one in reading.facts.accesses
    }


def test_routes_carry_the_prefixes_of_the_routers_they_are_mounted_under(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, PARCELS)
    found = {(one.route.method, one.route.path) for one in reading.facts.routes}
    assert found == {("POST", "/api/parcels"), ("GET", "/api/parcels/:code")}


def test_a_wrapped_handler_is_the_function_that_was_wrapped(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, PARCELS)
    handlers = {one.route.method: one.route.handler for one in reading.facts.routes}
    post, get = handlers["POST"], handlers["GET"]
    assert post is not None and (post.path, post.line) == ("src/http/index.js", 7)
    assert get is not None and (get.path, get.line) == ("src/desk.js", 7)


def test_a_queue_is_known_by_the_constant_its_factory_was_called_with(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, PARCELS)
    (enqueue,) = [one.enqueue for one in reading.facts.enqueues]
    assert (enqueue.queue, enqueue.job, enqueue.library) == ("print-labels", None, "bull")
    assert enqueue.options == {"removeOnComplete": "true", "attempts": "5"}
    assert enqueue.data == {"code": "body.code", "weight": "body.weight"}
    assert str(enqueue.location) == "src/desk.js:5"


def test_a_processor_in_a_class_is_found_with_its_concurrency(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, PARCELS)
    (consumer,) = [one.consumer for one in reading.facts.consumers]
    assert (consumer.queue, consumer.concurrency) == ("print-labels", "4")
    assert str(consumer.location) == "src/printer.js:6"


def test_models_loaded_from_a_folder_are_told_apart(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, PARCELS)
    assert places(reading) == {
        ("findOne", "parcels", "src/desk.js:3"),
        ("findByPk", "parcels", "src/desk.js:8"),
        ("create", "parcels", "src/printer.js:13"),
    }
    (create,) = [one.access for one in reading.facts.accesses if one.verb == "INSERT"]
    assert create.columns == ("code", "grams")


def test_injected_queues_and_enumerated_job_names_are_followed(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, INVOICES, "app")
    jobs = {(one.enqueue.queue, one.enqueue.job) for one in reading.facts.enqueues}
    assert ("ledger", "issue") in jobs
    issue = next(one.enqueue for one in reading.facts.enqueues if one.enqueue.job == "issue")
    assert issue.options == {"attempts": "9", "jobId": "body.id"}
    (consumer,) = [one.consumer for one in reading.facts.consumers]
    assert (consumer.queue, consumer.concurrency, consumer.library) == ("ledger", "8", "bullmq")


def test_only_the_route_that_checks_a_signature_is_a_webhook(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, INVOICES, "app")
    found = {one.route.path: one.route.webhook for one in reading.facts.routes}
    assert found == {"/v2/invoices": False, "/hooks/ledger": True}


def test_a_constraint_that_only_the_model_declares_says_so(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, INVOICES, "app")
    (one,) = reading.constraints
    assert (one.table, one.columns, one.source) == ("invoices", ("number",), "model")
    assert one.name == "invoices_number"


def test_a_constraint_of_a_migration_is_not_repeated_from_the_model(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, PARCELS)
    found = {(one.name, one.columns, one.source) for one in reading.constraints}
    assert found == {
        ("parcels_pkey", ("id",), "migration"),
        ("parcels_code_once", ("code",), "migration"),
    }


def test_damaged_and_unreadable_input_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    files = {
        "src/broken.js": "const = = ;;; function {",
        "src/fine.js": "const app = require('express')(); app.get('/a', (q, s) => s.end());",
        "src/node_modules/x/index.js": "const app = require('express')(); app.get('/no', f);",
    }
    (tmp_path / "src").mkdir()
    (tmp_path / "src/latin.js").write_bytes(b"// caf\xe9\nconst x = '\xff';\n")
    (tmp_path / "src/large.js").write_bytes(b"x;\n" * 700_000)
    (tmp_path / "src/loop").symlink_to(tmp_path / "src")
    reading = reading_of(tmp_path, files)
    assert [one.route.path for one in reading.facts.routes] == ["/a"]
    assert any("src/broken.js" in one for one in reading.limits)
    assert any("src/large.js" in one for one in reading.limits)


def test_mutually_recursive_definitions_end(tmp_path: Path) -> None:
    files = {
        "src/a.js": "const b = require('./b'); exports.f = () => b.g(); exports.h = exports.f();",
        "src/b.js": "const a = require('./a'); exports.g = (x) => a.f(x) || a.h({ x });",
        "src/c.js": "function r(o) { return r({ ...o, f: () => r(o) }); } let z = r(z); z();",
    }
    assert reading_of(tmp_path, files).facts.routes == []
