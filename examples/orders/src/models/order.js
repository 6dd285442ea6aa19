'use strict';

const { DataTypes } = require('sequelize');

module.exports = (sequelize) => {
  const Order = sequelize.define('Order', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    orderNumber: { type: DataTypes.STRING(32), allowNull: false, unique: true },
    externalReference: { type: DataTypes.STRING(64), allowNull: false, unique: true },
    paymentIntentId: { type: DataTypes.STRING(64), allowNull: false },
    customerId: { type: DataTypes.INTEGER, allowNull: false },
    status: { type: DataTypes.STRING(16), allowNull: false, defaultValue: 'paid' },
    totalCents: { type: DataTypes.INTEGER, allowNull: false },
    currency: { type: DataTypes.STRING(3), allowNull: false },
  }, { tableName: 'orders' });

  Order.associate = ({ Customer, OrderItem, OrderNote, Payment }) => {
    Order.belongsTo(Customer, { as: 'customer', foreignKey: 'customerId' });
    Order.hasMany(OrderItem, { as: 'items', foreignKey: 'orderId' });
    Order.hasMany(OrderNote, { as: 'notes', foreignKey: 'orderId' });
    Order.hasMany(Payment, { as: 'payments', foreignKey: 'orderId' });
  };

  return Order;
};
