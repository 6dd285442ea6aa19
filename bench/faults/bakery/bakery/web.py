import datetime
import hmac
import os

from flask import Flask, abort, jsonify, request
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from bakery.jobs import announce, take_delivery
from bakery.store import Bread, Regular, Reservation, cache, db

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db.init_app(app)


@app.post("/breads/<int:bread_id>/sold")
def sold(bread_id):
    changed = db.session.execute(
        update(Bread).where(Bread.id == bread_id, Bread.loaves > 0).values(loaves=Bread.loaves - 1)
    )
    db.session.commit()
    if changed.rowcount == 0:
        abort(409)
    return "", 204


@app.post("/regulars/<int:regular_id>/stamps")
def stamp(regular_id):
    regular = db.session.execute(
        select(Regular).where(Regular.id == regular_id).with_for_update()
    ).scalar_one()
    regular.stamps = 0 if regular.stamps >= 9 else regular.stamps + 1
    db.session.commit()
    return jsonify(stamps=regular.stamps)


@app.post("/reservations")
def reserve():
    day = datetime.date.fromisoformat(request.json["day"])
    reservation = Reservation(regular_id=request.json["regular"], day=day)
    db.session.add(reservation)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        abort(409)
    announce.send(reservation.id, reservation.pickup)
    return jsonify(id=reservation.id), 201


@app.post("/deliveries")
def delivered():
    wanted = hmac.new(os.environ["MILL_SECRET"].encode(), request.data, "sha256").hexdigest()
    if not hmac.compare_digest(wanted, request.headers.get("X-Mill-Signature", "")):
        abort(400)
    take_delivery.send(request.json["id"], request.json["bread"], request.json["loaves"])
    return "", 202


@app.get("/breads/<int:bread_id>")
def show(bread_id):
    kept = cache.get(f"bread:{bread_id}")
    if kept is None:
        bread = db.session.get(Bread, bread_id)
        kept = bread.name
        cache.set(f"bread:{bread_id}", kept, ex=20)
    return kept
