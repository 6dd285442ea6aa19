"""How clients show who they are: each method that a server may ask for, right and wrong."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psycopg
from showing import URL, show

ADMIN = os.environ["ADMIN_URL"]
METHODS = {"scram-sha-256": "scram-sha-256", "md5": "md5", "password": "scram-sha-256", "trust": ""}
"""What the server asks for, and how it keeps the password."""


def main() -> None:
    with psycopg.connect(ADMIN, autocommit=True) as admin:
        data = Path(str(admin.execute("SHOW data_directory").fetchone()[0]))
        access = data / "pg_hba.conf"
        before = access.read_text()
        rules = [f'host all "by_{method}" 127.0.0.1/32 {method}\n' for method in METHODS]
        access.write_text("".join(rules) + before)
        admin.execute("SELECT pg_reload_conf()")
        try:
            for method, kept in METHODS.items():
                sign_in(admin, method, kept)
        finally:
            access.write_text(before)
            admin.execute("SELECT pg_reload_conf()")


def sign_in(admin: psycopg.Connection, method: str, kept: str) -> None:
    if kept:
        admin.execute(f"SET password_encryption = '{kept}'")
    admin.execute(f"""CREATE ROLE "by_{method}" LOGIN PASSWORD 'right'""")
    parts = urlsplit(URL)
    place = {"host": parts.hostname, "port": parts.port, "user": f"by_{method}"}
    try:
        for password in ("right", "wrong"):
            try:
                with psycopg.connect(**place, dbname=parts.path[1:], password=password) as found:
                    show(method, found.execute("SELECT current_user").fetchone())
            except psycopg.OperationalError as error:
                show(method, "refused" if "authentication failed" in str(error) else str(error))
            show(method, asyncio.run(by_asyncpg(place | {"password": password}, parts.path[1:])))
    finally:
        admin.execute(f'DROP ROLE "by_{method}"')


async def by_asyncpg(place: dict[str, object], database: str) -> object:
    try:
        connection = await asyncpg.connect(**place, database=database)
    except asyncpg.PostgresError as error:
        return error.sqlstate
    try:
        return await connection.fetchval("SELECT current_user")
    finally:
        await connection.close()


main()
