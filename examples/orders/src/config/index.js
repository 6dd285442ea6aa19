'use strict';

const env = process.env;

module.exports = {
  port: Number(env.PORT || 3000),
  logLevel: env.LOG_LEVEL || 'info',
  slowRequestMs: Number(env.SLOW_REQUEST_MS || 150),
  redisUrl: env.REDIS_URL || 'redis://127.0.0.1:6379/0',
  webhookSecret: env.STRIPE_WEBHOOK_SECRET || '',
  paymentApi: {
    base: env.PAYMENT_API_BASE || 'http://127.0.0.1:4010',
    key: env.PAYMENT_API_KEY || '',
    timeoutMs: Number(env.PAYMENT_API_TIMEOUT_MS || 5000),
  },
};
