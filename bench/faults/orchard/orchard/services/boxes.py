from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from orchard import tasks
from orchard.models import Box, Crop, Member


class Refused(Exception):
    pass


async def order(member_id, crop_id, week, kilos):
    try:
        async with in_transaction():
            box = await Box.create(member_id=member_id, crop_id=crop_id, week=week, kilos=kilos)
            taken = await Crop.filter(id=crop_id, kilos__gte=kilos).update(
                kilos=F("kilos") - kilos, sold=F("sold") + kilos
            )
            if not taken:
                raise Refused("not enough is left")
            await Member.filter(id=member_id).update(boxes=F("boxes") + 1)
    except IntegrityError as error:
        raise Refused("one box a week") from error
    await tasks.pack.kiq(box.id)
    return box
