'use strict';

const { DataTypes } = require('sequelize');

module.exports = (sequelize) => {
  const Payment = sequelize.define('Payment', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    orderId: { type: DataTypes.INTEGER, allowNull: false },
    paymentIntentId: { type: DataTypes.STRING(64), allowNull: false },
    chargeId: { type: DataTypes.STRING(64) },
    method: { type: DataTypes.STRING(32) },
    amountCents: { type: DataTypes.INTEGER, allowNull: false },
    currency: { type: DataTypes.STRING(3), allowNull: false },
    status: { type: DataTypes.STRING(16), allowNull: false, defaultValue: 'captured' },
  }, { tableName: 'payments' });

  Payment.associate = ({ Order }) => {
    Payment.belongsTo(Order, { as: 'order', foreignKey: 'orderId' });
  };

  return Payment;
};
