"""The smallest system that can be hunted in: one process, one Redis, and a check before an act."""

from __future__ import annotations

from pathlib import Path

SYMPTOM = "booked twice"
SERVER = """\
const http = require('node:http');
const net = require('node:net');

function ask(redis, ...words) {
  const parts = words.map((word) => `$${word.length}\\r\\n${word}\\r\\n`);
  redis.write(`*${words.length}\\r\\n${parts.join('')}`);
  return new Promise((answer) => redis.once('data', (data) => answer(String(data).trim())));
}

async function book(request, response) {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { seat } = JSON.parse(body);
  const redis = net.connect(Number(process.env.REDIS_PORT), '127.0.0.1');
  if ((await ask(redis, 'EXISTS', seat)) === ':0' && (await ask(redis, 'INCR', seat)) !== ':1') {
    console.log(`seat ${seat} was booked twice`);
  }
  redis.destroy();
  response.end('booked');
}

function callOutside(response) {
  const call = net.connect(80, '192.0.2.7');
  call.on('error', () => response.end('nobody there'));
}

const routes = {
  '/up': (request, response) => response.end('up'),
  '/seats': book,
  '/call': (request, response) => callOutside(response),
  '/never': () => {},
};
const server = http.createServer((request, response) => {
  const answer = routes[request.url];
  if (answer) return answer(request, response);
  response.writeHead(404).end();
});
server.listen(Number(process.env.PORT), '127.0.0.1');
"""
CONTRACT = """\
[system]
name = "seats"
prepare = []
source = ["."]

[services.seats]
kind = "redis"
env = { REDIS_PORT = "{port}" }

[processes.web]
command = "node server.js"
env = { PORT = "{port}" }
ready = "http://127.0.0.1:{port}/up"

[[workload]]
to = "web"
request = "POST /seats"
json = { seat = "{unique}" }
deliveries = 2

[symptom]
log = "booked twice"
"""
LOG = """\
2025-01-02 10:00:00 INFO request_id=a1 seat 16 booked
2025-01-02 10:00:01 ERROR request_id=a2 seat 17 was booked twice
2025-01-02 10:00:02 WARN request_id=a3 slow answer
"""


def lay_out(root: Path, **changes: str) -> Path:
    """The system in ``root``, its contract changed as by ``contract``."""
    root.mkdir(parents=True)
    (root / "server.js").write_text(SERVER)
    (root / "app.log").write_text(LOG)
    configure(root, **changes)
    return root


def configure(root: Path, **changes: str) -> None:
    """Writes the contract anew. A change is a key of it and the TOML value that it gets.

    A key that is not there yet is added to the service, or to the process if it says ``_process``
    at its end.
    """
    lines = CONTRACT.splitlines()
    for name, value in changes.items():
        key = name.removesuffix("_process")
        at = next((n for n, line in enumerate(lines) if line.startswith(f"{key} = ")), None)
        if at is None:
            table = "[processes.web]" if name.endswith("_process") else "[services.seats]"
            lines.insert(at := lines.index(table) + 1, "")
        lines[at] = f"{key} = {value}"
    (root / "redhanded.toml").write_text("\n".join(lines) + "\n")
