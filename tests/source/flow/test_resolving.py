"""Which file an import of JavaScript or TypeScript names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from redhanded.source.flow.finding import find
from redhanded.source.flow.resolving import Resolution, resolution


def tree(root: Path, files: dict[str, object]) -> Resolution:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    found = find(root, (".",), (".js", ".ts", ".tsx", ".mts", ".cjs", ".py"))
    return resolution(root, found.stamps, found.manifests)


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        ("./b", "src/b.ts"),
        ("./b.js", "src/b.ts"),
        ("./b.ts", "src/b.ts"),
        ("./folder", "src/folder/index.tsx"),
        ("./folder/", "src/folder/index.tsx"),
        ("./mod.mjs", "src/mod.mts"),
        ("./plain.cjs", "src/plain.cjs"),
        ("./dotted.name", "src/dotted.name.ts"),
        ("..", "index.js"),
        (".", "src/index.js"),
        ("./b?raw", "src/b.ts"),
        ("./absent", None),
        ("../../outside", None),
        ("b", None),
        ("pg", None),
        ("node:fs", None),
        ("/src/b.ts", None),
        ("", None),
    ],
)
def test_relative_paths(tmp_path: Path, specifier: str, expected: str | None) -> None:
    names = ("b.ts", "folder/index.tsx", "mod.mts", "plain.cjs", "dotted.name.ts", "index.js")
    files: dict[str, object] = {f"src/{one}": "" for one in names}
    found = tree(tmp_path, {**files, "index.js": ""})
    assert found.resolve(specifier, "src/a.ts") == expected


def test_paths_of_a_tsconfig_that_extends_another(tmp_path: Path) -> None:
    found = tree(
        tmp_path,
        {
            "tsconfig.base.json": """{
              // comments and trailing commas are allowed
              "compilerOptions": { "baseUrl": ".", "paths": {
                "@shared/*": ["libs/shared/src/*"], "@shared": ["libs/shared/src/index.ts"],
                "~/*": ["missing/*", "apps/api/src/*"], "*/types": ["libs/types/*.ts"], } },
            }""",
            "apps/api/tsconfig.json": {"extends": "../../tsconfig.base"},
            "libs/shared/src/index.ts": "",
            "libs/shared/src/money.ts": "",
            "libs/types/user.ts": "",
            "apps/api/src/main.ts": "",
            "apps/api/src/stock.ts": "",
        },
    )
    here = "apps/api/src/main.ts"
    assert found.resolve("@shared", here) == "libs/shared/src/index.ts"
    assert found.resolve("@shared/money", here) == "libs/shared/src/money.ts"
    assert found.resolve("~/stock", here) == "apps/api/src/stock.ts"
    assert found.resolve("user/types", here) == "libs/types/user.ts"
    assert found.resolve("libs/types/user", here) == "libs/types/user.ts"
    assert found.resolve("@shared2/money", here) is None


def test_each_project_has_its_own_paths(tmp_path: Path) -> None:
    paths = {"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}
    found = tree(
        tmp_path,
        {
            "one/tsconfig.json": paths,
            "two/jsconfig.json": paths,
            "one/src/db.ts": "",
            "two/src/db.js": "",
        },
    )
    assert found.resolve("@/db", "one/src/a.ts") == "one/src/db.ts"
    assert found.resolve("@/db", "two/src/a.js") == "two/src/db.js"
    assert found.resolve("@/db", "three/a.js") is None


WORKSPACES: list[dict[str, object]] = [
    {"package.json": {"workspaces": ["packages/*", "!packages/old"]}},
    {"package.json": {"workspaces": {"packages": ["packages/*", "!packages/old"]}}},
    {"pnpm-workspace.yaml": "packages:\n  # all\n  - 'packages/*'\n  - '!packages/old'\n"},
    {"lerna.json": {"packages": ["packages/**", "!packages/old"]}},
]


@pytest.mark.parametrize("workspace", WORKSPACES, ids=["npm", "yarn", "pnpm", "lerna"])
def test_packages_of_a_workspace(tmp_path: Path, workspace: dict[str, object]) -> None:
    found = tree(
        tmp_path,
        {
            **workspace,
            "packages/db/package.json": {
                "name": "@acme/db",
                "main": "dist/index.js",
                "exports": {
                    ".": {"types": "./dist/index.d.ts", "import": "./dist/esm/index.js"},
                    "./models/*": "./dist/models/*.js",
                    "./hidden": None,
                },
            },
            "packages/db/src/index.ts": "",
            "packages/db/src/models/line.ts": "",
            "packages/queue/package.json": {"name": "queue-kit", "main": "./lib/main.js"},
            "packages/queue/src/main.ts": "",
            "packages/plain/package.json": {"name": "plain"},
            "packages/plain/index.js": "",
            "packages/plain/tools/log.js": "",
            "packages/old/package.json": {"name": "old"},
            "packages/old/index.js": "",
            "elsewhere/redis/package.json": {"name": "redis"},
            "elsewhere/redis/index.js": "",
            "packages/api/a.ts": "",
        },
    )
    here = "packages/api/a.ts"
    assert found.resolve("@acme/db", here) == "packages/db/src/index.ts"
    assert found.resolve("@acme/db/models/line", here) == "packages/db/src/models/line.ts"
    assert found.resolve("queue-kit", here) == "packages/queue/src/main.ts"
    assert found.resolve("plain", here) == "packages/plain/index.js"
    assert found.resolve("plain/tools/log", here) == "packages/plain/tools/log.js"
    assert found.resolve("old", here) is None
    assert found.resolve("redis", here) is None, "a folder of that name is no member"
    assert found.resolve("@acme/other", here) is None


def test_imports_inside_a_package_and_of_itself(tmp_path: Path) -> None:
    found = tree(
        tmp_path,
        {
            "package.json": {
                "name": "shop",
                "imports": {
                    "#db": {"development": "./src/db/pool.ts", "default": "./dist/db/pool.js"},
                    "#jobs/*.js": "./dist/jobs/*.js",
                },
                "exports": "./dist/index.js",
            },
            "src/index.ts": "",
            "src/db/pool.ts": "",
            "src/jobs/mail.ts": "",
        },
    )
    assert found.resolve("#db", "src/jobs/mail.ts") == "src/db/pool.ts"
    assert found.resolve("#jobs/mail.js", "src/index.ts") == "src/jobs/mail.ts"
    assert found.resolve("#absent", "src/index.ts") is None
    assert found.resolve("shop", "src/jobs/mail.ts") == "src/index.ts"


def test_a_package_that_is_needed_by_its_folder(tmp_path: Path) -> None:
    found = tree(
        tmp_path,
        {
            "api/package.json": {"dependencies": {"kit": "file:../kit", "pg": "^8"}},
            "api/a.js": "",
            "kit/package.json": {"name": "kit"},
            "kit/index.js": "",
            "pg/package.json": {"name": "pg"},
            "pg/index.js": "",
        },
    )
    assert found.resolve("kit", "api/a.js") == "kit/index.js"
    assert found.resolve("pg", "api/a.js") is None


def test_manifests_that_are_broken_say_nothing(tmp_path: Path) -> None:
    found = tree(
        tmp_path,
        {
            "package.json": "{ broken",
            "tsconfig.json": '{"extends": "./tsconfig.json", "compilerOptions": {"paths": []}}',
            "a.ts": "",
            "b.ts": "",
        },
    )
    assert found.resolve("./b", "a.ts") == "b.ts"
    assert found.resolve("b", "a.ts") is None


def test_python_is_resolved_by_its_own_rules(tmp_path: Path) -> None:
    found = tree(tmp_path, {"shop/__init__.py": "", "shop/a.py": "", "shop/b.py": ""})
    assert found.resolve(".b", "shop/a.py") == "shop/b.py"
    assert found.resolve("./b", "shop/a.py") is None
