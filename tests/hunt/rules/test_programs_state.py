"""What one process keeps for all requests, from the text of programs: objects that serve everybody,
servers with threads, limits that are counted in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import module_level_mutable_state as rule

NEST = """
    import { Body, Controller, Injectable, Param, Post } from '@nestjs/common';
    import { DataSource } from 'typeorm';

    @Injectable(SCOPE)
    export class Rents {
      FIELD
      constructor(private readonly source: DataSource) {}

      async raise(tenant: string, cents: number) {
        BODY
      }
    }

    @Controller('tenants')
    export class Tenants {
      constructor(private readonly rents: Rents) {}

      @Post(':id/rents')
      async raise(@Param('id') id: string, @Body('cents') cents: number) {
        return this.rents.raise(id, cents);
      }
    }
"""
REMEMBERED = """this.tenant = tenant;
        await this.source.query('SELECT 1 FROM tenants WHERE id = $1', [tenant]);
        const given = [cents, this.tenant];
        await this.source.query('UPDATE tenants SET cents = $1 WHERE id = $2', given);
"""
IN_TRANSACTION = """await this.source.transaction(async (tx) => {
          this.tenant = tenant;
          await tx.query('SELECT 1 FROM tenants WHERE id = $1', [tenant]);
          await tx.query('UPDATE tenants SET cents = $1 WHERE id = $2', [cents, this.tenant]);
        });
"""
LIMITED = """this.raised[tenant] = (this.raised[tenant] ?? 0) + cents;
        if (this.raised[tenant] > 9000) throw new Error('too much');
        await this.source.query('UPDATE tenants SET cents = cents + $1', [cents]);
"""
KEPT = {
    "of a service": ("", "private tenant = '';", REMEMBERED),
    "inside of a transaction": ("", "private tenant = '';", IN_TRANSACTION),
    "a limit": ("", "private readonly raised: Record<string, number> = {};", LIMITED),
}


def nest(scope: str, fields: str, body: str) -> dict[str, str]:
    text = NEST.replace("SCOPE", scope).replace("FIELD", fields).replace("BODY", body)
    return {"src/rents.ts": text}


@pytest.mark.parametrize(("scope", "fields", "body"), KEPT.values(), ids=KEPT)
def test_a_service_of_all_requests(tmp_path: Path, scope: str, fields: str, body: str) -> None:
    assert len(lines_shown(rule, tmp_path, nest(scope, fields, body))) == 1


OWN = {
    "one instance for each request": ("{ scope: Scope.REQUEST }", "tenant = '';", REMEMBERED),
    "a variable of the method": (
        "",
        "private tenant = '';",
        REMEMBERED.replace("this.tenant = ", "const mine = ").replace("this.tenant", "mine"),
    ),
    "what is acted upon above a limit": (
        "",
        "private readonly raised: Record<string, number> = {};",
        LIMITED.replace("if (this.raised[tenant] > 9000) throw new Error('too much');", "").replace(
            "await this", "if (this.raised[tenant] > 9000) await this"
        ),
    ),
    "a client": (
        "",
        "private readonly seen = new Set<string>();",
        "await this.source.query('UPDATE tenants SET cents = $1 WHERE id = $2', [cents, tenant]);",
    ),
}


@pytest.mark.parametrize(("scope", "fields", "body"), OWN.values(), ids=OWN)
def test_what_belongs_to_a_request(tmp_path: Path, scope: str, fields: str, body: str) -> None:
    files = nest(scope, fields, body)
    files["src/rents.ts"] = files["src/rents.ts"].replace("Post }", "Post, Scope }")
    assert lines_shown(rule, tmp_path, files) == []


FLASK = """
    from threading import local

    import psycopg2
    from flask import Flask, jsonify, request

    app = Flask(__name__)
    connection = psycopg2.connect("")
    latest = KEPT

    @app.post("/letters")
    def send():
        BODY
"""
INSERTED = """latest["letter"] = request.json["letter"]
        return jsonify(latest["letter"])
"""


def flask(kept: str, body: str) -> dict[str, str]:
    return {"post.py": FLASK.replace("KEPT", kept).replace("BODY", body)}


def test_threads_need_no_wait(tmp_path: Path) -> None:
    (line,) = lines_shown(rule, tmp_path, flask("{}", INSERTED))
    assert line.startswith("return")


def test_one_thread_is_not_interrupted(tmp_path: Path) -> None:
    text = FLASK.replace("flask import Flask, jsonify, request", "fastapi import FastAPI, Request")
    text = text.replace("Flask(__name__)", "FastAPI()").replace(
        "def send()", "async def send(r: Request)"
    )
    body = INSERTED.replace("request.json", "(await r.json())").replace("jsonify", "dict")
    text = text.replace("KEPT", "{}").replace("BODY", body)
    assert lines_shown(rule, tmp_path, {"post.py": text}) == []


ALONE = {
    "a key of its own": ("{}", INSERTED.replace('["letter"]', '[request.json["id"]]')),
    "of each thread": ("local()", INSERTED.replace('["letter"]', ".letter")),
    "the same for everybody": ("{}", INSERTED.replace('request.json["letter"]', '"none"')),
}


@pytest.mark.parametrize(("kept", "body"), ALONE.values(), ids=ALONE)
def test_threads_that_keep_apart(tmp_path: Path, kept: str, body: str) -> None:
    assert lines_shown(rule, tmp_path, flask(kept, body)) == []
