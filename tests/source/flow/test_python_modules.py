"""Which file a Python import names: packages of the program are found, libraries are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from redhanded.source.flow.python_modules import python_resolver, submodule

FILES = (
    "manage.py",
    "shop/__init__.py",
    "shop/celery.py",
    "shop/models/__init__.py",
    "shop/models/parcel.py",
    "services/one/app/main.py",
    "services/one/app/db.py",
    "services/one/app/redis.py",
    "services/two/app/__init__.py",
    "services/two/app/db.py",
    "services/two/app/routes/items.py",
    "libs/shared/pyproject.toml",
    "libs/shared/src/shared_things/__init__.py",
    "libs/shared/src/shared_things/clock.py",
    "libs/other/setup.py",
    "libs/other/code/othering/__init__.py",
    "scripts/run.py",
    "scripts/side.py",
)
SAID = {
    "libs/other/pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["code"]\n',
    "services/one/requirements.txt": "fastapi>=1\nredis\npsycopg2-binary==2.9\n",
}


@pytest.mark.parametrize(
    ("specifier", "importer", "expected"),
    [
        ("shop.models", "shop/celery.py", "shop/models/__init__.py"),
        ("shop.models.parcel", "scripts/run.py", "shop/models/parcel.py"),
        (".models", "shop/celery.py", "shop/models/__init__.py"),
        (".", "shop/models/parcel.py", "shop/models/__init__.py"),
        ("..celery", "shop/models/parcel.py", "shop/celery.py"),
        ("...celery", "shop/models/parcel.py", None),
        (".....celery", "shop/models/parcel.py", None),
        ("celery", "shop/celery.py", None),
        ("app.db", "services/one/app/main.py", "services/one/app/db.py"),
        ("app.db", "services/two/app/routes/items.py", "services/two/app/db.py"),
        ("redis", "services/one/app/main.py", None),
        ("redis", "services/one/app/redis.py", None),
        ("shared_things.clock", "services/one/app/main.py",
         "libs/shared/src/shared_things/clock.py"),
        ("othering", "shop/celery.py", "libs/other/code/othering/__init__.py"),
        ("side", "scripts/run.py", "scripts/side.py"),
        ("side", "shop/celery.py", None),
        ("django.db", "shop/celery.py", None),
        ("json", "scripts/run.py", None),
    ],
)  # fmt: skip
def test_imports(tmp_path: Path, specifier: str, importer: str, expected: str | None) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    for name, text in SAID.items():
        (tmp_path / name).write_text(text)
    files = [one for one in FILES if one.endswith(".py")]
    manifests = [*FILES, *SAID]
    assert python_resolver(tmp_path, files, manifests).resolve(specifier, importer) == expected


def test_a_name_may_be_a_file() -> None:
    assert submodule(".", "models") == ".models"
    assert submodule("shop", "models") == "shop.models"
