const { sequelize, Article, Tag, ArticleTag } = require('./models');

function slugs(tags) {
  const clean = (tags || []).map((tag) => String(tag).trim().toLowerCase()).filter(Boolean);
  return [...new Set(clean)].sort();
}

// An article is never visible without its tags.
async function publish({ title, desk, tags }) {
  return sequelize.transaction(async (transaction) => {
    const article = await Article.create({ title, desk }, { transaction });
    for (const slug of slugs(tags)) {
      const [tag] = await Tag.findCreateFind({ where: { slug }, transaction });
      await ArticleTag.create({ articleId: article.id, tagId: tag.id }, { transaction });
    }
    return article;
  });
}

async function byTag(slug) {
  const tag = await Tag.findOne({
    where: { slug },
    include: [{ model: Article, as: 'articles', attributes: ['id', 'title', 'desk'] }],
  });
  return tag ? tag.articles : [];
}

module.exports = { publish, byTag };
