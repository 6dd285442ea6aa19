'use strict';

module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.createTable('orders', {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      order_number: { type: Sequelize.STRING(32), allowNull: false },
      payment_intent_id: { type: Sequelize.STRING(64), allowNull: false },
      customer_id: {
        type: Sequelize.INTEGER,
        allowNull: false,
        references: { model: 'customers', key: 'id' },
      },
      status: { type: Sequelize.STRING(16), allowNull: false, defaultValue: 'paid' },
      total_cents: { type: Sequelize.INTEGER, allowNull: false },
      currency: { type: Sequelize.STRING(3), allowNull: false },
      created_at: { type: Sequelize.DATE, allowNull: false },
      updated_at: { type: Sequelize.DATE, allowNull: false },
    });
    await queryInterface.addConstraint('orders', {
      fields: ['order_number'],
      type: 'unique',
      name: 'uq_orders_order_number',
    });
    await queryInterface.addIndex('orders', ['payment_intent_id'], {
      name: 'idx_orders_payment_intent_id',
    });
    await queryInterface.addIndex('orders', ['customer_id'], {
      name: 'idx_orders_customer_id',
    });
  },

  async down(queryInterface) {
    await queryInterface.dropTable('orders');
  },
};
