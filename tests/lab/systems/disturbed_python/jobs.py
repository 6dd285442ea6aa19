"""What a work horse of RQ does: a process of its own for each job."""

import os

import psycopg


def record(payment):
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("INSERT INTO payments (payment) VALUES (%s)", (payment,))
        connection.execute("INSERT INTO receipts (payment) VALUES (%s)", (payment,))
