const number = (name, fallback) => Number(process.env[name] || fallback);

module.exports = {
  port: number('PORT', 8080),
  currency: process.env.CURRENCY || 'EUR',
  database: {
    host: process.env.DB_HOST || 'localhost',
    port: number('DB_PORT', 5432),
    user: process.env.DB_USER,
    password: process.env.DB_PASSWORD,
    database: process.env.DB_NAME,
  },
  redis: {
    host: process.env.REDIS_HOST || 'localhost',
    port: number('REDIS_PORT', 6379),
  },
};
