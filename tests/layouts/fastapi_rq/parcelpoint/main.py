import logging

from fastapi import FastAPI

from parcelpoint.config import settings
from parcelpoint.routers import parcels, scans

logging.basicConfig(level=settings.log_level)

app = FastAPI(title="parcelpoint")
app.include_router(scans.router, prefix="/scans", tags=["scans"])
app.include_router(parcels.router, prefix="/parcels", tags=["parcels"])


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
