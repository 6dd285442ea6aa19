from __future__ import annotations

import json
from pathlib import Path

import pytest

from redhanded.case.errors import InputError
from redhanded.contract import read

SMALL = """
[system]
name = "tickets"

[services.postgres]
env = "DATABASE_URL"
migrate = "npm run migrate"

[services.redis]
env = "CACHE_URL"

[processes.api]
command = "node api.js"
env = { PORT = "{port}" }
ready = "http://127.0.0.1:{port}/up"

[[workload]]
to = "api"
request = "POST /seats"
json = { seat = "{unique}" }
gap_ms = "from-log"

[symptom]
log = "could not book"

[invariants]
one_seat = "SELECT seat FROM bookings GROUP BY 1 HAVING count(*) > 1"
"""


def written(folder: Path, text: str) -> Path:
    (folder / "redhanded.toml").write_text(text)
    return folder


def refused(folder: Path, text: str, **options: bool) -> str:
    with pytest.raises(InputError) as caught:
        read(written(folder, text), **options)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_short_forms_mean_what_their_long_forms_say(tmp_path: Path) -> None:
    system = read(written(tmp_path, SMALL))
    assert [(service.kind, service.env) for service in system.services] == [
        ("postgres", {"DATABASE_URL": "{url}"}),
        ("redis", {"CACHE_URL": "{url}"}),
    ]
    assert system.invariants[0].sql.startswith("SELECT seat")
    assert system.workload[0].body == {"seat": "{unique}"}
    assert (system.workload[0].method, system.workload[0].path) == ("POST", "/seats")
    assert system.workload[0].gap_ms is None
    assert system.source == ("src",)
    assert any("kind postgres" in note for note in system.notes)


def test_a_fixture_is_read_and_a_gap_in_numbers_is_kept(tmp_path: Path) -> None:
    (tmp_path / "seat.json").write_text(json.dumps({"seat": 4}))
    text = SMALL.replace('{ seat = "{unique}" }', '"seat.json"').replace('"from-log"', "40")
    delivery = read(written(tmp_path, text)).workload[0]
    assert delivery.body == {"seat": 4}
    assert delivery.gap_ms == 40.0


def test_what_the_environment_may_do_is_read_and_nothing_is_not_silence(tmp_path: Path) -> None:
    says = {
        "": None,
        "[faults]\nmay = []": (),
        '[faults]\nmay = ["process killed", "reply lost"]': ("process killed", "reply lost"),
    }
    for text, expected in says.items():
        assert read(written(tmp_path, f"{SMALL}\n{text}\n")).faults == expected


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(tmp_path: Path) -> None:
    message = refused(tmp_path, SMALL.replace("migrate =", "migrat ="))
    assert message.startswith("redhanded.toml:7: unknown key 'migrat' in [services.postgres]")
    assert "did you mean 'migrate'?" in message


def test_an_unknown_key_in_a_workload_has_the_line_of_its_own_entry(tmp_path: Path) -> None:
    second = '\n[[workload]]\nto = "api"\nrequest = "GET /seats"\ndelivery = 2\n'
    message = refused(tmp_path, SMALL + second)
    assert message.startswith("redhanded.toml:32: unknown key 'delivery' in [[workload]] number 2")
    assert "'deliveries'" in message


def test_an_unknown_table_is_named(tmp_path: Path) -> None:
    assert "did you mean 'processes'?" in refused(
        tmp_path, SMALL.replace("[processes.api]", "[proceses.api]")
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[services.redis]", "[services.cache]", "'kind' is missing in [services.cache]"),
        ('command = "node api.js"', "", "'command' is missing in [processes.api]"),
        ('to = "api"', 'to = "app"', "there is no process 'app'; did you mean 'api'?"),
        ("POST /seats", "/seats", "is not a method and a path"),
        ('json = { seat = "{unique}" }', 'json = "no.json"', "there is no file no.json"),
        ('env = "CACHE_URL"', 'env = { CACHE_URL = "{uri}" }', "did you mean 'url'?"),
        ('name = "tickets"', "name = 3", "'name' in [system]"),
        ('name = "tickets"', "name = ", "is not TOML"),
        ('env = "CACHE_URL"', 'env = "CACHE_URL"\ntls = "yes"', "should be a valid boolean"),
        ('env = "CACHE_URL"', 'env = "CACHE_URL"\ntsl = true', "did you mean 'tls'?"),
        ('env = "CACHE_URL"', 'env = { CA = "{ca}" }', "goes with `tls = true`"),
        (
            'command = "node api.js"',
            'command = "node api.js"\ntls = true',
            "unknown key 'tls' in [processes.api]",
        ),
        (
            "[processes.api]",
            '[stubs.bank]\nenv = "BANK"\nroutes = "a.json"\ntls = true\n[processes.api]',
            "TLS to stubs is not supported",
        ),
        ('env = "CACHE_URL"', 'env = "CACHE_URL"\nfiles = ["a"]', "not supported yet"),
        ("one_seat = ", "a = { serial = false }\none_seat = ", "'serial' in [invariants.a]"),
        ("one_seat = ", "a = { serial = true, to = 'api' }\none_seat = ", "goes with `http`"),
        ("one_seat = ", 'a = { redis = "GET \'a" }\none_seat = ', "give its words as a list"),
        ("one_seat = ", 'a = { http = "/up" }\none_seat = ', "is not a method and a path"),
        ("one_seat = ", "a = {}\none_seat = ", "'a': says nothing to check"),
        ("one_seat = ", 'a = { redis = "GET a", sql = "b" }\none_seat = ', "sql and redis exclude"),
        ("one_seat = ", 'a = { sql = "b", expect = 1 }\none_seat = ', "and not with sql"),
        (
            "one_seat = ",
            'a = { http = "GET /", expect = "2" }\none_seat = ',
            "a status, a number",
        ),
        ("one_seat = ", 'a = { http = "GET /", to = "ap" }\none_seat = ', "did you mean 'api'?"),
        ("one_seat = ", 'a = { redis = "GET a", service = "postgres" }\none_seat = ', "'redis'"),
        ('gap_ms = "from-log"', 'run = "k6 run a.js"', "`request` and `run` exclude"),
        ('request = "POST /seats"', "", "`request` is missing"),
        ('request = "POST /seats"', 'run = "k6 run a.js"', "`json` is of a request"),
        ('gap_ms = "from-log"', "expect = 3", "3 is not an HTTP status"),
        ('gap_ms = "from-log"', 'values = { unique = ["a"] }', "stands for something else"),
        ('gap_ms = "from-log"', 'values = { "a b" = ["a"] }', "'a b'"),
        ('gap_ms = "from-log"', "values = { a = [] }", "'a'"),
        ('gap_ms = "from-log"', 'capture = { unique = "a" }', "stands for something else"),
        ('gap_ms = "from-log"', 'gap_ms = "from-logs"', "'gap_ms' in [[workload]] number 1"),
        (
            "[symptom]",
            '[faults]\nmay = ["reply lost", "proces killed"]\n[symptom]',
            "'may' in [faults] cannot be 'proces killed'; did you mean 'process killed'?",
        ),
        ("[symptom]", '[faults]\nmay = ["lease ended"]\n[symptom]', "there is 'process killed', "),
        ("[symptom]", '[faults]\nmay = "reply lost"\n[symptom]', "'may' in [faults]"),
        ("[services.redis]", '[services.cache]\nkind = "rediss"', "did you mean 'redis'?"),
        ('log = "could not book"', "rate = 3.0", "'rate' in [symptom]"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in SMALL
    message = refused(tmp_path, SMALL.replace(old, new))
    assert says in message
    assert message.startswith("redhanded.toml")


def test_a_missing_file_says_which_command_writes_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="redhanded init"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://cache.example.com:6379", "--allow-remote"),
        ("rediss://127.0.0.1:6379", "TLS"),
        ("postgres://127.0.0.1/x", "is not redis"),
        ("redis:///0", "names no host"),
    ],
)
def test_a_service_elsewhere_is_refused(tmp_path: Path, url: str, says: str) -> None:
    text = SMALL.replace('env = "CACHE_URL"', f'env = "CACHE_URL"\nurl = "{url}"')
    message = refused(tmp_path, text)
    assert says in message
    assert "redhanded.toml:11:" in message


def test_clients_that_insist_on_tls_are_told_where_the_authority_is(tmp_path: Path) -> None:
    env = 'env = { CACHE_URL = "{url}", CACHE_CA = "{ca}" }\ntls = true'
    database, cache = read(written(tmp_path, SMALL.replace('env = "CACHE_URL"', env))).services
    assert (database.tls, cache.tls) == (False, True)
    assert cache.env == {"CACHE_URL": "{url}", "CACHE_CA": "{ca}"}


def test_a_service_elsewhere_is_accepted_when_allowed(tmp_path: Path) -> None:
    url = "redis://cache.example.com:6379"
    text = SMALL.replace('env = "CACHE_URL"', f'env = "CACHE_URL"\nurl = "{url}"')
    assert read(written(tmp_path, text), allow_remote=True).services[1].url == url
    for here in ("redis://localhost:1", "redis://127.3.2.1", "redis://[::1]:6379/1"):
        assert read(written(tmp_path, text.replace(url, here))).services[1].url == here


def test_setup_takes_statements_and_sql_files(tmp_path: Path) -> None:
    (tmp_path / "seed.sql").write_text("INSERT INTO a VALUES (1)")
    text = SMALL + '\n[setup]\nsql = ["SELECT 1", "seed.sql"]\ncommand = "npm run seed"\n'
    system = read(written(tmp_path, text))
    assert system.setup_sql == ("SELECT 1", "INSERT INTO a VALUES (1)")
    assert system.setup_commands == ("npm run seed",)


def test_invariants_are_told_in_each_of_their_ways(tmp_path: Path) -> None:
    text = (
        SMALL
        + """
stock = { redis = "HGET 'my stock' 1", expect = "0" }
lua = { redis = ["EVAL", "return 1", "0"], expect = ["1"] }
audit = { http = "GET /audit" }
count = { run = "node count.js", expect = 3 }
"""
    )
    _, stock, lua, audit, count = read(written(tmp_path, text)).invariants
    assert (stock.redis, stock.expect) == (("HGET", "my stock", "1"), "0")
    assert (lua.redis, lua.expect) == (("EVAL", "return 1", "0"), ("1",))
    assert (audit.http, audit.to, audit.expect) == ("GET /audit", "api", None)
    assert (count.run, count.expect, count.service) == ("node count.js", 3, None)


CHAIN = """
capture = { seat_id = "seat.id" }

[[workload]]
to = "api.2"
name = "pay"
request = "POST /seats/{seat_id}/payments"
values = { amount = [1, 2.5, "three"] }
after = "POST /seats"

[[workload]]
to = "api"
run = "node report.js {seat_id}"
after = "pay"
expect = 3
"""


def test_entries_that_come_after_others_say_what_these_were_told(tmp_path: Path) -> None:
    text = SMALL.replace('gap_ms = "from-log"', CHAIN)
    text = text.replace('command = "node api.js"', 'command = "node api.js"\nreplicas = 2')
    first, pay, report = read(written(tmp_path, text)).workload
    assert first.capture == {"seat_id": "seat.id"}
    assert (pay.to, pay.path) == ("api.2", "/seats/{seat_id}/payments")
    assert pay.values == {"amount": (1, 2.5, "three")}
    assert (report.run, report.expect, report.name) == ("node report.js {seat_id}", 3, report.run)
    unordered = text.replace('after = "POST /seats"', "")
    assert "may not have been answered yet; add `after" in refused(tmp_path, unordered)
    assert "there is no process 'api.2'" in refused(tmp_path, text.replace("replicas = 2", ""))


def test_a_dump_is_of_the_only_database_or_of_the_one_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "shop.sql").write_text("")
    for given in ('"shop.sql"', '{ postgres = "shop.sql" }'):
        system = read(written(tmp_path, SMALL + f"\n[setup]\ndump = {given}\n"))
        assert system.dumps == {"postgres": "shop.sql"}
    for given, says in (
        ('"no.sql"', "there is no file no.sql"),
        ('{ redis = "shop.sql" }', "there is no postgres service 'redis'"),
        ("3", "'dump' in [setup]"),
    ):
        assert says in refused(tmp_path, SMALL + f"\n[setup]\ndump = {given}\n")
    two = SMALL.replace("[services.redis]", '[services.other]\nkind = "postgres"')
    assert "there are 2 postgres services" in refused(
        tmp_path, two + '\n[setup]\ndump = "shop.sql"'
    )


def test_lab_time_is_asked_for_and_never_guessed(tmp_path: Path) -> None:
    assert read(written(tmp_path, SMALL)).clock == "real"
    lab = SMALL.replace("[system]", '[system]\nclock = "lab"')
    assert read(written(tmp_path, lab)).clock == "lab"
    said = refused(tmp_path, SMALL.replace("[system]", '[system]\nclock = "fast"'))
    assert "redhanded.toml:3" in said and "there is 'real', 'lab'" in said and "'fast'" in said
    said = refused(tmp_path, SMALL.replace("[system]", '[system]\nclok = "lab"'))
    assert "did you mean 'clock'?" in said
