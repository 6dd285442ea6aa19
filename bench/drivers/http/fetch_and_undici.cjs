// fetch of Node, and undici with pipelining. PORT.
const { Client, Pool } = require("undici");
const port = Number(process.argv[2]);
const url = (path) => `http://127.0.0.1:${port}${path}`;
const show = (name, value) => console.log(name, JSON.stringify(value));

(async () => {
  for (const path of ["/hello", "/empty", "/error", "/chunked", "/redirect", "/until-close", "/old", "/hints"]) {
    const response = await fetch(url(path));
    show(path, [response.status, response.redirected, await response.text()]);
  }
  show("json", await (await fetch(url("/echo"), { method: "POST", body: JSON.stringify({ a: 1 }) })).text());
  const parts = new ReadableStream({ start(out) { for (let n = 0; n < 20; n++) out.enqueue(new Uint8Array(n * 1000)); out.close(); } });
  show("stream", await (await fetch(url("/echo"), { method: "POST", body: parts, duplex: "half" })).text());
  const form = new FormData();
  form.set("file", new Blob(["x".repeat(100_000)]), "name");
  show("form", (await (await fetch(url("/echo"), { method: "POST", body: form })).json())[4].split(",")[0].length > 0);
  const aborted = new AbortController();
  const long = await fetch(url("/long"), { signal: aborted.signal });
  const reader = long.body.getReader();
  show("aborted", (await reader.read()).done);
  aborted.abort();
  await reader.closed.catch(() => 0);
  const client = new Client(url(""), { pipelining: 10 });
  const asked = [...Array(30).keys()].map((n) => client.request({ path: n % 3 ? "/connection" : "/chunked", method: "GET" }).then(async (r) => [r.statusCode, await r.body.text()]));
  show("pipelined", await Promise.all(asked));
  show("head", (await client.request({ path: "/long", method: "HEAD" })).headers["content-length"]);
  const { socket } = await client.upgrade({ path: "/up", protocol: "echo" });
  show("upgraded", await new Promise((done) => { let got = ""; socket.on("data", (d) => { got += d; if (got === "ready:abc") { socket.destroy(); done(got); } }); socket.write("abc"); }));
  const tunnel = await client.connect({ path: "example:80" });
  show("tunnel", await new Promise((done) => { let got = ""; tunnel.socket.on("data", (d) => { got += d; if (got.endsWith("xyz")) { tunnel.socket.destroy(); done([tunnel.statusCode, got]); } }); tunnel.socket.write("xyz"); }));
  await client.destroy();
  const pool = new Pool(url(""), { connections: 4 });
  show("pool", (await Promise.all([...Array(40).keys()].map(() => pool.request({ path: "/hello", method: "GET" }).then((r) => r.body.text())))).length);
  await pool.close();
  process.exit(0);
})();
