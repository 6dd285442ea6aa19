'use strict';

const queue = require('./queue');
const store = require('./store');

queue.work((holder) => store.insert(holder)).then(() => console.log('printer ready'));
