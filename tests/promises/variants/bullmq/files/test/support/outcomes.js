'use strict';

const Emitter = require('node:events');

// What the worker of the tests says about its jobs.
module.exports = new Emitter();
