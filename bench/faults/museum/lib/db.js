'use strict';

const Knex = require('knex');
const { Model } = require('objection');
const settings = require('../knexfile');

const knex = Knex(settings);
Model.knex(knex);

module.exports = knex;
