'use strict';

const { DataTypes } = require('sequelize');

module.exports = (sequelize) => {
  const OrderItem = sequelize.define('OrderItem', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    orderId: { type: DataTypes.INTEGER, allowNull: false },
    sku: { type: DataTypes.STRING(64), allowNull: false },
    quantity: { type: DataTypes.INTEGER, allowNull: false },
    unitCents: { type: DataTypes.INTEGER, allowNull: false },
  }, { tableName: 'order_items' });

  OrderItem.associate = ({ Order }) => {
    OrderItem.belongsTo(Order, { as: 'order', foreignKey: 'orderId' });
  };

  return OrderItem;
};
