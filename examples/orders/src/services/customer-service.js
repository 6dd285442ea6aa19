'use strict';

const { Customer, Order } = require('../models');

/** The customer with this e-mail address; a new one is created, a known one gets the newer name. */
async function register({ email, name }) {
  const [customer] = await Customer.upsert({
    email: email.toLowerCase(),
    name,
  }, { returning: true });
  return customer;
}

async function findByEmail(email) {
  return Customer.findOne({ where: { email: email.toLowerCase() } });
}

async function ordersOf(customer, { limit }) {
  return Order.findAll({
    where: { customerId: customer.id },
    order: [['id', 'DESC']],
    limit,
  });
}

module.exports = { register, findByEmail, ordersOf };
