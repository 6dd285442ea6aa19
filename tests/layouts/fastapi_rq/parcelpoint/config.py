import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    database_url: str
    redis_url: str
    log_level: str


settings = Settings(
    database_url=os.environ["DATABASE_URL"],
    redis_url=os.getenv("REDIS_URL", "redis://localhost:6379/0"),
    log_level=os.getenv("LOG_LEVEL", "INFO"),
)
