import { Worker, type Job } from 'bullmq';
import { connection, prisma } from '@app/clients.js';
import { exclusively } from '@app/lock.js';

interface CarrierNews {
  id: string;
  label: string;
  state: string;
  at: string;
  fee: number;
  dealerId: number;
}

async function takeNews(job: Job<CarrierNews>): Promise<void> {
  const { id, label, state, at, fee, dealerId } = job.data;
  await prisma.$transaction(async (tx) => {
    const { count } = await tx.carrierEvent.createMany({ data: [{ eventId: id }], skipDuplicates: true });
    if (count === 0) return;
    await tx.dealer.update({ where: { id: dealerId }, data: { balance: { decrement: fee } } });
    await tx.parcel.updateMany({ where: { label, stateAt: { lt: at } }, data: { state, stateAt: at } });
  });
}

async function printLabel(job: Job<{ parcelId: number }>): Promise<void> {
  const parcel = await prisma.parcel.findUnique({ where: { id: job.data.parcelId } });
  if (!parcel) return;
  const answer = await fetch(`${process.env.PRINTER_URL}/labels`, {
    method: 'POST',
    headers: { 'Idempotency-Key': parcel.label },
    body: JSON.stringify({ label: parcel.label }),
  });
  if (!answer.ok) throw new Error(`printer: ${answer.status}`);
}

async function closeDay(): Promise<void> {
  await exclusively('close-day', 120_000, async () => {
    await fetch(`${process.env.BANK_URL}/close`, {
      method: 'POST',
      headers: { 'Idempotency-Key': new Date().toISOString().slice(0, 10) },
      signal: AbortSignal.timeout(30_000),
    });
  });
}

new Worker('tracking', takeNews, { connection, concurrency: 8 });
new Worker('labels', printLabel, { connection });
setInterval(closeDay, 86_400_000);
