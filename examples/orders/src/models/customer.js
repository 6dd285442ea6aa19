'use strict';

const { DataTypes } = require('sequelize');

module.exports = (sequelize) => {
  const Customer = sequelize.define('Customer', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    email: { type: DataTypes.STRING, allowNull: false, unique: true },
    name: { type: DataTypes.STRING },
  }, { tableName: 'customers' });

  Customer.associate = ({ Order }) => {
    Customer.hasMany(Order, { as: 'orders', foreignKey: 'customerId' });
  };

  return Customer;
};
