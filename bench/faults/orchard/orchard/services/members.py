from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from orchard.models import Member


class Refused(Exception):
    pass


async def join(email):
    if await Member.filter(email=email).exists():
        raise Refused("the address is known")
    try:
        return await Member.create(email=email)
    except IntegrityError as error:
        raise Refused("the address is known") from error


async def wish(member_id, wishes):
    member = await Member.get(id=member_id)
    merged = {**member.wishes, **wishes}
    changed = await Member.filter(id=member_id, revision=member.revision).update(
        wishes=merged, revision=member.revision + 1
    )
    if not changed:
        raise Refused("somebody else has changed the wishes")


async def give(giver_id, taker_id, cents):
    async with in_transaction():
        locked = await Member.filter(id__in=[giver_id, taker_id]).order_by("id").select_for_update()
        by_id = {each.id: each for each in locked}
        if by_id[giver_id].credit_cents < cents:
            raise Refused("not enough credit")
        await Member.filter(id=giver_id).update(credit_cents=F("credit_cents") - cents)
        await Member.filter(id=taker_id).update(credit_cents=F("credit_cents") + cents)
