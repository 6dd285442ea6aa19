from __future__ import annotations

import os
from pathlib import Path

import pytest

from redhanded.actions.initialising import initialise
from redhanded.case.system import System
from redhanded.contract import read
from redhanded.contract.guess.python.bodies import read_body
from redhanded.contract.guess.python.commands import program
from redhanded.contract.guess.python.routes import python_routes

FLASK = {
    "pyproject.toml": """
        [project]
        name = "loans"
        dependencies = ["flask", "psycopg2-binary", "rq", "flask-migrate", "gunicorn"]
    """,
    "uv.lock": "",
    ".env.example": "SQLALCHEMY_DATABASE_URI=postgresql://localhost/loans\nBRANCH=main\n",
    "Procfile": (
        "web: poetry run gunicorn --reload -w 2 -b 0.0.0.0:$PORT loans.wsgi:app\n"
        "jobs: exec rq worker --url redis://localhost:6379/3 reminders\n"
        "clock: rqscheduler\n"
    ),
    "loans/wsgi.py": """
import os
from flask import Flask
from loans.books import books
app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["SQLALCHEMY_DATABASE_URI"]
redis_url = os.getenv("RQ_REDIS_URL", "redis://localhost:6379/3")
secret = os.environ["SESSION_SECRET"]
branch = os.environ["BRANCH"]
level = os.environ.get("LEVEL", "info")
app.register_blueprint(books, url_prefix="/books")
""",
    "loans/books.py": """
from flask import Blueprint, request
books = Blueprint("books", __name__)

@books.get("/ping")
def ping():
    return "pong"

@books.route("/lend", methods=["POST"])
def lend():
    data = request.get_json()
    book, reader = data["book"], data.get("reader")
    return {}, 202
""",
    "tests/test_books.py": "",
}

DJANGO = {
    "manage.py": "",
    "requirements/base.txt": "django\ndjangorestframework\npsycopg[binary]==3.2\ncelery\nredis\n",
    "package.json": '{"scripts": {"build": "tailwindcss"}}',
    "shop/settings.py": """
import environ
env = environ.Env()
DATABASES = {"default": env.db("DATABASE_URL")}
CELERY_BROKER_URL = env("BROKER_URL", default="redis://localhost:6379/1")
""",
    "shop/celery.py": "from celery import Celery\napp = Celery('shop')\n",
    "shop/urls.py": """
from django.urls import include, path
from shop import views
urlpatterns = [
    path("", views.home),
    path("api/<int:version>/baskets/", include("baskets.urls")),
]
""",
    "shop/views.py": "def home(request):\n    return None\n",
    "baskets/urls.py": """
from django.urls import path
from .views import Lines
urlpatterns = [path("lines/", Lines.as_view(), name="lines")]
""",
    "baskets/views.py": """
class Lines(APIView):
    def post(self, request):
        return request.data["article"]
""",
}


def laid_out(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def guessed(folder: Path, files: dict[str, str], patch: pytest.MonkeyPatch) -> System:
    """Without a virtual environment on PATH."""
    patch.setenv("PATH", os.defpath)
    initialise(laid_out(folder, files))
    return read(folder)


def test_a_flask_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = guessed(tmp_path, FLASK, monkeypatch)
    assert (system.name, system.prepare) == ("loans", ("uv sync --frozen",))
    database, queue = system.services
    assert database.env == {"SQLALCHEMY_DATABASE_URI": "{url}"}
    assert database.migrate == "flask db upgrade"
    assert queue.env == {"RQ_REDIS_URL": "{url}/3"}
    web, jobs = system.processes
    assert web.command == "gunicorn -w 2 -b 0.0.0.0:{port} loans.wsgi:app"
    assert web.env == {"SESSION_SECRET": "lab", "BRANCH": "main"}
    assert web.ready == "http://127.0.0.1:{port}/books/ping"
    assert jobs.command == "rq worker --url $RQ_REDIS_URL reminders"
    assert (jobs.replicas, jobs.ready_log) == (2, "Listening on")
    (delivery,) = system.workload
    assert (delivery.to, delivery.path) == ("web", "/books/lend")
    assert delivery.body == {"book": "{unique}", "reader": "{unique}"}
    assert system.test_command == "python -m pytest"


@pytest.mark.parametrize(("folder", "path"), [("", "."), ("src/", "src")], ids=["flat", "src"])
def test_sources_go_before_a_copy_that_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, path: str
) -> None:
    """A script of the environment finds the copy first, and what it does has no line then."""
    files = {name: text for name, text in FLASK.items() if name != "uv.lock"}
    moved = {folder + name if name.startswith("loans/") else name: t for name, t in files.items()}
    system = guessed(tmp_path, moved, monkeypatch)
    assert ".venv/bin/pip install ." in system.prepare
    assert {process.env.get("PYTHONPATH") for process in system.processes} == {path}


def test_what_sends_by_the_clock_is_left_out_and_said(tmp_path: Path) -> None:
    notes = initialise(laid_out(tmp_path, FLASK)).notes
    assert any("rqscheduler" in note for note in notes)


def test_a_django_project_without_a_procfile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = guessed(tmp_path, DJANGO, monkeypatch)
    assert system.prepare == (
        "python -m venv .venv",
        ".venv/bin/pip install -r requirements/base.txt",
    )
    database, queue = system.services
    assert (database.env, database.migrate) == (
        {"DATABASE_URL": "{url}"},
        "python manage.py migrate --noinput",
    )
    assert queue.env == {"BROKER_URL": "{url}/1"}
    web, worker = system.processes
    assert web.command == "python manage.py runserver 127.0.0.1:{port} --noreload"
    assert worker.command == "celery -A shop worker --loglevel=INFO"
    assert worker.replicas == 1
    (delivery,) = system.workload
    assert delivery.path == "/api/<int:version>/baskets/lines/"
    assert delivery.body == {"article": "{unique}"}


def test_the_environment_that_is_active_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "active" / "bin"
    programs.mkdir(parents=True)
    (tmp_path / "active" / "pyvenv.cfg").touch()
    (programs / "python").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.defpath}")
    initialise(laid_out(tmp_path / "project", FLASK))
    assert read(tmp_path / "project").prepare == ()


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python -u manage.py runserver", "manage.py"),
        ("/srv/.venv/bin/celery -A x worker", "celery"),
        ("env LEVEL=debug uvicorn x:app", "uvicorn"),
        ("", ""),
    ],
)
def test_the_program_of_a_command(command: str, name: str) -> None:
    assert program(command) == name


def test_routers_are_mounted_where_they_are_included() -> None:
    sources = {
        "app/main.py": (
            "from fastapi import FastAPI\n"
            "from app.routers import items, users as people\n"
            "app = FastAPI()\n"
            "app.include_router(items.router, prefix='/items')\n"
            "app.include_router(people.router)\n"
        ),
        "app/routers/items.py": (
            "router = APIRouter()\n"
            "@router.post(\n    '/{key}')\n"
            "@router.get('')\nasync def show(): ...\n"
        ),
        "app/routers/users.py": (
            "router = APIRouter(prefix='/people', tags=['x'])\n"
            "@router.put('/{name}', status_code=204)\ndef rename(name: str): ...\n"
        ),
    }
    found = {(route.method, route.path) for route in python_routes(sources)}
    assert {("GET", "/items"), ("PUT", "/people/{name}")} <= found


def test_a_body_holds_what_a_model_requires() -> None:
    sources = {
        "schemas.py": (
            "class Order(BaseModel):\n"
            "    number: str = Field(max_length=9)\n"
            "    amount: int\n"
            "    paid: bool\n"
            "    lines: list[str]\n"
            "    note: str | None = None\n"
            "\n"
            "class Other(BaseModel):\n"
            "    unused: str\n"
        ),
        "views.py": "async def take(order: Order, db: Session = Depends(get)):\n    return order\n",
    }
    assert read_body(sources, "views.py", "take") == {
        "number": "{unique}",
        "amount": 1,
        "paid": True,
        "lines": [],
    }
    assert read_body(sources, "views.py", "missing") is None


TWO_APPS = {
    "depot/urls.py": """
from django.urls import include, path
urlpatterns = [
    path("ok", lambda request: None),
    path("api/boxes/", include("boxes.urls")),
    path("api/bills/", include("bills.urls")),
]
""",
    "boxes/urls.py": """
from rest_framework.routers import SimpleRouter
from .views import BoxViewSet
router = SimpleRouter()
router.register("", BoxViewSet)
router.register("lids", LidViewSet)
urlpatterns = router.urls
""",
    "boxes/views.py": "class BoxViewSet(viewsets.ModelViewSet):\n    queryset = None\n",
    "bills/urls.py": """
from .views import Hook
urlpatterns = [path("hooks/bank", Hook.as_view())]
""",
    "bills/views.py": """
from ..shared import checks
class Hook(APIView):
    def post(self, request):
        return request.headers["X-Bank-Signature"]
""",
    "bills/checks.py": "digest = hmac.new(KEY, body, hashlib.sha256)\n",
}


def test_views_of_the_same_name_in_two_apps_are_told_apart() -> None:
    found = {(each.method, each.path, each.file) for each in python_routes(TWO_APPS)}
    assert ("POST", "/api/bills/hooks/bank", "bills/views.py") in found
    assert ("POST", "/api/boxes/", "boxes/views.py") in found
    assert ("GET", "/api/boxes/lids/", "boxes/urls.py") in found
    assert ("GET", "/ok", "depot/urls.py") in found


def test_the_header_of_a_signature_may_stand_in_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = {"depot/settings.py": "KEY = os.environ['BANK_WEBHOOK_SECRET']\n"}
    (delivery,) = guessed(tmp_path, DJANGO | TWO_APPS | secret, monkeypatch).workload
    assert delivery.sign is not None and delivery.sign.header == "X-Bank-Signature"


def test_what_the_tests_need_is_installed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"requirements.txt": "django\n", "requirements-dev.txt": "pytest\n", "manage.py": ""}
    without = guessed(tmp_path / "without", files, monkeypatch)
    assert without.prepare[-1].endswith("-r requirements.txt")
    system = guessed(tmp_path / "with", files | {"shop/tests/test_a.py": ""}, monkeypatch)
    assert system.prepare[-1].endswith("-r requirements.txt -r requirements-dev.txt")
    manifest = "[project]\nname = 'a'\n[project.optional-dependencies]\nchecks = ['pytest>8']\n"
    files = {"pyproject.toml": manifest, "a/tests/test_a.py": ""}
    system = guessed(tmp_path / "extra", files, monkeypatch)
    assert system.prepare[-1].endswith("pip install .[checks]")
