'use strict';
const { DataSource, EntitySchema } = require('typeorm');

const Item = new EntitySchema({
  name: 'Item',
  tableName: 'saved',
  columns: { id: { type: 'int', primary: true, generated: true }, pieces: { type: 'int' } },
});
const source = new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, entities: [Item] });

async function take(items, id) {
  const item = await items.findOneByOrFail({ id }); // line: find
  item.pieces -= 1;
  await items.save(item); // line: save
}

async function main() {
  await source.initialize();
  await source.synchronize();
  const items = source.getRepository(Item);
  const { id } = await items.save({ pieces: 2 }); // line: add
  await take(items, id);
  const counted = items.countBy({ pieces: 1 });
  const sum = items.sum('pieces');
  await Promise.all([counted, sum]);
  await source.destroy();
}

main().then(() => process.exit(0));
