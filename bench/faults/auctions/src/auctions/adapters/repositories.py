from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auctions.adapters.tables import Account, Base, Bid, Deposit, Lot, Shipment, Watcher


class Repository[T: Base]:
    model: type[T]

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    def add(self, row: T) -> None:
        self.session.add(row)

    async def get(self, key: uuid.UUID) -> T | None:
        return await self.session.get(self.model, key)


class Accounts(Repository[Account]):
    model = Account

    async def registered(self, email: str) -> Account:
        await self.session.execute(
            insert(Account).values(id=uuid.uuid4(), email=email).on_conflict_do_nothing(index_elements=["email"])
        )
        found = await self.session.scalars(select(Account).where(Account.email == email))
        return found.one()

    async def locked(self, *keys: uuid.UUID) -> dict[uuid.UUID, Account]:
        rows = await self.session.scalars(
            select(Account).where(Account.id.in_(keys)).order_by(Account.id).with_for_update()
        )
        return {row.id: row for row in rows}

    async def credit(self, key: uuid.UUID, cents: int) -> None:
        await self.session.execute(
            update(Account).where(Account.id == key).values(balance_cents=Account.balance_cents + cents)
        )

    async def debit(self, key: uuid.UUID, cents: int) -> bool:
        result = await self.session.execute(
            update(Account)
            .where(Account.id == key, Account.balance_cents >= cents)
            .values(balance_cents=Account.balance_cents - cents)
        )
        return result.rowcount == 1

    async def logged_in(self, key: uuid.UUID) -> None:
        await self.session.execute(update(Account).where(Account.id == key).values(logins=Account.logins + 1))


class Lots(Repository[Lot]):
    model = Lot

    async def get_locked(self, key: uuid.UUID) -> Lot | None:
        return await self.session.get(Lot, key, with_for_update=True)

    async def due(self) -> Sequence[uuid.UUID]:
        from sqlalchemy import func

        rows = await self.session.scalars(select(Lot.id).where(Lot.state == "open", Lot.closes_at < func.now()))
        return rows.all()

    async def close(self, key: uuid.UUID) -> bool:
        result = await self.session.execute(
            update(Lot).where(Lot.id == key, Lot.state == "open").values(state="closed")
        )
        return result.rowcount == 1


class Bids(Repository[Bid]):
    model = Bid


class Watchers(Repository[Watcher]):
    model = Watcher

    async def watch(self, lot_id: uuid.UUID, account_id: uuid.UUID) -> None:
        statement = insert(Watcher).values(id=uuid.uuid4(), lot_id=lot_id, account_id=account_id)
        await self.session.execute(statement.on_conflict_do_nothing(constraint="uq_watchers_lot_account"))


class Deposits(Repository[Deposit]):
    model = Deposit

    async def first_time(self, provider_id: str, account_id: uuid.UUID, cents: int) -> bool:
        made = await self.session.scalar(
            insert(Deposit)
            .values(id=uuid.uuid4(), provider_id=provider_id, account_id=account_id, cents=cents)
            .on_conflict_do_nothing(index_elements=[Deposit.provider_id])
            .returning(Deposit.id)
        )
        return made is not None


class Shipments(Repository[Shipment]):
    model = Shipment

    async def moved(self, tracking: str, status: str, at) -> None:
        await self.session.execute(
            update(Shipment)
            .where(Shipment.tracking == tracking, Shipment.status_at < at)
            .values(status=status, status_at=at)
        )
