from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.response import empty, json

from orchard.services import members as service

members = Blueprint("members", url_prefix="/members")


@members.post("/")
async def join(request):
    try:
        member = await service.join(request.json["email"])
    except service.Refused as error:
        raise SanicException(str(error), status_code=409) from error
    return json({"id": member.id}, status=201)


@members.patch("/<member_id:int>/wishes")
async def wish(request, member_id):
    try:
        await service.wish(member_id, request.json)
    except service.Refused as error:
        raise SanicException(str(error), status_code=409) from error
    return empty()


@members.post("/<member_id:int>/gifts")
async def give(request, member_id):
    try:
        await service.give(member_id, request.json["to"], request.json["cents"])
    except service.Refused as error:
        raise SanicException(str(error), status_code=409) from error
    return empty()
