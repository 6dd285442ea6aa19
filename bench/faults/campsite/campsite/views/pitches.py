import json

from flask import Blueprint, abort, jsonify, request
from flask.views import MethodView

from campsite.locks import client
from campsite.models import Pitch
from campsite.services import stays

blueprint = Blueprint("pitches", __name__, url_prefix="/pitches")


class Pitches(MethodView):
    def get(self):
        kept = client.get("pitches")
        if kept is not None:
            return json.loads(kept)
        rows = [{"id": pitch.id, "name": pitch.name} for pitch in Pitch.select().order_by(Pitch.name)]
        client.set("pitches", json.dumps(rows), ex=60)
        return rows


class Stays(MethodView):
    def post(self, pitch_id):
        try:
            stay = stays.book(pitch_id, request.json["guest"], request.json["night"])
        except (stays.Full, stays.Twice):
            abort(409)
        return jsonify(code=stay.code), 201


blueprint.add_url_rule("", view_func=Pitches.as_view("pitches"))
blueprint.add_url_rule("/<int:pitch_id>/stays", view_func=Stays.as_view("stays"))
