import { createHmac, timingSafeEqual } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { notices } from '@/lib/schema';
import { db } from '@/lib/stores';

export async function POST(request: Request) {
  const body = await request.text();
  const wanted = createHmac('sha256', process.env.NOTICE_SECRET!).update(body).digest();
  const given = Buffer.from(request.headers.get('x-signature') ?? '', 'hex');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    return new Response(null, { status: 401 });
  }
  const { id, state, tick } = JSON.parse(body);
  await db
    .insert(notices)
    .values({ noticeId: id, state, tick })
    .onConflictDoUpdate({
      target: notices.noticeId,
      set: { state, tick },
      setWhere: sql`${notices.tick} < ${tick}`,
    });
  return new Response(null, { status: 204 });
}
