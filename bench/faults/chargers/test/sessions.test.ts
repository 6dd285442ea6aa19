import { expect, test } from 'vitest';
import { createClient } from '../src/lib/database.js';
import { start } from '../src/services/sessions.js';

test('a connector is taken by one of two drivers', async () => {
  const prisma = createClient();
  const both = await Promise.all([start(prisma, 1, 1), start(prisma, 1, 2)]);
  expect(both.filter(Boolean)).toHaveLength(1);
});
