import { settings } from '@meterhub/shared';
import { buildApp } from './app';

async function main(): Promise<void> {
  const app = buildApp();
  await app.listen({ port: settings.port, host: settings.host });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void app.close().then(() => process.exit(0));
    });
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
