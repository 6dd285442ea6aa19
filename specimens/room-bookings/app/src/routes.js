import { Taken, overlapping, reserve, tooLong } from './reservations.js';

const body = {
  type: 'object',
  required: ['club', 'startsAt', 'endsAt'],
  properties: {
    club: { type: 'string', minLength: 1 },
    startsAt: { type: 'string', format: 'date-time' },
    endsAt: { type: 'string', format: 'date-time' },
  },
};

export default async function routes(app) {
  app.post('/rooms/:room/reservations', { schema: { body } }, async (request, reply) => {
    const { room } = request.params;
    const startsAt = new Date(request.body.startsAt);
    const endsAt = new Date(request.body.endsAt);
    if (!(startsAt < endsAt) || tooLong(startsAt, endsAt)) {
      return reply.code(422).send({ error: 'that is no time to reserve' });
    }
    try {
      const made = await reserve({ room, club: request.body.club, startsAt, endsAt });
      request.log.info({ room, club: made.club, reservation: made.id }, 'reserved');
      return reply.code(201).send({ id: made.id });
    } catch (error) {
      if (!(error instanceof Taken)) throw error;
      request.log.info({ room, club: request.body.club }, error.message);
      return reply.code(409).send({ error: error.message });
    }
  });

  app.get('/rooms/:room/reservations', async (request) => {
    const day = new Date(`${request.query.day}T00:00:00Z`);
    const endsAt = new Date(day.getTime() + 86_400_000);
    return overlapping({ room: request.params.room, startsAt: day, endsAt });
  });
}
