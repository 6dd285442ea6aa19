// Node's http module: an agent that keeps connections, bodies, trailers, Expect, upgrades. PORT.
const http = require("node:http");
const { Readable } = require("node:stream");
const port = Number(process.argv[2]);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const show = (name, value) => console.log(name, JSON.stringify(value));
const LONG = Buffer.alloc(2_000_000, "0123456789");

const ask = (path, options = {}, data = undefined) => new Promise((done, fail) => {
  const request = http.request({ host: "127.0.0.1", port, path, agent, ...options });
  const seen = [];
  request.on("information", (info) => seen.push(info.statusCode));
  request.on("continue", () => seen.push("continue"));
  request.on("error", fail);
  request.on("response", async (response) => {
    const parts = [];
    for await (const part of response) parts.push(part);
    const text = Buffer.concat(parts);
    done([response.statusCode, text.length > 200 ? text.length : text.toString(), seen, response.trailers, response.headers["transfer-encoding"]]);
  });
  if (data instanceof Readable) data.pipe(request);
  else request.end(data);
});
const upgrade = (path) => new Promise((done, fail) => {
  const request = http.request({ host: "127.0.0.1", port, path, headers: { Connection: "Upgrade", Upgrade: "echo" } });
  request.on("error", fail);
  request.on("response", (response) => response.resume().on("end", () => done(response.statusCode)));
  request.on("upgrade", (response, socket, head) => {
    let got = head.toString();
    socket.on("data", (data) => {
      got += data;
      if (got === "ready:\r\nGET \x00 frame") socket.end();
    });
    socket.on("close", () => done([response.statusCode, got]));
    socket.write("\r\nGET \x00");
    socket.write(" frame");
  });
  request.end();
});

(async () => {
  for (const path of ["/hello", "/empty", "/unchanged", "/error", "/long", "/redirect", "/nothing", "/chunked", "/hints"]) show(path, await ask(path));
  show("same connection", [await ask("/connection"), await ask("/connection"), await ask("/connection")]);
  for (const path of ["/until-close", "/old"]) show(path, await ask(path));
  show("head", [await ask("/long", { method: "HEAD" }), await ask("/chunked", { method: "HEAD" }), await ask("/connection")]);
  for (const method of ["POST", "PUT", "PATCH"]) show(method, await ask("/echo", { method }, "body"));
  for (const method of ["DELETE", "OPTIONS"]) show(method, await ask("/echo", { method }));
  show("long", await ask("/echo", { method: "POST", headers: { "Content-Length": LONG.length } }, LONG));
  const parts = async function* () { for (let n = 0; n < 40; n++) yield LONG.subarray(0, n * 997); };
  show("chunks", await ask("/echo", { method: "POST" }, Readable.from(parts())));
  const trailing = await new Promise((done) => {
    const request = http.request({ host: "127.0.0.1", port, path: "/echo", method: "POST", agent, headers: { "Transfer-Encoding": "chunked", Trailer: "Sum" } }, async (response) => done((await response.toArray()).toString()));
    request.write("abc");
    request.addTrailers({ Sum: "3" });
    request.end();
  });
  show("trailers", trailing);
  for (const path of ["/echo", "/refuse"]) {
    show(`expect ${path}`, await new Promise((done) => {
      const request = http.request({ host: "127.0.0.1", port, path, method: "POST", headers: { Expect: "100-continue", "Content-Length": 4 } });
      let went = false;
      request.on("continue", () => { went = true; request.end("body"); });
      request.on("response", async (response) => { done([went, response.statusCode, (await response.toArray()).toString()]); request.destroy(); });
      request.flushHeaders();
    }));
  }
  show("early", (await ask("/early", { method: "POST", agent: false, headers: { "Content-Length": 100_000 } }, LONG.subarray(0, 100_000))).slice(0, 2));
  show("upgrade", [await upgrade("/up"), await upgrade("/refused")]);
  show("together", (await Promise.all([...Array(50).keys()].map((n) => ask("/hello", { agent: n % 2 ? agent : false })))).length);
  agent.destroy();
})();
