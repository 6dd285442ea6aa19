'use strict';

const BaseModel = require('./base');

class Visitor extends BaseModel {
  static get tableName() {
    return 'visitors';
  }

  static get relationMappings() {
    return {
      favourites: {
        relation: BaseModel.HasManyRelation,
        modelClass: 'favourite',
        join: { from: 'visitors.id', to: 'favourites.visitor_id' },
      },
    };
  }
}

module.exports = Visitor;
