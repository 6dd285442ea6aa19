from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from parcelpoint.config import settings

engine = create_engine(settings.database_url, pool_size=5, pool_pre_ping=True)
new_session = sessionmaker(engine, expire_on_commit=False)


def get_session() -> Iterator[Session]:
    with new_session() as session:
        yield session
