'use strict';

const BaseModel = require('./base');

class Favourite extends BaseModel {
  static get tableName() {
    return 'favourites';
  }
}

module.exports = Favourite;
