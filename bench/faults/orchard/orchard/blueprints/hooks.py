import hmac
from hashlib import sha256

from sanic import Blueprint
from sanic.exceptions import Unauthorized
from sanic.response import empty

from orchard import tasks
from orchard.settings import PAYMENTS_SECRET, SCALES_KEY

hooks = Blueprint("hooks", url_prefix="/hooks")


@hooks.post("/payments")
async def paid(request):
    expected = hmac.new(PAYMENTS_SECRET.encode(), request.body, sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("x-signature", "")):
        raise Unauthorized("wrong signature")
    event = request.json
    await tasks.credit.kiq(event["reference"], event["member"], event["cents"])
    return empty(status=202)


@hooks.post("/trucks")
async def moved(request):
    if request.headers.get("x-key") != SCALES_KEY:
        raise Unauthorized("wrong key")
    event = request.json
    await tasks.move.kiq(event["plate"], event["state"], event["sequence"])
    return empty(status=202)
