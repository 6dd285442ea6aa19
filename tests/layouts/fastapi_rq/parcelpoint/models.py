from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Depot(Base):
    __tablename__ = "depots"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    load: Mapped[int] = mapped_column(default=0)


class Parcel(Base):
    __tablename__ = "parcels"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    depot: Mapped[str] = mapped_column(ForeignKey("depots.name"))
