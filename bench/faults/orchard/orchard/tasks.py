import aiohttp
from taskiq import SmartRetryMiddleware
from taskiq_redis import RedisStreamBroker
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from orchard.leases import Busy, lease
from orchard.models import Box, Member, Payment, Truck
from orchard.settings import DEPOT_URL, MAIL_URL, REDIS_URL

broker = RedisStreamBroker(REDIS_URL).with_middlewares(SmartRetryMiddleware(default_delay=10))


@broker.task(retry_on_error=True, max_retries=8)
async def credit(reference: str, member_id: int, cents: int) -> None:
    try:
        async with in_transaction():
            await Payment.create(reference=reference, member_id=member_id, cents=cents)
            await Member.filter(id=member_id).update(credit_cents=F("credit_cents") + cents)
    except IntegrityError:
        return
    await thank(reference, member_id)


async def thank(reference: str, member_id: int) -> None:
    """The mail service sends one mail for one key."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
        async with session.post(
            f"{MAIL_URL}/messages",
            json={"template": "thanks", "member": member_id},
            headers={"Idempotency-Key": f"thanks-{reference}"},
        ) as answer:
            answer.raise_for_status()


@broker.task(retry_on_error=True, max_retries=5)
async def pack(box_id: int) -> None:
    box = await Box.get(id=box_id)
    if box.packed:
        return
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        async with session.post(
            f"{DEPOT_URL}/parcels",
            json={"code": box.code, "kilos": box.kilos},
            headers={"Idempotency-Key": f"parcel-{box.code}"},
        ) as answer:
            answer.raise_for_status()
    await Box.filter(id=box_id).update(packed=True)


@broker.task(retry_on_error=True, max_retries=3)
async def move(plate: str, state: str, sequence: int) -> None:
    await Truck.filter(plate=plate, sequence__lt=sequence).update(state=state, sequence=sequence)


@broker.task(schedule=[{"cron": "0 4 * * *"}])
async def report() -> None:
    """The depot takes the list in place of an earlier one."""
    try:
        async with lease("report", 300):
            codes = await Box.filter(packed=False).values_list("code", flat=True)
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
                async with session.put(f"{DEPOT_URL}/open", json=list(codes)) as answer:
                    answer.raise_for_status()
    except Busy:
        return
