'use strict';
// Sequelize: models, transactions, raw SQL, more work than connections.
const { Sequelize, DataTypes } = require('sequelize');
const { tag, rounds, version } = require('./tags.cjs');
const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false, pool: { max: 2 } });
const Line = sequelize.define('Line', { value: { type: DataTypes.STRING, unique: true } });

const found = (value) => Line.findOne({ where: { value } }); // line: found

async function work() {
  const line = await Line.create({ value: tag('create') }); // line: create
  await found(tag('found'));
  line.value = tag('save');
  await line.save(); // line: save
  await Line.findOrCreate({ where: { value: tag('find_or_create') } }); // line: find_or_create
  await Line.update({ value: tag('update') }, { where: { id: line.id } }); // line: update
  await Promise.all([
    Line.count({ where: { value: tag('count') } }), // line: count
    Line.bulkCreate([{ value: tag('bulk') }]), // line: bulk
    sequelize.query('SELECT :v::text', { replacements: { v: tag('raw') } }), // line: raw
  ]);
}

async function held() {
  await sequelize.transaction(async (transaction) => {
    await Line.create({ value: tag('in_transaction') }, { transaction }); // line: in_transaction
    const options = { where: { value: tag('locked') }, transaction, lock: true };
    await Line.findOne(options); // line: locked
  });
}

async function main() {
  await Line.sync();
  await Promise.all(Array.from({ length: rounds }, work));
  await Promise.all(Array.from({ length: rounds }, held));
  await sequelize.close();
  version('sequelize');
}

main();
