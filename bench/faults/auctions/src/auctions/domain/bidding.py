from __future__ import annotations

import uuid

from auctions.adapters.tables import Bid
from auctions.adapters.unit_of_work import UnitOfWork
from auctions.domain.errors import Closed, TooLow


async def place(work: UnitOfWork, lot_id: uuid.UUID, bidder_id: uuid.UUID, cents: int) -> Bid:
    async with work:
        lot = await work.lots.get_locked(lot_id)
        if lot is None or lot.state != "open":
            raise Closed(lot_id)
        if cents <= lot.highest_cents:
            raise TooLow(lot.highest_cents)
        bid = Bid(id=uuid.uuid4(), lot_id=lot_id, bidder_id=bidder_id, cents=cents)
        work.bids.add(bid)
        lot.highest_cents = cents
        lot.highest_bidder_id = bidder_id
        lot.bid_count += 1
        await work.commit()
    return bid


async def rename(work: UnitOfWork, lot_id: uuid.UUID, suffix: str) -> str:
    async with work:
        lot = await work.lots.get(lot_id)
        lot.title = f"{lot.title} {suffix}"
        await work.commit()
        return lot.title
