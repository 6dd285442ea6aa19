'use strict';

const BaseModel = require('./base');
const Tour = require('./tour');
const Visitor = require('./visitor');

class Ticket extends BaseModel {
  static get tableName() {
    return 'tickets';
  }

  static get relationMappings() {
    return {
      tour: {
        relation: BaseModel.BelongsToOneRelation,
        modelClass: Tour,
        join: { from: 'tickets.tour_id', to: 'tours.id' },
      },
      visitor: {
        relation: BaseModel.BelongsToOneRelation,
        modelClass: Visitor,
        join: { from: 'tickets.visitor_id', to: 'visitors.id' },
      },
    };
  }
}

module.exports = Ticket;
