export interface Settings {
  databaseUrl: string;
  redisUrl: string;
  port: number;
  host: string;
  concurrency: number;
}

export const settings: Settings = {
  databaseUrl: required('DATABASE_URL'),
  redisUrl: required('REDIS_URL'),
  port: Number(process.env.PORT ?? 3000),
  host: process.env.HOST ?? '127.0.0.1',
  concurrency: Number(process.env.WORKER_CONCURRENCY ?? 5),
};

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
