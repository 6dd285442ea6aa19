from contextlib import asynccontextmanager

from arq import create_pool
from arq.connections import RedisSettings
from fastapi import FastAPI

from auctions.api import accounts, hooks, lots
from auctions.settings import settings


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.jobs = await create_pool(RedisSettings.from_dsn(settings.redis_url))
    yield
    await app.state.jobs.aclose()


app = FastAPI(title="auctions", lifespan=lifespan)
app.include_router(lots.router)
app.include_router(accounts.router)
app.include_router(hooks.router)
