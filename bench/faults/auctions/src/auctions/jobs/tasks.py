from __future__ import annotations

import uuid

import httpx
from sqlalchemy import select

from auctions.adapters.tables import Account, Lot, Watcher
from auctions.adapters.unit_of_work import UnitOfWork
from auctions.domain import money
from auctions.jobs.locks import alone
from auctions.settings import settings


async def tell_watchers(ctx: dict, bid_id: str) -> None:
    async with UnitOfWork() as work:
        bid = await work.bids.get(uuid.UUID(bid_id))
        people = await work.session.scalars(
            select(Account.email).join(Watcher, Watcher.account_id == Account.id).where(Watcher.lot_id == bid.lot_id)
        )
        addresses = people.all()
    client: httpx.AsyncClient = ctx["http"]
    for address in addresses:
        answer = await client.post(
            f"{settings.mail_url}/messages",
            json={"to": address, "text": f"new bid: {bid.cents}"},
            headers={"Idempotency-Key": f"{bid_id}-{address}"},
        )
        answer.raise_for_status()


async def book_deposit(ctx: dict, provider_id: str, account_id: str, cents: int) -> None:
    await money.deposit(UnitOfWork(), provider_id, uuid.UUID(account_id), cents)


async def close_lots(ctx: dict) -> None:
    async with alone(ctx["redis"], "close-lots", 300) as mine:
        if not mine:
            return
        async with UnitOfWork() as work:
            due = await work.lots.due()
        for key in due:
            await ctx["redis"].enqueue_job("settle_lot", str(key), _job_id=f"settle-{key}")


async def settle_lot(ctx: dict, lot_id: str) -> None:
    key = uuid.UUID(lot_id)
    async with UnitOfWork() as work:
        lot = await work.session.scalar(select(Lot).where(Lot.id == key).with_for_update())
        if lot.state != "open":
            return
        lot.state = "closed"
        await work.accounts.credit(lot.seller_id, lot.highest_cents)
        await work.commit()


async def send_statement(ctx: dict) -> None:
    async with alone(ctx["redis"], "statement", 600) as mine:
        if not mine:
            return
        client: httpx.AsyncClient = ctx["http"]
        await client.post(f"{settings.payout_url}/statements", json={}, timeout=60)
