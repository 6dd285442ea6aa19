from datetime import datetime

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Member(Base):
    __tablename__ = "members"

    number: Mapped[str] = mapped_column(primary_key=True)
    tier: Mapped[str] = mapped_column(default="blue")
    balance: Mapped[int] = mapped_column(default=0)
    joined_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Posting(Base):
    """A line of a member's statement."""

    __tablename__ = "postings"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_number: Mapped[str] = mapped_column(ForeignKey("members.number"), index=True)
    miles: Mapped[int]
    reason: Mapped[str]
    posted_at: Mapped[datetime] = mapped_column(server_default=func.now())
