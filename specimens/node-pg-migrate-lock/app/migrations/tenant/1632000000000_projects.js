exports.up = (pgm) => {
  pgm.createTable('projects', {
    id: 'id',
    title: { type: 'text', notNull: true },
    archived: { type: 'boolean', notNull: true, default: false },
  });
};
