// What Sequelize does on the wire, over node-postgres.
'use strict';

const { Sequelize, DataTypes, QueryTypes } = require('sequelize');
const { URL, LONG_BYTES, show, digest, failed, run } = require('./showing.cjs');

run(async () => {
  const sequelize = new Sequelize(URL, { logging: false, pool: { max: 4 } });
  const Shelf = sequelize.define('shelf', {
    name: { type: DataTypes.STRING, unique: true }, size: DataTypes.INTEGER, facts: DataTypes.JSONB,
  }, { timestamps: false });
  const Book = sequelize.define('book', { title: DataTypes.TEXT }, { timestamps: false });
  Shelf.hasMany(Book);
  Book.belongsTo(Shelf);
  await sequelize.sync();
  await Shelf.bulkCreate(Array.from({ length: 300 }, (_, n) => ({ name: `shelf ${n}`, size: n, facts: { n } })));
  const shelf = await Shelf.findOne({ where: { name: 'shelf 3' } });
  await shelf.createBook({ title: 'one' });
  show('included', await Shelf.findAll({ where: { size: [3, 4] }, include: Book, order: ['id'] }));
  show('created', (await Shelf.findOrCreate({ where: { name: 'shelf 3' } }))[1]);
  show('created', (await Shelf.findOrCreate({ where: { name: 'new' }, defaults: { size: 1 } }))[1]);
  show('upserted', (await Shelf.upsert({ name: 'new', size: 2 }, { conflictFields: ['name'] }))[0].size);
  await Shelf.create({ name: 'new' }).catch((error) => show('unique', [error.name, failed(error.parent)]));
  show('counted', await Shelf.count({ where: { facts: { n: 7 } } }));
  await sequelize.transaction(async (transaction) => {
    const locked = await Shelf.findByPk(5, { lock: true, transaction });
    await locked.update({ size: 1000 }, { transaction });
    throw new Error('given up');
  }).catch((error) => show('rolled back', error.message));
  show('size', (await Shelf.findByPk(5)).size);
  show('replaced', await sequelize.query('SELECT :a::int AS a', { replacements: { a: 1 }, type: QueryTypes.SELECT }));
  show('bound', await sequelize.query('SELECT $1::int AS a', { bind: [1], type: QueryTypes.SELECT }));
  const [long] = await sequelize.query('SELECT repeat($1, $2) AS body', { bind: ['x', LONG_BYTES], type: QueryTypes.SELECT });
  show('long', digest(long.body));
  show('at once', await Promise.all(Array.from({ length: 12 }, (_, n) => Shelf.sum('size', { where: { id: n + 1 } }))));
  show('destroyed', await Shelf.destroy({ where: { name: 'new' } }));
  await sequelize.close();
});
