from __future__ import annotations

import json
import uuid
from datetime import datetime

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from sqlalchemy import select

from auctions.adapters.tables import Account, Lot
from auctions.api.dependencies import Jobs, Session, Work
from auctions.domain import bidding
from auctions.domain.errors import Refused

router = APIRouter(prefix="/lots", tags=["lots"])


class NewLot(BaseModel):
    seller_id: uuid.UUID
    title: str
    closes_at: datetime


class NewBid(BaseModel):
    bidder_id: uuid.UUID
    cents: int


@router.post("", status_code=201)
async def offer(new: NewLot, session: Session) -> dict[str, str]:
    seller = await session.get(Account, new.seller_id)
    if seller is None:
        raise HTTPException(404)
    lot = Lot(seller=seller, title=new.title, closes_at=new.closes_at)
    session.add(lot)
    await session.commit()
    return {"id": str(lot.id)}


@router.get("/top")
async def top(session: Session, jobs: Jobs) -> list[dict]:
    kept = await jobs.get("lots:top")
    if kept is not None:
        return json.loads(kept)
    rows = await session.execute(select(Lot.id, Lot.title).order_by(Lot.bid_count.desc()).limit(10))
    shown = [{"id": str(key), "title": title} for key, title in rows]
    await jobs.set("lots:top", json.dumps(shown), ex=15)
    return shown


@router.post("/{lot_id}/bids", status_code=201)
async def bid(lot_id: uuid.UUID, new: NewBid, work: Work, jobs: Jobs) -> dict[str, str]:
    try:
        placed = await bidding.place(work, lot_id, new.bidder_id, new.cents)
    except Refused as refused:
        raise HTTPException(409, type(refused).__name__) from refused
    await jobs.enqueue_job("tell_watchers", str(placed.id), _job_id=f"bid-{placed.id}")
    return {"id": str(placed.id)}


@router.put("/{lot_id}/watchers/{account_id}", status_code=204)
async def watch(lot_id: uuid.UUID, account_id: uuid.UUID, work: Work) -> None:
    async with work:
        await work.watchers.watch(lot_id, account_id)
        await work.commit()


@router.post("/{lot_id}/title")
async def retitle(lot_id: uuid.UUID, suffix: str, work: Work) -> dict[str, str]:
    return {"title": await bidding.rename(work, lot_id, suffix)}
