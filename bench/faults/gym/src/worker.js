'use strict';

const { Op, UniqueConstraintError } = require('sequelize');
const { sequelize, Booking, Member, Notice, Subscription } = require('./db');
const { settlements, mails } = require('./queues');
const { withLock } = require('./locks');

async function post(path, body, key) {
  return fetch(`${process.env.PROVIDER_URL}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify(body),
  });
}

settlements.process('settle', async (job) => {
  const { notice } = job.data;
  try {
    await sequelize.transaction(async (transaction) => {
      await Notice.create({ noticeId: notice.id }, { transaction });
      await Member.increment('credits', { by: notice.credits, where: { id: notice.memberId }, transaction });
    });
  } catch (error) {
    if (!(error instanceof UniqueConstraintError)) {
      throw error;
    }
  }
  await Subscription.update(
    { state: notice.state, sequence: notice.sequence },
    { where: { providerRef: notice.subscription, sequence: { [Op.lt]: notice.sequence } } },
  );
});

mails.process('booked', 4, async (job) => {
  const booking = await Booking.findByPk(job.data.bookingId);
  if (booking) {
    await post('/mails', { template: 'booked', to: booking.memberId }, `booked-${booking.id}`);
  }
});

async function nightly() {
  await withLock('nightly', 60_000, async () => {
    await post('/reports', { kind: 'nightly' }, `nightly-${new Date().toISOString().slice(0, 10)}`);
  });
}

setInterval(nightly, 3_600_000);
