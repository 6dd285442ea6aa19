'use strict';

module.exports = {
  async up(queryInterface, Sequelize) {
    const orderId = {
      type: Sequelize.INTEGER,
      allowNull: false,
      references: { model: 'orders', key: 'id' },
      onDelete: 'CASCADE',
    };
    const timestamps = {
      created_at: { type: Sequelize.DATE, allowNull: false },
      updated_at: { type: Sequelize.DATE, allowNull: false },
    };

    await queryInterface.createTable('order_items', {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      order_id: orderId,
      sku: { type: Sequelize.STRING(64), allowNull: false },
      quantity: { type: Sequelize.INTEGER, allowNull: false },
      unit_cents: { type: Sequelize.INTEGER, allowNull: false },
      ...timestamps,
    });
    await queryInterface.addIndex('order_items', ['order_id'], { name: 'idx_order_items_order_id' });

    await queryInterface.createTable('payments', {
      id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
      order_id: orderId,
      payment_intent_id: { type: Sequelize.STRING(64), allowNull: false },
      charge_id: { type: Sequelize.STRING(64) },
      method: { type: Sequelize.STRING(32) },
      amount_cents: { type: Sequelize.INTEGER, allowNull: false },
      currency: { type: Sequelize.STRING(3), allowNull: false },
      status: { type: Sequelize.STRING(16), allowNull: false, defaultValue: 'captured' },
      ...timestamps,
    });
    await queryInterface.addIndex('payments', ['order_id'], { name: 'idx_payments_order_id' });
    await queryInterface.addIndex('payments', ['payment_intent_id'], {
      name: 'idx_payments_payment_intent_id',
    });
  },

  async down(queryInterface) {
    await queryInterface.dropTable('payments');
    await queryInterface.dropTable('order_items');
  },
};
