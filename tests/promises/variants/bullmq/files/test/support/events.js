'use strict';

const { randomBytes } = require('crypto');
const request = require('supertest');
const createApp = require('../../src/app');
const config = require('../../src/config');
const outcomes = require('./outcomes');
const { sign } = require('../../src/webhooks/stripe-signature');

/** An event that no earlier test run has sent. */
function paymentEvent({ type = 'payment_intent.succeeded', intent = {} } = {}) {
  const unique = randomBytes(8).toString('hex');
  return {
    id: `evt_${unique}`,
    object: 'event',
    type,
    data: {
      object: {
        id: `pi_${unique}`,
        object: 'payment_intent',
        amount: 5480,
        currency: 'eur',
        receipt_email: `customer-${unique}@example.com`,
        metadata: {
          customer_name: 'Ada Winter',
          cart: 'mug-blue:2:1490;tote-large:1:2500',
        },
        ...intent,
      },
    },
  };
}

function deliver(event, { secret = config.webhookSecret } = {}) {
  const body = JSON.stringify(event);
  const timestamp = Math.floor(Date.now() / 1000);
  return request(createApp())
    .post('/webhooks/stripe')
    .set('content-type', 'application/json')
    .set('stripe-signature', `t=${timestamp},v1=${sign(timestamp, body, secret)}`)
    .send(body);
}

/** Resolves when a job of this event has been completed; rejects when an attempt fails. */
function jobOf(event) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      outcomes.off('completed', onCompleted);
      outcomes.off('failed', onFailed);
    };
    const onCompleted = (job, result) => {
      if (job.data.eventId !== event.id) return;
      stop();
      resolve({ job, result });
    };
    const onFailed = (job, err) => {
      if (job.data.eventId !== event.id) return;
      stop();
      reject(err);
    };
    outcomes.on('completed', onCompleted);
    outcomes.on('failed', onFailed);
  });
}

/** Delivers an event and waits until its job is done. */
async function deliverAndProcess(event) {
  const done = jobOf(event);
  const [response, outcome] = await Promise.all([deliver(event), done]);
  return { response, ...outcome };
}

module.exports = { paymentEvent, deliver, deliverAndProcess, jobOf };
