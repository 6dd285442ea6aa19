'use strict';

const id = (type) => ({ type, primaryKey: true, autoIncrement: true });
const reference = (type, table) => ({
  type,
  allowNull: false,
  references: { model: table, key: 'id' },
  onDelete: 'CASCADE',
});

module.exports = {
  async up(queryInterface, { DATE, INTEGER, STRING, TEXT }) {
    await queryInterface.createTable('notes', {
      id: id(INTEGER),
      observer: { type: STRING(80), allowNull: false },
      body: { type: TEXT, allowNull: false },
      createdAt: { type: DATE, allowNull: false },
    });
    await queryInterface.createTable('tags', {
      id: id(INTEGER),
      label: { type: STRING(80), allowNull: false },
    });
    await queryInterface.addIndex('tags', ['label'], { name: 'tags_label' });
    await queryInterface.createTable('note_tags', {
      noteId: { ...reference(INTEGER, 'notes'), primaryKey: true },
      tagId: { ...reference(INTEGER, 'tags'), primaryKey: true },
    });
  },
  async down(queryInterface) {
    await queryInterface.dropTable('note_tags');
    await queryInterface.dropTable('tags');
    await queryInterface.dropTable('notes');
  },
};
