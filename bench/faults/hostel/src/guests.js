import { knex } from './stores.js';

export async function known(passport) {
  await knex('guests').insert({ passport }).onConflict('passport').ignore();
  return knex('guests').where({ passport }).first();
}

export async function spend(id, cents) {
  const changed = await knex('guests').where({ id }).andWhere('cents', '>=', cents).decrement('cents', cents);
  return changed === 1;
}

export async function arrive(id) {
  await knex('guests').where({ id }).increment('stays', 1);
}

export async function move(from, to, cents) {
  await knex.transaction(async (trx) => {
    await trx('guests').whereIn('id', [from, to]).orderBy('id').forUpdate();
    await trx('guests').where({ id: from }).decrement('cents', cents);
    await trx('guests').where({ id: to }).increment('cents', cents);
  });
}
