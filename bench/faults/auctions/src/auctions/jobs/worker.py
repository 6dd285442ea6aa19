import httpx
from arq import cron
from arq.connections import RedisSettings

from auctions.jobs.tasks import book_deposit, close_lots, send_statement, settle_lot, tell_watchers
from auctions.settings import settings


async def startup(ctx: dict) -> None:
    ctx["http"] = httpx.AsyncClient(timeout=10)


async def shutdown(ctx: dict) -> None:
    await ctx["http"].aclose()


class WorkerSettings:
    redis_settings = RedisSettings.from_dsn(settings.redis_url)
    functions = [tell_watchers, book_deposit, settle_lot]
    cron_jobs = [cron(close_lots, second=0), cron(send_statement, hour=4, minute=0)]
    on_startup = startup
    on_shutdown = shutdown
    max_tries = 5
    job_timeout = 120
    keep_result = 86400
