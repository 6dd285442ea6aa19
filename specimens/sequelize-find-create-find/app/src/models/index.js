const { DataTypes } = require('sequelize');
const sequelize = require('../database');

const Article = sequelize.define('Article', {
  title: { type: DataTypes.STRING, allowNull: false },
  desk: { type: DataTypes.STRING, allowNull: false },
}, { tableName: 'articles' });

const Tag = sequelize.define('Tag', {
  slug: { type: DataTypes.STRING, allowNull: false, unique: true },
}, { tableName: 'tags' });

const ArticleTag = sequelize.define('ArticleTag', {
  articleId: { type: DataTypes.INTEGER, primaryKey: true },
  tagId: { type: DataTypes.INTEGER, primaryKey: true },
}, { tableName: 'article_tags', timestamps: false });

Article.belongsToMany(Tag, { through: ArticleTag, foreignKey: 'articleId', as: 'tags' });
Tag.belongsToMany(Article, { through: ArticleTag, foreignKey: 'tagId', as: 'articles' });

module.exports = { sequelize, Article, Tag, ArticleTag };
