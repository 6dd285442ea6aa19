from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.response import json
from sanic.views import HTTPMethodView

from orchard.services import boxes as service

boxes = Blueprint("boxes", url_prefix="/boxes")


class Boxes(HTTPMethodView):
    async def post(self, request):
        wanted = request.json
        try:
            box = await service.order(wanted["member"], wanted["crop"], wanted["week"], wanted["kilos"])
        except service.Refused as error:
            raise SanicException(str(error), status_code=409) from error
        return json({"code": box.code}, status=201)


boxes.add_route(Boxes.as_view(), "/")
