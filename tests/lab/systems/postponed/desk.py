"""Takes what is to be done later: by a Celery task with a countdown."""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import psycopg
from tasks import remember

books = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
DELAY_S = float(os.environ["DELAY_S"])


class Desk(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200)

    def do_POST(self):
        who = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["who"]
        books.execute("INSERT INTO asked VALUES (%s, %s)", (who, time.time() * 1000))
        remember.apply_async((who,), countdown=DELAY_S)
        self.answer(202)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Desk).serve_forever()
