import asyncio
import uuid

import pytest

from auctions.adapters.unit_of_work import UnitOfWork
from auctions.domain import bidding
from auctions.domain.errors import Closed, TooLow


async def test_only_the_higher_of_two_equal_bids_counts(lot, bidder):
    results = await asyncio.gather(
        bidding.place(UnitOfWork(), lot.id, bidder.id, 500),
        bidding.place(UnitOfWork(), lot.id, bidder.id, 500),
        return_exceptions=True,
    )
    assert sum(isinstance(each, TooLow) for each in results) == 1


async def test_a_lot_that_is_not_there_is_closed(bidder):
    with pytest.raises(Closed):
        await bidding.place(UnitOfWork(), uuid.uuid4(), bidder.id, 500)
