const Queue = require('bull');

module.exports = Queue('letters', Number(process.env.REDIS_PORT), process.env.REDIS_HOST);
