import os

import requests

from parking.stores import pool, store


def open_gate(stay_id: int) -> None:
    with pool.connection() as connection:
        row = connection.execute("SELECT ticket FROM stays WHERE id = %s", (stay_id,)).fetchone()
    if row is None:
        return
    requests.post(
        f"{os.environ['GATE_URL']}/open",
        headers={"Idempotency-Key": row[0]},
        timeout=5,
    ).raise_for_status()


def take_deposit(deposit_id: str, plate: str, cents: int) -> None:
    with pool.connection() as connection, connection.transaction():
        made = connection.execute(
            "INSERT INTO deposits (deposit_id) VALUES (%s) ON CONFLICT (deposit_id) DO NOTHING RETURNING deposit_id",
            (deposit_id,),
        ).fetchone()
        if made is None:
            return
        connection.execute(
            "INSERT INTO accounts (plate, cents) VALUES (%s, %s)"
            " ON CONFLICT (plate) DO UPDATE SET cents = accounts.cents + excluded.cents",
            (plate, cents),
        )


def take_state(deposit_id: str, state: str, moment: int) -> None:
    with pool.connection() as connection:
        connection.execute(
            "UPDATE deposits SET state = %s, moment = %s WHERE deposit_id = %s AND moment < %s",
            (state, moment, deposit_id, moment),
        )


def count_cars() -> None:
    with store.lock("count-cars", timeout=60, blocking=False):
        requests.get(f"{os.environ['GATE_URL']}/cars", timeout=10)
