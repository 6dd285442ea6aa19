"""Takes bookings over HTTP: looks for the room, then leaves the rest to a clerk."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import valkey

queue = valkey.Valkey.from_url(os.environ["QUEUE_URL"])


class Desk(BaseHTTPRequestHandler):
    def do_POST(self):
        room = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["room"]
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            taken = connection.execute("SELECT 1 FROM bookings WHERE room = %s", (room,)).fetchone()
        if not taken:
            queue.lpush("bookings", json.dumps({"room": room}))
        self.send_response(200 if taken else 202)
        self.end_headers()

    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Desk).serve_forever()
