from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: str = "postgresql+asyncpg://localhost/auctions"
    redis_url: str = "redis://localhost:6379"
    mail_url: str = "http://mail.internal"
    payout_url: str = "http://payout.internal"
    provider_secret: str = "change me"
    carrier_secret: str = "change me"


settings = Settings()
