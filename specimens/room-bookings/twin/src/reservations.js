import { Op, Transaction } from 'sequelize';
import { Reservation, sequelize } from './store.js';

const HOURS_MAX = 6;
const ATTEMPTS = 5;

export class Taken extends Error {}

/** Reserves a room, if nobody has it at that time; the whole is one transaction. */
export async function reserve({ room, club, startsAt, endsAt }) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await reserveOnce({ room, club, startsAt, endsAt });
    } catch (error) {
      if (error.original?.code !== '40001' || attempt === ATTEMPTS) throw error;
    }
  }
}

async function reserveOnce({ room, club, startsAt, endsAt }) {
  const isolationLevel = Transaction.ISOLATION_LEVELS.SERIALIZABLE;
  return sequelize.transaction({ isolationLevel }, async (transaction) => {
    const others = await overlapping({ room, startsAt, endsAt, transaction });
    if (others.length > 0) {
      throw new Taken(`${room} is taken by ${others[0].club} until ${others[0].endsAt.toISOString()}`);
    }
    return Reservation.create({ room, club, startsAt, endsAt }, { transaction });
  });
}

export async function overlapping({ room, startsAt, endsAt, transaction }) {
  return Reservation.findAll({
    where: { room, startsAt: { [Op.lt]: endsAt }, endsAt: { [Op.gt]: startsAt } },
    order: ['startsAt'],
    transaction,
  });
}

export function tooLong(startsAt, endsAt) {
  return endsAt - startsAt > HOURS_MAX * 3_600_000;
}
