'use strict';

const database = require('./database');

class DiscountError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function findCode(trx, code) {
  const found = await trx('discount_codes').where({ code: code.toUpperCase() }).first();
  if (!found) throw new DiscountError(`no discount code ${code}`, 404);
  if (found.valid_until && new Date(found.valid_until) < new Date()) {
    throw new DiscountError(`${found.code} has expired`, 410);
  }
  return found;
}

async function timesUsed(trx, discount, email) {
  const [{ count }] = await trx('discount_uses')
    .where({ discount_code_id: discount.id, customer_email: email })
    .count();
  return Number(count);
}

/** Takes the discount off a cart and remembers that the customer has had it. */
async function apply({ cartId, email, totalCents, code }) {
  return database.transaction(async (trx) => {
    const discount = await findCode(trx, code);
    if ((await timesUsed(trx, discount, email)) >= discount.uses_per_customer) {
      throw new DiscountError(`${discount.code} was used before`, 409);
    }
    const discountCents = Math.round((totalCents * discount.percent_off) / 100);
    await trx('discount_uses').insert({
      discount_code_id: discount.id,
      customer_email: email,
      cart_id: cartId,
    });
    const [cart] = await trx('carts')
      .insert({
        id: cartId,
        customer_email: email,
        total_cents: totalCents,
        discount_cents: discountCents,
      })
      .onConflict('id')
      .merge({ discount_cents: discountCents, updated_at: trx.fn.now() })
      .returning('*');
    return cart;
  });
}

async function usesOf(email) {
  return database('discount_uses')
    .join('discount_codes', 'discount_codes.id', 'discount_uses.discount_code_id')
    .where({ customer_email: email })
    .select('code', 'cart_id', 'used_at')
    .orderBy('used_at');
}

module.exports = { apply, usesOf, DiscountError };
