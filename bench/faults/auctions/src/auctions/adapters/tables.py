from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[str] = mapped_column(String(254))
    balance_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    logins: Mapped[int] = mapped_column(default=0)

    lots: Mapped[list[Lot]] = relationship(back_populates="seller", foreign_keys="Lot.seller_id")

    __table_args__ = (UniqueConstraint("email", name="uq_accounts_email"),)


class Lot(Base):
    __tablename__ = "lots"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    seller_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    title: Mapped[str] = mapped_column(String(120))
    highest_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    highest_bidder_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("accounts.id"))
    bid_count: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(16), default="open")
    closes_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    version_id: Mapped[int] = mapped_column(default=1)

    seller: Mapped[Account] = relationship(back_populates="lots", foreign_keys=[seller_id])
    bids: Mapped[list[Bid]] = relationship(back_populates="lot", order_by="Bid.cents.desc()")
    watchers: Mapped[list[Watcher]] = relationship(back_populates="lot", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version_id}


class Bid(Base):
    __tablename__ = "bids"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lots.id"))
    bidder_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    cents: Mapped[int] = mapped_column(BigInteger)
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    lot: Mapped[Lot] = relationship(back_populates="bids")


class Watcher(Base):
    __tablename__ = "watchers"
    __table_args__ = (UniqueConstraint("lot_id", "account_id", name="uq_watchers_lot_account"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lots.id"))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))

    lot: Mapped[Lot] = relationship(back_populates="watchers")


class Deposit(Base):
    __tablename__ = "deposits"
    __table_args__ = (Index("ix_deposits_provider_id", "provider_id", unique=True),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    provider_id: Mapped[str] = mapped_column(String(80))
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    cents: Mapped[int] = mapped_column(BigInteger)


class Shipment(Base):
    __tablename__ = "shipments"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lots.id"), unique=True)
    tracking: Mapped[str] = mapped_column(String(40), unique=True)
    status: Mapped[str] = mapped_column(String(24), default="announced")
    status_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
