import datetime
import os

import dramatiq
import requests
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from bakery.store import Bread, Delivery, cache, db


@dramatiq.actor(max_retries=3)
def announce(reservation_id, pickup):
    requests.post(
        os.environ["SMS_URL"],
        json={"reservation": reservation_id},
        headers={"Idempotency-Key": pickup},
        timeout=5,
    )


@dramatiq.actor(max_retries=5)
def take_delivery(mill_id, bread_id, loaves):
    made = db.session.execute(
        insert(Delivery).values(mill_id=mill_id).on_conflict_do_nothing().returning(Delivery.id)
    ).scalar()
    if made is not None:
        db.session.execute(
            update(Bread).where(Bread.id == bread_id).values(loaves=Bread.loaves + loaves)
        )
    db.session.commit()


@dramatiq.actor
def bake_ahead():
    with cache.lock("bake-ahead", timeout=90, blocking=False):
        day = datetime.date.today().isoformat()
        requests.post(os.environ["OVEN_URL"], headers={"Idempotency-Key": day}, timeout=15)
