'use strict';

module.exports = {
  async up(queryInterface, Sequelize) {
    await queryInterface.addColumn('orders', 'external_reference', {
      type: Sequelize.STRING(64),
    });
    await queryInterface.sequelize.query(
      "UPDATE orders SET external_reference = 'WEB-' || regexp_replace(payment_intent_id, '^pi_', '')",
    );
    await queryInterface.changeColumn('orders', 'external_reference', {
      type: Sequelize.STRING(64),
      allowNull: false,
    });
    await queryInterface.addConstraint('orders', {
      fields: ['external_reference'],
      type: 'unique',
      name: 'uq_orders_external_reference',
    });
  },

  async down(queryInterface) {
    await queryInterface.removeColumn('orders', 'external_reference');
  },
};
