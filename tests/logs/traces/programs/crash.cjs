const {setTimeout: wait} = require('node:timers/promises');
class StoreError extends Error { constructor(m, o) { super(m, o); this.name = 'StoreError'; } }
async function insert(id) { await wait(1); throw Object.assign(new Error(`duplicate key ${id}`), {code: '23505', detail: 'Key (a)=(1)'}); }
async function save(id) { try { await insert(id); } catch (error) { throw new StoreError(`cannot save ${id}\nsecond line of the message`, {cause: error}); } }
async function main() {
  const kind = process.argv[2];
  if (kind === 'cause') { try { await save(1); } catch (e) { console.error(e); } }
  if (kind === 'aggregate') { try { await Promise.any([insert(1), insert(2)]); } catch (e) { console.error(e); } }
  if (kind === 'crash') { await save(2); }
  if (kind === 'throw') { setTimeout(() => { null.x; }, 1); }
}
main();
