const database = require('./database');
const logger = require('./logger');

const worker = process.env.INSTANCE || 'worker';

// The print shop takes its fee for each letter that it is handed, also for one that it rejects.
async function print({ jobId, data }) {
  const { rows } = await database.query(
    'INSERT INTO handovers (invoice, recipient, worker) VALUES ($1, $2, $3) RETURNING id',
    [data.invoice, data.to, worker],
  );
  logger.info('letter handed over', { invoice: data.invoice, job: jobId, handover: rows[0].id });
  if (!/\b\d{4,5}\b/.test(data.to)) throw new Error('rejected: the address has no postcode');
}

module.exports = { print };
