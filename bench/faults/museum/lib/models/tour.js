'use strict';

const BaseModel = require('./base');

class Tour extends BaseModel {
  static get tableName() {
    return 'tours';
  }

  static get jsonSchema() {
    return {
      type: 'object',
      required: ['name', 'places'],
      properties: {
        name: { type: 'string', minLength: 1 },
        places: { type: 'integer' },
        sold: { type: 'integer' },
        labels: { type: 'object' },
      },
    };
  }
}

module.exports = Tour;
