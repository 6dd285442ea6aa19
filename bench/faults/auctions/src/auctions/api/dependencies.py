from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Annotated

from arq.connections import ArqRedis
from fastapi import Depends, Header, HTTPException, Request
from sqlalchemy.ext.asyncio import AsyncSession

from auctions.adapters.database import session_factory
from auctions.adapters.unit_of_work import UnitOfWork
from auctions.settings import settings


async def session() -> AsyncIterator[AsyncSession]:
    async with session_factory() as opened:
        yield opened


def work() -> UnitOfWork:
    return UnitOfWork()


def jobs(request: Request) -> ArqRedis:
    return request.app.state.jobs


async def signed(request: Request, x_signature: Annotated[str, Header()]) -> bytes:
    body = await request.body()
    wanted = hmac.new(settings.provider_secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, x_signature):
        raise HTTPException(400, "signature")
    return body


Session = Annotated[AsyncSession, Depends(session)]
Work = Annotated[UnitOfWork, Depends(work)]
Jobs = Annotated[ArqRedis, Depends(jobs)]
Signed = Annotated[bytes, Depends(signed)]
