import { randomUUID } from 'node:crypto';
import { and, eq, gt, sql } from 'drizzle-orm';
import { NextResponse } from 'next/server';
import { crossings, passengers, tickets } from '@/lib/schema';
import { db, mails } from '@/lib/stores';

export async function POST(request: Request) {
  const { crossingId, passengerId } = await request.json();
  const ticket = await db.transaction(async (tx) => {
    const taken = await tx
      .update(crossings)
      .set({ places: sql`${crossings.places} - 1` })
      .where(and(eq(crossings.id, crossingId), gt(crossings.places, 0)))
      .returning({ id: crossings.id });
    if (taken.length === 0) return null;
    const [made] = await tx
      .insert(tickets)
      .values({ crossingId, passengerId, code: randomUUID() })
      .onConflictDoNothing()
      .returning();
    if (!made) tx.rollback();
    return made;
  });
  if (!ticket) return NextResponse.json({ error: 'full' }, { status: 409 });
  await mails.createJob({ ticket: ticket.id }).setId(`ticket-${ticket.id}`).save();
  return NextResponse.json(ticket, { status: 201 });
}

export async function PATCH(request: Request) {
  const { passengerId, points } = await request.json();
  const left = await db.transaction(async (tx) => {
    const [passenger] = await tx.select().from(passengers).where(eq(passengers.id, passengerId)).for('update');
    if (!passenger || passenger.points < points) return null;
    await tx.update(passengers).set({ points: passenger.points - points }).where(eq(passengers.id, passengerId));
    return passenger.points - points;
  });
  return left === null ? NextResponse.json({}, { status: 402 }) : NextResponse.json({ left });
}
