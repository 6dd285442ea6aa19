'use strict';

const { Model, snakeCaseMappers } = require('objection');
require('../db');

class BaseModel extends Model {
  static get columnNameMappers() {
    return snakeCaseMappers();
  }

  static get modelPaths() {
    return [__dirname];
  }
}

module.exports = BaseModel;
