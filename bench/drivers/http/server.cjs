// An HTTP server with one route per thing that a message may be. Writes its port.
const { createHash } = require("node:crypto");
const http = require("node:http");
const { setTimeout: later } = require("node:timers/promises");

const LONG = Buffer.alloc(3_000_000, "abcdefghij");
const body = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
};
const digest = (data) => `${data.length} bytes, ${createHash("sha256").update(data).digest("hex").slice(0, 16)}`;

const routes = {
  "/hello": (_request, response) => response.end("hello"),
  "/empty": (_request, response) => response.writeHead(204).end(),
  "/unchanged": (_request, response) => response.writeHead(304, { ETag: "x" }).end(),
  "/error": (_request, response) => response.writeHead(503).end("too busy"),
  "/long": (_request, response) => response.writeHead(200, { "Content-Length": LONG.length }).end(LONG),
  "/redirect": (_request, response) => response.writeHead(302, { Location: "/hello" }).end(),
  "/chunked": async (request, response) => {
    if (request.method === "HEAD") return response.end();
    response.writeHead(200, { Trailer: "Checksum" });
    for (let n = 0; n < 5; n++) {
      response.write(`part ${n};`);
      await later(2);
    }
    response.addTrailers({ Checksum: "5" });
    response.end();
  },
  "/until-close": (request, response) => {
    response.shouldKeepAlive = false;
    response.useChunkedEncodingByDefault = false;
    response.removeHeader("Transfer-Encoding");
    response.write("until ");
    response.end("the end");
  },
  "/old": (request, _response) => request.socket.end("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold\n"),
  "/bare": (request, _response) => request.socket.end("HTTP/1.1 200\nContent-Length: 4\nConnection: close\n\nbare"),
  "/early": (request, response) => {
    response.writeHead(413).end("too large");
    request.resume();
  },
  "/hints": (_request, response) => {
    response.writeProcessing();
    response.writeEarlyHints({ link: "</a.css>; rel=preload" });
    response.end("after hints");
  },
  "/echo": async (request, response) => {
    const { "content-length": length, "transfer-encoding": coding, expect } = request.headers;
    const data = await body(request);
    response.end(JSON.stringify([request.method, length, coding, expect, digest(data), request.trailers]));
  },
  "/refuse": (_request, response) => response.writeHead(417).end("no"),
  "/connection": (request, response) => {
    request.socket.served = (request.socket.served || 0) + 1;
    response.end(`request ${request.socket.served} of its connection`);
  },
};
const handle = (request, response) => {
  response.sendDate = false;
  const route = routes[new URL(request.url, "http://x").pathname];
  return route ? route(request, response) : response.writeHead(404).end("nothing here");
};
const server = http.createServer(handle);
server.keepAliveTimeout = 60_000;
server.on("checkContinue", (request, response) => {
  if (request.url !== "/refuse") response.writeContinue();
  handle(request, response);
});
server.on("upgrade", (request, socket, head) => {
  if (request.url === "/refused") return socket.end("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno");
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nready:");
  socket.write(head);
  socket.pipe(socket);
});
server.on("connect", (request, socket) => {
  socket.write(`HTTP/1.1 200 Connection Established\r\n\r\nto ${request.url}:`);
  socket.pipe(socket);
});
server.on("clientError", (_error, socket) => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
