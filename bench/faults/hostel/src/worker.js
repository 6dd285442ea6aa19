import { boss, knex } from './stores.js';

await boss.start();

await boss.work('confirm', async ([job]) => {
  await fetch(`${process.env.MAIL_URL}/confirm`, {
    method: 'POST',
    headers: { 'Idempotency-Key': `confirm-${job.data.id}-${job.data.guest}` },
    body: JSON.stringify(job.data),
  });
});

await boss.work('receipt', async ([job]) => {
  const { receipt, guest, cents, state, step } = job.data;
  await knex.transaction(async (trx) => {
    const made = await trx('receipts').insert({ receipt }).onConflict('receipt').ignore().returning('receipt');
    if (made.length > 0) {
      await trx('guests').where({ id: guest }).increment('cents', cents);
    }
    await trx('receipts').where({ receipt }).andWhere('step', '<', step).update({ state, step });
  });
});
