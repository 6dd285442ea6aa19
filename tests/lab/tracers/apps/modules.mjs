import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

const url = new URL(process.env.REDIS_URL);

async function main() {
  const client = new Redis(process.env.REDIS_URL);
  await client.set('from-module', '1'); // line: set
  const queue = new Queue('letters', { connection: { host: url.hostname, port: Number(url.port) } });
  await queue.add('letter', { module: 1 }); // line: add
}

main().then(() => process.exit(0));
