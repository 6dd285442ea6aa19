const { build } = require('./app');
const cache = require('./cache');
const { port } = require('./config');
const log = require('./log');

async function main() {
  await cache.connect();
  build().listen(port, () => log.info('wallet listening', { port }));
}

main().catch((error) => {
  log.error(error.stack);
  process.exit(1);
});
