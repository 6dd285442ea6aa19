module.exports = {
  async up(queryInterface, { DATE, INTEGER, STRING }) {
    await queryInterface.createTable('reservations', {
      id: { type: INTEGER, primaryKey: true, autoIncrement: true },
      room: { type: STRING(60), allowNull: false },
      club: { type: STRING(120), allowNull: false },
      starts_at: { type: DATE, allowNull: false },
      ends_at: { type: DATE, allowNull: false },
      created_at: { type: DATE, allowNull: false },
      updated_at: { type: DATE, allowNull: false },
    });
    await queryInterface.addIndex('reservations', ['room', 'starts_at']);
  },
  async down(queryInterface) {
    await queryInterface.dropTable('reservations');
  },
};
