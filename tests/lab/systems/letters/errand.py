"""What is done with a letter: stamps are counted, in two steps."""

import os

import psycopg
from procrastinate import App, PsycopgConnector

app = App(connector=PsycopgConnector(conninfo=os.environ["LETTERS_DB"]))


@app.task(name="stamp")
def stamp(letter: str) -> None:
    with psycopg.connect(os.environ["LETTERS_DB"], autocommit=True) as connection:
        count_one(connection)


def count_one(connection: psycopg.Connection) -> None:
    (count,) = connection.execute("SELECT stamps FROM counted").fetchone()
    connection.execute("UPDATE counted SET stamps = %s", (count + 1,))
