import { Prisma } from '@prisma/client';

/** Whether the database has refused a second row. */
export function isTwice(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
