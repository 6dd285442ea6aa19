import os
import secrets

import psycopg
from flask import Flask, jsonify, request
from rq import Retry

from parking.stores import jobs, pool
from parking.work import open_gate, take_deposit, take_state

app = Flask(__name__)


@app.post("/garages/<int:garage_id>/stays")
def enter(garage_id: int):
    plate = request.json["plate"]
    try:
        with pool.connection() as connection, connection.transaction():
            taken = connection.execute(
                "UPDATE garages SET free = free - 1 WHERE id = %s AND free > 0", (garage_id,)
            )
            if taken.rowcount == 0:
                return jsonify(error="full"), 409
            row = connection.execute(
                "INSERT INTO stays (garage_id, plate, ticket) VALUES (%s, %s, %s) RETURNING id",
                (garage_id, plate, secrets.token_hex(16)),
            ).fetchone()
    except psycopg.errors.UniqueViolation:
        return jsonify(error="is in already"), 409
    jobs.enqueue(open_gate, row[0], job_id=f"open-{row[0]}", retry=Retry(max=3))
    return jsonify(stay=row[0]), 201


@app.post("/accounts/<plate>/pay")
def pay(plate: str):
    cents = int(request.json["cents"])
    with pool.connection() as connection, connection.transaction():
        row = connection.execute(
            "SELECT cents FROM accounts WHERE plate = %s FOR UPDATE", (plate,)
        ).fetchone()
        if row is None or row[0] < cents:
            return jsonify(error="not enough"), 402
        connection.execute(
            "UPDATE accounts SET cents = %s WHERE plate = %s", (row[0] - cents, plate)
        )
    return jsonify(left=row[0] - cents)


@app.post("/accounts/<giver>/send/<taker>")
def send(giver: str, taker: str):
    cents = int(request.json["cents"])
    with pool.connection() as connection, connection.transaction():
        for plate in sorted([giver, taker]):
            connection.execute("SELECT 1 FROM accounts WHERE plate = %s FOR UPDATE", (plate,))
        connection.execute(
            "UPDATE accounts SET cents = cents - %s WHERE plate = %s", (cents, giver)
        )
        connection.execute(
            "UPDATE accounts SET cents = cents + %s WHERE plate = %s", (cents, taker)
        )
    return jsonify(sent=cents)


@app.post("/deposits")
def deposit():
    if not secrets.compare_digest(
        request.headers.get("X-Secret", ""), os.environ["DEPOSIT_SECRET"]
    ):
        return "", 401
    told = request.json
    jobs.enqueue(
        take_deposit, told["id"], told["plate"], told["cents"], job_id=f"deposit-{told['id']}"
    )
    jobs.enqueue(take_state, told["id"], told["state"], told["moment"])
    return "", 202
