from flask import Blueprint, abort, jsonify, request

from campsite.services import guests

blueprint = Blueprint("guests", __name__, url_prefix="/guests")


@blueprint.post("")
def register():
    return jsonify(id=guests.register(request.json["email"]).id), 201


@blueprint.post("/<int:guest_id>/nights")
def stayed(guest_id):
    guests.stayed(guest_id)
    return "", 204


@blueprint.post("/<int:guest_id>/purchases")
def buy(guest_id):
    try:
        guests.pay(guest_id, request.json["cents"])
    except guests.NotEnough:
        abort(402)
    return "", 204


@blueprint.post("/<int:guest_id>/gifts")
def give(guest_id):
    try:
        guests.give(guest_id, request.json["to"], request.json["cents"])
    except guests.NotEnough:
        abort(402)
    return "", 204


@blueprint.patch("/<int:guest_id>/preferences")
def prefer(guest_id):
    merged = guests.prefer(guest_id, request.json)
    if merged is None:
        abort(409)
    return jsonify(merged)


@blueprint.post("/<int:guest_id>/rentals/<article>")
def borrow(guest_id, article):
    guests.borrow(guest_id, article)
    return "", 204
