from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from coursedesk.settings import DATABASE_URL

engine = create_engine(DATABASE_URL, pool_size=5)
new_session = sessionmaker(engine, expire_on_commit=False)


def get_session() -> Iterator[Session]:
    """One transaction for each request: committed if the handler returns."""
    with new_session.begin() as session:
        yield session
