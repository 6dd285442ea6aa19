"""Creates the tables that are missing."""

from miles.database import engine
from miles.models import Base

Base.metadata.create_all(engine)
