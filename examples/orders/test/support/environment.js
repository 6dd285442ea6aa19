'use strict';

// Loaded before anything of the application, which reads these once.
const env = process.env;

env.NODE_ENV = env.NODE_ENV || 'test';
env.LOG_LEVEL = env.LOG_LEVEL || 'silent';
env.DATABASE_URL = env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/orders_test';
env.STRIPE_WEBHOOK_SECRET = env.STRIPE_WEBHOOK_SECRET || 'whsec_test';
