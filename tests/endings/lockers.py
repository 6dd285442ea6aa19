"""The smallest system that a scan finds a fault in and the lab can run: a lock on a seat that is
looked at and then set. Its client of Redis is a few lines of ours under the name of a real one."""

from __future__ import annotations

from pathlib import Path

from systems import CONTRACT

CLIENT = """\
const net = require('node:net')

class Redis {
  constructor(port) {
    this.waiting = []
    this.socket = net.connect(Number(port), '127.0.0.1')
    this.socket.on('data', (data) => String(data).trim().split('\\r\\n').forEach((line) => {
      this.waiting.shift()(line.slice(1))
    }))
  }

  send(...words) {
    const parts = words.map((word) => `$${String(word).length}\\r\\n${word}\\r\\n`)
    this.socket.write(`*${words.length}\\r\\n${parts.join('')}`)
    return new Promise((answer) => this.waiting.push(answer))
  }

  exists(key) { return this.send('EXISTS', key).then(Number) }
  incr(key) { return this.send('INCR', key).then(Number) }
  set(...words) { return this.send('SET', ...words) }
}
module.exports = Redis
"""
SERVER = """\
const http = require('node:http')
const Redis = require('ioredis')
const redis = new Redis(process.env.REDIS_PORT)

async function book(request, response) {
  let body = ''
  for await (const chunk of request) body += chunk
  const { seat } = JSON.parse(body)
  if (await redis.exists(`lock:${seat}`)) return response.writeHead(409).end()
  await redis.set(`lock:${seat}`, 'x', 'EX', 60)
  if ((await redis.incr(`sold:${seat}`)) > 1) console.log(`seat ${seat} was booked twice`)
  response.end('booked')
}

async function clean(request, response) {
  const { room } = request.headers
  if (await redis.exists(`lock:${room}`)) return response.end('later')
  await redis.set(`lock:${room}`, 'x', 'EX', 60)
  await redis.incr(`cleaned:${room}`)
  response.end('cleaned')
}

const server = http.createServer((request, response) => {
  if (request.url === '/seats') return book(request, response)
  if (request.url === '/broom') return clean(request, response)
  response.end('up')
})
server.listen(Number(process.env.PORT), '127.0.0.1')
"""


def lay_out(root: Path) -> Path:
    """The system in ``root``: one fault that the workload comes to, one that it does not."""
    client = root / "node_modules" / "ioredis"
    client.mkdir(parents=True)
    (client / "index.js").write_text(CLIENT)
    (root / "package.json").write_text('{"name": "seats", "dependencies": {"ioredis": "5"}}')
    (root / "server.js").write_text(SERVER)
    (root / "redhanded.toml").write_text(CONTRACT)
    return root
