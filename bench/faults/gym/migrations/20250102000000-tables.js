'use strict';

module.exports = {
  async up(queryInterface, Sequelize) {
    const stamps = {
      created_at: { type: Sequelize.DATE, allowNull: false },
      updated_at: { type: Sequelize.DATE, allowNull: false },
    };
    const id = { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true };
    await queryInterface.createTable('members', {
      id,
      email: { type: Sequelize.STRING, allowNull: false, unique: true },
      credits: { type: Sequelize.INTEGER, allowNull: false, defaultValue: 0 },
      ...stamps,
    });
    await queryInterface.createTable('lessons', {
      id,
      title: Sequelize.STRING,
      capacity: { type: Sequelize.INTEGER, allowNull: false },
      ...stamps,
    });
    await queryInterface.createTable('bookings', {
      id,
      member_id: { type: Sequelize.INTEGER, allowNull: false },
      lesson_id: { type: Sequelize.INTEGER, allowNull: false },
      reference: { type: Sequelize.STRING, allowNull: false },
      ...stamps,
    });
    await queryInterface.addIndex('bookings', ['member_id', 'lesson_id'], { unique: true });
    await queryInterface.addIndex('bookings', ['reference'], { unique: true });
    await queryInterface.createTable('notices', {
      id,
      notice_id: { type: Sequelize.STRING, allowNull: false, unique: true },
      ...stamps,
    });
    await queryInterface.createTable('subscriptions', {
      id,
      provider_ref: { type: Sequelize.STRING, allowNull: false, unique: true },
      member_id: Sequelize.INTEGER,
      state: { type: Sequelize.STRING, allowNull: false },
      sequence: { type: Sequelize.BIGINT, allowNull: false, defaultValue: 0 },
      ...stamps,
    });
    await queryInterface.createTable('instructors', {
      id,
      name: Sequelize.STRING,
      on_duty: { type: Sequelize.BOOLEAN, allowNull: false, defaultValue: true },
      ...stamps,
    });
    await queryInterface.createTable('vouchers', {
      id,
      code: { type: Sequelize.STRING, allowNull: false, unique: true },
      uses_left: { type: Sequelize.INTEGER, allowNull: false },
      ...stamps,
    });
  },

  async down(queryInterface) {
    for (const table of ['vouchers', 'instructors', 'subscriptions', 'notices', 'bookings', 'lessons', 'members']) {
      await queryInterface.dropTable(table);
    }
  },
};
