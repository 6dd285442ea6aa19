exports.up = (pgm) => {
  pgm.createTable('members', {
    mail: { type: 'text', primaryKey: true },
    role: { type: 'text', notNull: true, default: 'member' },
  });
};
