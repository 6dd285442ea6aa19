from sanic import Sanic
from tortoise.contrib.sanic import register_tortoise

from orchard.blueprints.boxes import boxes
from orchard.blueprints.crops import crops
from orchard.blueprints.hooks import hooks
from orchard.blueprints.members import members
from orchard.settings import TORTOISE
from orchard.tasks import broker

app = Sanic("orchard")
app.blueprint([boxes, crops, hooks, members])
register_tortoise(app, config=TORTOISE)


@app.before_server_start
async def connect(app, loop):
    await broker.startup()


@app.after_server_stop
async def disconnect(app, loop):
    await broker.shutdown()
