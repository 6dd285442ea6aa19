'use strict';

const BaseModel = require('./base');

class Donation extends BaseModel {
  static get tableName() {
    return 'donations';
  }
}

module.exports = Donation;
