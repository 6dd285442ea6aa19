"""What is recognised in whole small programs."""

from __future__ import annotations

from pathlib import Path

from small_services import INVOICES, PARCELS, mapped

from redhanded.case.codemap import CodeMap


def places(code: CodeMap) -> set[tuple[str, str, str]]:
    return {(one.method, one.table, str(one.location)) for one in code.accesses}


def test_routes_carry_the_prefixes_of_the_routers_they_are_mounted_under(tmp_path: Path) -> None:
    code = mapped(tmp_path, PARCELS)
    found = {(one.method, one.path) for one in code.routes}
    assert found == {("POST", "/api/parcels"), ("GET", "/api/parcels/:code")}


def test_the_handler_is_the_function_that_the_router_calls(tmp_path: Path) -> None:
    code = mapped(tmp_path, PARCELS)
    handlers = {one.method: one.handler for one in code.routes}
    post, get = handlers["POST"], handlers["GET"]
    assert str(post) == str(get) == "src/guard.js:1"  # which wraps what answers


def test_a_queue_is_known_by_the_constant_its_factory_was_called_with(tmp_path: Path) -> None:
    code = mapped(tmp_path, PARCELS)
    (enqueue,) = list(code.enqueues)
    assert (enqueue.queue, enqueue.job, enqueue.library) == ("print-labels", None, "bull")
    assert enqueue.options == {"removeOnComplete": "true", "attempts": "5"}
    assert enqueue.data == {"code": "request.body.code", "weight": "request.body.weight"}
    assert str(enqueue.location) == "src/desk.js:5"


def test_a_processor_in_a_class_is_found_with_its_concurrency(tmp_path: Path) -> None:
    code = mapped(tmp_path, PARCELS)
    (consumer,) = list(code.consumers)
    assert (consumer.queue, consumer.concurrency) == ("print-labels", "4")
    assert str(consumer.location) == "src/printer.js:6"


def test_models_loaded_from_a_folder_are_told_apart(tmp_path: Path) -> None:
    code = mapped(tmp_path, PARCELS)
    assert places(code) == {
        ("findOne", "parcels", "src/desk.js:3"),
        ("findByPk", "parcels", "src/desk.js:8"),
        ("create", "parcels", "src/printer.js:13"),
    }
    (create,) = [one for one in code.accesses if one.does == "insert"]
    assert create.columns == ("code", "grams")


def test_injected_queues_and_enumerated_job_names_are_followed(tmp_path: Path) -> None:
    code = mapped(tmp_path, INVOICES, "app")
    jobs = {(one.queue, one.job) for one in code.enqueues}
    assert ("ledger", "issue") in jobs
    issue = next(one for one in code.enqueues if one.job == "issue")
    assert issue.options == {"attempts": "9", "jobId": "request.body.id"}
    (consumer,) = list(code.consumers)
    assert (consumer.queue, consumer.concurrency, consumer.library) == ("ledger", "8", "bullmq")


def test_only_the_route_that_checks_a_signature_is_a_webhook(tmp_path: Path) -> None:
    code = mapped(tmp_path, INVOICES, "app")
    found = {one.path: one.webhook for one in code.routes}
    assert found == {"/v2/invoices": False, "/hooks/ledger": True}


def test_a_constraint_that_only_the_model_declares_says_so(tmp_path: Path) -> None:
    code = mapped(tmp_path, INVOICES, "app")
    (one,) = [one for one in code.constraints if one.columns != ("id",)]
    assert (one.table, one.columns, one.source) == ("invoices", ("number",), "model")
    assert one.name == "invoices_number"


def test_a_constraint_of_a_migration_is_not_repeated_from_the_model(tmp_path: Path) -> None:
    code = mapped(tmp_path, PARCELS)
    found = {(one.name, one.columns, one.source) for one in code.constraints}
    assert found == {
        ("parcels_pkey", ("id",), "migration"),
        ("parcels_code_once", ("code",), "migration"),
        ("countries_pkey", ("id",), "model"),
    }


def test_damaged_and_unreadable_input_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    files = {
        "src/broken.js": "const x = require('express')(); const = = ;;; function {",
        "src/fine.js": "const app = require('express')(); app.get('/a', (q, s) => s.end());",
        "src/node_modules/x/index.js": "const app = require('express')(); app.get('/no', f);",
    }
    (tmp_path / "src").mkdir()
    (tmp_path / "src/latin.js").write_bytes(b"// caf\xe9\nconst x = '\xff';\n")
    (tmp_path / "src/large.js").write_bytes(b"x;\n" * 700_000)
    (tmp_path / "src/loop").symlink_to(tmp_path / "src")
    code = mapped(tmp_path, files)
    assert [one.path for one in code.routes] == ["/a"]
    assert any("src/broken.js" in one for one in code.limits)
    assert any("src/large.js" in one for one in code.limits)


def test_mutually_recursive_definitions_end(tmp_path: Path) -> None:
    files = {
        "src/a.js": "const b = require('./b'); exports.f = () => b.g(); exports.h = exports.f();",
        "src/b.js": "const a = require('./a'); exports.g = (x) => a.f(x) || a.h({ x });",
        "src/c.js": "function r(o) { return r({ ...o, f: () => r(o) }); } let z = r(z); z();",
    }
    assert mapped(tmp_path, files).routes == ()
