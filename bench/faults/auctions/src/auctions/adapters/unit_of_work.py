from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from auctions.adapters.database import session_factory
from auctions.adapters.repositories import Accounts, Bids, Deposits, Lots, Shipments, Watchers


class UnitOfWork:
    session: AsyncSession

    def __init__(self, factory: async_sessionmaker[AsyncSession] = session_factory) -> None:
        self._factory = factory

    async def __aenter__(self) -> Self:
        self.session = self._factory()
        self.accounts = Accounts(self.session)
        self.lots = Lots(self.session)
        self.bids = Bids(self.session)
        self.watchers = Watchers(self.session)
        self.deposits = Deposits(self.session)
        self.shipments = Shipments(self.session)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.rollback()
        await self.session.close()

    async def commit(self) -> None:
        await self.session.commit()
