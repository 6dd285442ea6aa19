'use strict';

const { DataTypes } = require('sequelize');

module.exports = (sequelize) => {
  const OrderNote = sequelize.define('OrderNote', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    orderId: { type: DataTypes.INTEGER, allowNull: false },
    author: { type: DataTypes.STRING(64), allowNull: false },
    body: { type: DataTypes.TEXT, allowNull: false },
  }, { tableName: 'order_notes' });

  OrderNote.associate = ({ Order }) => {
    OrderNote.belongsTo(Order, { as: 'order', foreignKey: 'orderId' });
  };

  return OrderNote;
};
