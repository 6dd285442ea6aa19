'use strict';
const { Sequelize, DataTypes } = require('sequelize');

const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false, pool: { max: 2 } });
const Item = sequelize.define('Item', { ref: { type: DataTypes.STRING, unique: true } });

function find(ref) {
  return Item.findOne({ where: { ref } }); // line: find
}

async function create(ref) {
  const existing = await find(ref);
  return existing || (await Item.create({ ref })); // line: create
}

async function transfer() {
  await sequelize.transaction(async (transaction) => { // line: commit
    await Item.update({ ref: 'c' }, { where: { ref: 'a' }, transaction }); // line: update
  });
}

async function main() {
  await Item.sync(); // line: sync
  await create('a');
  await Item.findOrCreate({ where: { ref: 'b' } }); // line: findOrCreate
  await transfer();
  await sequelize.close();
}

main().then(() => process.exit(0));
