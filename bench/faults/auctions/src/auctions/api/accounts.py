from __future__ import annotations

import uuid

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from auctions.api.dependencies import Work
from auctions.domain import money
from auctions.domain.errors import NotEnough

router = APIRouter(prefix="/accounts", tags=["accounts"])


class Registration(BaseModel):
    email: str


class Amount(BaseModel):
    cents: int = Field(gt=0)


class Transfer(Amount):
    taker_id: uuid.UUID


@router.post("", status_code=201)
async def register(new: Registration, work: Work) -> dict[str, str]:
    async with work:
        account = await work.accounts.registered(new.email)
        await work.commit()
        return {"id": str(account.id)}


@router.post("/{account_id}/logins", status_code=204)
async def login(account_id: uuid.UUID, work: Work) -> None:
    async with work:
        await work.accounts.logged_in(account_id)
        await work.commit()


@router.post("/{account_id}/withdrawals", status_code=204)
async def withdraw(account_id: uuid.UUID, amount: Amount, work: Work) -> None:
    try:
        await money.withdraw(work, account_id, amount.cents)
    except NotEnough as error:
        raise HTTPException(402) from error


@router.post("/{account_id}/transfers", status_code=204)
async def transfer(account_id: uuid.UUID, order: Transfer, work: Work) -> None:
    try:
        await money.transfer(work, account_id, order.taker_id, order.cents)
    except NotEnough as error:
        raise HTTPException(402) from error
