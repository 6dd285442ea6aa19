"""What is done with a letter: it is counted, in two steps, and written down."""

import os

import psycopg
from procrastinate import App, PsycopgConnector

app = App(connector=PsycopgConnector(conninfo=os.environ["LETTERS_DB"]))


@app.task(name="stamp")
def stamp(letter: str) -> None:
    with psycopg.connect(os.environ["LETTERS_DB"], autocommit=True) as connection:
        count(connection, letter)


def count(connection: psycopg.Connection, letter: str) -> None:
    (total,) = connection.execute("SELECT total FROM counted").fetchone()
    connection.execute("UPDATE counted SET total = %s", (total + 1,))
    connection.execute("INSERT INTO done VALUES (%s)", (letter,))
