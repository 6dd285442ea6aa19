import logging

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from parcelpoint.config import settings
from parcelpoint.models import Depot, Parcel

log = logging.getLogger(__name__)

# A work-horse lives for one job: nothing to pool.
engine = create_engine(settings.database_url, poolclass=NullPool)


def record_scan(code: str, depot_name: str) -> int:
    """Keeps where a parcel is, and how many parcels a depot has seen."""
    with Session(engine) as session:
        parcel = session.scalar(select(Parcel).where(Parcel.code == code))
        if parcel is None:
            parcel = Parcel(code=code, depot=depot_name)
            session.add(parcel)
            session.flush()
            depot = session.get(Depot, depot_name)
            depot.load = depot.load + 1
        else:
            parcel.depot = depot_name
        session.commit()
        log.info("parcel %s is at %s", code, depot_name)
        return parcel.id
