'use strict';

const { randomUUID } = require('crypto');
const pinoHttp = require('pino-http');
const config = require('../config');
const logger = require('../config/logger');

module.exports = pinoHttp({
  logger,
  quietReqLogger: true,
  customAttributeKeys: { reqId: 'reqId', responseTime: 'durationMs' },
  genReqId: (req) => req.headers['x-request-id'] || randomUUID(),
  serializers: {
    req: (req) => ({ method: req.method, url: req.url }),
    res: (res) => ({ statusCode: res.statusCode }),
  },
  autoLogging: { ignore: (req) => req.url === '/health' },
  customLogLevel: (req, res, err) => {
    if (err || res.statusCode >= 500) return 'error';
    if (res.statusCode >= 400) return 'warn';
    return 'info';
  },
  customSuccessMessage: (req, res, durationMs) => (
    durationMs > config.slowRequestMs ? 'slow request' : 'request completed'
  ),
});
