from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from miles import settings

engine = create_engine(
    settings.DATABASE_URL.replace("postgresql://", "postgresql+psycopg://", 1),
    pool_size=settings.POOL_SIZE,
)
sessions = sessionmaker(engine, expire_on_commit=False)


def session() -> Iterator[Session]:
    with sessions() as opened:
        yield opened
