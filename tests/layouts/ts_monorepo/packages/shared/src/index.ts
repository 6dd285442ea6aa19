export { settings } from './settings';
export { pool, inTransaction } from './database';
export { connection, readingsQueue, READINGS_QUEUE } from './queues';
export { parseReading } from './reading';
export type { Reading } from './reading';
