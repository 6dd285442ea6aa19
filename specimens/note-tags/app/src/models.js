'use strict';

const { DataTypes, Sequelize } = require('sequelize');

const sequelize = new Sequelize(process.env.PG_URL, {
  dialect: 'postgres',
  logging: false,
  pool: { max: 6 },
});

const Note = sequelize.define(
  'Note',
  {
    observer: { type: DataTypes.STRING(80), allowNull: false },
    body: { type: DataTypes.TEXT, allowNull: false },
  },
  { tableName: 'notes', updatedAt: false },
);

const Tag = sequelize.define(
  'Tag',
  { label: { type: DataTypes.STRING(80), allowNull: false } },
  { tableName: 'tags', timestamps: false },
);

const through = { through: 'note_tags', timestamps: false };
Note.belongsToMany(Tag, { ...through, as: 'tags', foreignKey: 'noteId', otherKey: 'tagId' });
Tag.belongsToMany(Note, { ...through, as: 'notes', foreignKey: 'tagId', otherKey: 'noteId' });

module.exports = { sequelize, Note, Tag };
