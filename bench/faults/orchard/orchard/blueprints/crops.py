from json import dumps, loads

from sanic import Blueprint
from sanic.response import json

from orchard.models import Crop
from orchard.stores import redis

crops = Blueprint("crops", url_prefix="/crops")


@crops.get("/")
async def listed(request):
    """What there is to order, at most half a minute old."""
    kept = await redis.get("crops")
    if kept is not None:
        return json(loads(kept))
    found = [{"id": each.id, "name": each.name} for each in await Crop.filter(kilos__gt=0)]
    await redis.set("crops", dumps(found), ex=30)
    return json(found)
