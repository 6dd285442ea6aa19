from __future__ import annotations

import uuid

from auctions.adapters.unit_of_work import UnitOfWork
from auctions.domain.errors import NotEnough


async def deposit(work: UnitOfWork, provider_id: str, account_id: uuid.UUID, cents: int) -> None:
    async with work:
        if await work.deposits.first_time(provider_id, account_id, cents):
            await work.accounts.credit(account_id, cents)
        await work.commit()


async def withdraw(work: UnitOfWork, account_id: uuid.UUID, cents: int) -> None:
    async with work:
        if not await work.accounts.debit(account_id, cents):
            raise NotEnough(account_id)
        await work.commit()


async def transfer(work: UnitOfWork, giver_id: uuid.UUID, taker_id: uuid.UUID, cents: int) -> None:
    async with work:
        accounts = await work.accounts.locked(giver_id, taker_id)
        giver = accounts[giver_id]
        taker = accounts[taker_id]
        if giver.balance_cents < cents:
            raise NotEnough(giver_id)
        giver.balance_cents -= cents
        taker.balance_cents += cents
        await work.commit()
