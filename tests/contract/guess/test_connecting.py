"""How a program learns where its database is, where the name of the variable does not tell."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from redhanded.actions.initialising import initialise
from redhanded.case.system import System
from redhanded.contract import read
from redhanded.contract.guess.connecting import addresses

SCHEMA = "CREATE TABLE berths (id serial PRIMARY KEY);\n"


def guessed(folder: Path, files: dict[str, str]) -> System:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    initialise(folder)
    return read(folder)


def ferry(requirements: str, store: str) -> dict[str, str]:
    web = """
        from flask import Flask
        app = Flask(__name__)

        @app.post("/berths")
        def berth():
            return {}, 201
        """
    return {"requirements.txt": requirements, "ferry/store.py": store, "ferry/web.py": web}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('pool = ConnectionPool(os.environ["HARBOUR"], min_size=1)', "postgres"),
        ('pool = AsyncConnectionPool(\n    conninfo=os.getenv("HARBOUR"), open=False)', "postgres"),
        ('link = psycopg.connect(os.environ.get("HARBOUR"))', "postgres"),
        ('where = os.environ["HARBOUR"]\nengine = create_engine(where, echo=True)', "postgres"),
        ("const pool = new Pool({ connectionString: process.env.HARBOUR });", "postgres"),
        ("const sql = postgres(process.env['HARBOUR']!);", "postgres"),
        ("knex({ client: 'pg', connection: process.env.HARBOUR })", "postgres"),
        ("const at = process.env.HARBOUR;\nexport const db = drizzle(at);", "postgres"),
        ("export const store = new Redis(process.env.HARBOUR, { db: 1 });", "redis"),
        ('store = redis.Redis.from_url(os.environ["HARBOUR"])', "redis"),
    ],
)
def test_a_variable_that_a_client_is_given(line: str, kind: str) -> None:
    assert addresses({"a": line}, {}, kind) == ["HARBOUR"]


@pytest.mark.parametrize(
    "line",
    [
        "const store = new Redis(process.env.HARBOUR);\nconst pool = new Pool();",
        'sentry.init(dsn=os.environ["HARBOUR"])',
        'new Queue("labels", { connection: { url: process.env.HARBOUR } })',
    ],
)
def test_a_variable_that_something_else_is_given(line: str) -> None:
    assert addresses({"a": line}, {}, "postgres") == []


def test_names_decide_where_no_client_shows() -> None:
    names = {"SENTRY_DSN": False, "FERRY_DSN": False, "OTHER_DSN": False}
    assert addresses({}, names, "postgres") == ["FERRY_DSN"]


def test_a_project_with_names_of_its_own_and_a_file_of_sql(tmp_path: Path) -> None:
    store = """
        import os
        from psycopg_pool import ConnectionPool
        pool = ConnectionPool(os.environ["FERRY"])
        """
    files = ferry("flask\npsycopg[binary,pool]\n", store) | {"db/schema.sql": SCHEMA}
    system = guessed(tmp_path, files)
    (service,) = system.services
    assert service.env == {"FERRY": "{url}"}
    assert system.dumps == {"db": "db/schema.sql"}


@pytest.mark.parametrize(
    ("requirements", "address"),
    [
        ("flask\nsqlalchemy\npsycopg[binary]\n", "postgresql+psycopg://"),
        ("flask\nsqlalchemy\nasyncpg\n", "postgresql+asyncpg://"),
        ("flask\nsqlalchemy\npsycopg2-binary\n", "{url}"),
    ],
)
def test_sqlalchemy_is_told_the_driver_that_is_installed(
    tmp_path: Path, requirements: str, address: str
) -> None:
    store = """
        import os
        from sqlalchemy import create_engine
        engine = create_engine(os.environ["FERRY"])
        """
    (service,) = guessed(tmp_path, ferry(requirements, store)).services
    assert service.env["FERRY"].startswith(address)


def test_settings_and_a_script_that_makes_the_tables(tmp_path: Path) -> None:
    config = """
        from pydantic_settings import BaseSettings

        class Settings(BaseSettings):
            model_config = {"env_prefix": "FERRY_"}
            harbour: str
            level: str = "info"
        """
    store = """
        from sqlalchemy.ext.asyncio import create_async_engine
        engine = create_async_engine(settings.harbour, pool_size=4)
        """
    create = """
        async def main():
            async with engine.begin() as link:
                await link.run_sync(Base.metadata.create_all)

        asyncio.run(main())
        """
    files = ferry("flask\nsqlalchemy[asyncio]\nasyncpg\npydantic-settings\n", store)
    files |= {"ferry/config.py": config, "ferry/create.py": create}
    (service,) = guessed(tmp_path, files).services
    assert list(service.env) == ["FERRY_HARBOUR"]
    assert service.env["FERRY_HARBOUR"].startswith("postgresql+asyncpg://")
    assert service.migrate == "python -m ferry.create"


def test_a_program_that_names_the_driver_itself_is_told_the_plain_address(tmp_path: Path) -> None:
    store = """
        import os
        from sqlalchemy import create_engine
        url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(url)
        """
    (service,) = guessed(tmp_path, ferry("flask\nsqlalchemy\npsycopg\n", store)).services
    assert service.env == {"DATABASE_URL": "{url}"}


@pytest.mark.parametrize(
    "files",
    [
        {"schema.sql": SCHEMA, "db/init.sql": SCHEMA},
        {"schema.sql": "\\connect ferry\n" + SCHEMA},
        {"seed.sql": SCHEMA},
        {"schema.sql": "INSERT INTO berths DEFAULT VALUES;\n"},
    ],
)
def test_what_makes_the_tables_is_asked_where_no_one_file_does(
    tmp_path: Path, files: dict[str, str]
) -> None:
    package = {
        "name": "ferry",
        "scripts": {"start": "node src/index.js"},
        "dependencies": {"pg": "8", "express": "5"},
    }
    app = (
        "const pool = new Pool({ connectionString: process.env.FERRY });\napp.post('/berths', add)"
    )
    system = guessed(tmp_path, {"package.json": json.dumps(package), "src/index.js": app} | files)
    assert system.dumps == {} and system.services[0].env == {"FERRY": "{url}"}
    assert "what makes the tables?" in (tmp_path / "redhanded.toml").read_text()


@pytest.mark.parametrize(
    ("call", "method", "path"),
    [
        ("request(`${process.env.TOLLS_URL}/holds`, { method: 'POST', body });", "POST", "/holds"),
        ("await fetch(`${process.env.TOLLS_URL}/holds/${id}`);", "GET", "/holds/:id"),
        ("axios.put(process.env.TOLLS_URL + '/holds', body);", "PUT", "/holds"),
        ("axios({ url: `${process.env.TOLLS_URL}/holds`, method: 'delete' });", "DELETE", "/holds"),
    ],
)  # fmt: skip
def test_a_stub_has_the_routes_that_are_called_at_its_address(
    tmp_path: Path, call: str, method: str, path: str
) -> None:
    package = {"name": "ferry", "scripts": {"start": "node src/index.js"}, "dependencies": {}}
    other = "fetch(`${process.env.WEATHER_URL}/now`);"
    files = {
        "package.json": json.dumps(package),
        "src/index.js": call,
        "src/weather.js": other,
    }
    guessed(tmp_path, files)
    tolls = json.loads((tmp_path / "fixtures/redhanded-tolls.json").read_text())
    weather = json.loads((tmp_path / "fixtures/redhanded-weather.json").read_text())
    assert [(each["method"], each["path"]) for each in tolls["routes"]] == [(method, path)]
    assert [each["path"] for each in weather["routes"]] == ["/now"]


def test_a_stub_of_a_python_service_too(tmp_path: Path) -> None:
    store = """
        def hold(settings, rider):
            return httpx.post(f"{settings.tolls_url}/holds/{rider}/new", json={"rider": rider})
        url = os.environ["TOLLS_URL"]
        """
    guessed(tmp_path, ferry("flask\nhttpx\n", store))
    (route,) = json.loads((tmp_path / "fixtures/redhanded-tolls.json").read_text())["routes"]
    assert (route["method"], route["path"]) == ("POST", "/holds/:id/new")
