import type { Job } from 'pg-boss';
import { request } from 'undici';
import type { PrismaClient } from '../generated/prisma/client.js';

const CENTS_PER_KILOWATT_HOUR = 42;

export function bill(prisma: PrismaClient) {
  return async ([job]: Job<{ sessionId: string }>[]) => {
    const { sessionId } = job.data;
    const session = await prisma.session.findUniqueOrThrow({ where: { id: sessionId }, include: { driver: true } });
    const cents = Math.ceil((session.wattHours / 1000) * CENTS_PER_KILOWATT_HOUR);
    await prisma.$transaction(async (tx) => {
      const claimed = await tx.session.updateMany({ where: { id: sessionId, billed: false }, data: { billed: true } });
      if (claimed.count === 1) {
        await tx.driver.update({ where: { id: session.driverId }, data: { creditCents: { decrement: cents } } });
      }
    });
    const answer = await request(`${process.env.INVOICE_URL}/invoices`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': sessionId },
      body: JSON.stringify({ phone: session.driver.phone, cents }),
    });
    if (answer.statusCode >= 400) throw new Error(`invoice service answered ${answer.statusCode}`);
  };
}
