import { boss, knex } from './stores.js';

export async function reserve(room, night, guest) {
  const id = await knex.transaction(async (trx) => {
    const [bed] = await trx('beds').where({ room, night }).whereNull('guest').forUpdate();
    if (!bed) return null;
    await trx('beds').where({ id: bed.id }).update({ guest });
    return bed.id;
  });
  if (id !== null) {
    await boss.send('confirm', { id, guest }, { singletonKey: `confirm-${id}-${guest}`, retryLimit: 3 });
  }
  return id;
}
