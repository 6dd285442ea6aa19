import hashlib
import hmac

from flask import Blueprint, abort, current_app, request

from campsite.actors.payments import book_payment
from campsite.services import payments

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")


@blueprint.before_request
def check_signature():
    digest = hmac.new(current_app.config["PAYMENT_SECRET"], request.get_data(), hashlib.sha256)
    if not hmac.compare_digest(digest.hexdigest(), request.headers.get("X-Signature", "")):
        abort(400)


@blueprint.post("/payments")
def payment():
    event = request.get_json()
    if event["type"] == "paid":
        book_payment.send(event["reference"], event["guest"], event["cents"])
    elif event["type"] == "moved":
        payments.advance(event["reference"], event["state"], event["step"])
    return "", 202
