export interface Reading {
  serial: string;
  kwh: number;
  takenAt: string;
}

/** Throws a TypeError that says which field is wrong. */
export function parseReading(body: unknown): Reading {
  if (typeof body !== 'object' || body === null) throw new TypeError('a reading is an object');
  const { serial, kwh, takenAt } = body as Record<string, unknown>;
  if (typeof serial !== 'string' || serial.length < 4) throw new TypeError('serial is missing');
  if (typeof kwh !== 'number' || kwh < 0) throw new TypeError('kwh is not a number');
  return { serial, kwh, takenAt: typeof takenAt === 'string' ? takenAt : new Date().toISOString() };
}
