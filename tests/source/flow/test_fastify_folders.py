"""Fastify: plugins and routes that are loaded from folders, and what handlers find on instances."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, kinds, path_of

FILES = {
    "package.json": '{"type": "module", "dependencies": {"fastify": "5"}}',
    "src/plugins/database.ts": """
        import fp from 'fastify-plugin';
        import pg from 'pg';
        export default fp(async (fastify) => {
          fastify.decorate('pool', new pg.Pool());
        });
    """,
    "src/routes/kennels/index.ts": """
        import type { FastifyPluginAsync } from 'fastify';
        const kennels: FastifyPluginAsync = async (fastify) => {
          fastify.post('/:id/outer', async (request) => {
            await fastify.pool.query('DELETE FROM kennels WHERE id = 1');
          });
          fastify.post('/:id/this', async function (request) {
            await this.pool.query('DELETE FROM kennels WHERE id = 1');
          });
          fastify.post('/:id/server', async (request) => {
            const { pool } = request.server;
            await pool.query('DELETE FROM kennels WHERE id = 1');
          });
        };
        export default kennels;
    """,
    "src/routes/kennels/beside-an-index.ts": """
        export default async function (fastify) {
          fastify.post('/never', async () => fastify.pool.query('DELETE FROM kennels'));
        }
    """,
    "src/routes/_kind/dogs/all.ts": """
        export default async function (fastify) {
          fastify.get('/', async () => fastify.pool.query('SELECT * FROM dogs WHERE id = 1'));
        }
    """,
}
HERE = {
    "dirname": "join(import.meta.dirname, '%s')",
    "url": "join(dirname(fileURLToPath(import.meta.url)), '%s')",
}


@pytest.mark.parametrize("here", HERE.values(), ids=HERE)
def test_folders_are_registered(tmp_path: File, here: str) -> None:
    server = f"""
        import {{ dirname, join }} from 'node:path';
        import {{ fileURLToPath }} from 'node:url';
        import autoload from '@fastify/autoload';
        import Fastify from 'fastify';
        const app = Fastify();
        app.register(autoload, {{
          dir: {here % "routes"}, options: {{ prefix: '/v1' }}, routeParams: true,
        }});
        app.register(autoload, {{ dir: {here % "plugins"} }});
        await app.listen({{ port: 1 }});
    """
    found = charted(tmp_path, {**FILES, "src/server.ts": server})
    for name in ("outer", "this", "server"):
        assert kinds(path_of(found, f"POST /v1/kennels/:id/{name}")) == ["delete kennels"]
    assert kinds(path_of(found, "GET /v1/:kind/dogs")) == ["read dogs"]
    assert not [one for one in found.paths if "never" in one.entry.name]
