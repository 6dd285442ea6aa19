import logging
import sys
from datetime import datetime

from bottle import Bottle, abort, request, response
from waitress import serve

from tides import tables, throttle

app = Bottle()
log = logging.getLogger("tides")


@app.get("/ok")
def ok():
    throttle.store.check()
    return {"ok": True}


@app.get("/tides/<harbour>")
def tides(harbour):
    api_key = request.get_header("X-Api-Key", "")
    if not api_key:
        abort(401, "send your key as X-Api-Key")
    if not throttle.allows(api_key):
        log.info("%s turned away", api_key)
        abort(429, "too many requests, try again in a minute")
    if harbour not in tables.HARBOURS:
        abort(404, f"no tables for {harbour}")
    day = datetime.fromisoformat(request.query.day or "2031-01-01")
    response.set_header("Cache-Control", "max-age=3600")
    log.info("%s had %s", api_key, harbour)
    return {"harbour": harbour, "heights": tables.heights(harbour, day)}


@app.get("/quota")
def quota():
    return {"left": throttle.left(request.get_header("X-Api-Key", ""))}


if __name__ == "__main__":
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8)
