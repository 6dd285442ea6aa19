"""Takes letters over HTTP: inserts a job for each, and answers."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
from errand import app, stamp

LIBRARY = os.environ["LIBRARY"]


class Office(BaseHTTPRequestHandler):
    def do_POST(self):
        if LIBRARY == "procrastinate":
            stamp.defer(letter=self.path)
        else:
            with psycopg.connect(os.environ["LETTERS_DB"]) as connection:
                connection.execute("INSERT INTO errands (letter) VALUES (%s)", (self.path,))
                connection.execute("NOTIFY errands")
        self.send_response(202)
        self.end_headers()

    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


if LIBRARY == "procrastinate":
    app.open()
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Office).serve_forever()
