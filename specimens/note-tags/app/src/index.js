'use strict';

const Hapi = require('@hapi/hapi');
const { sequelize } = require('./models');
const notebook = require('./notebook');

const server = Hapi.server({ host: '127.0.0.1', port: Number(process.env.PORT || 4000) });

server.route([
  {
    method: 'GET',
    path: '/status',
    handler: async () => {
      await sequelize.query('SELECT 1');
      return { status: 'ok' };
    },
  },
  {
    method: 'POST',
    path: '/notes',
    handler: async (request, h) => {
      const { observer, body, tags } = request.payload;
      const note = await notebook.write({ observer, body, labels: tags || [] });
      return h.response({ id: note.id }).code(201);
    },
  },
  {
    method: 'GET',
    path: '/tags/{label}/notes',
    handler: (request) => notebook.filedUnder(request.params.label),
  },
]);

server.events.on('response', ({ info, method, path, response }) => {
  const tookMs = info.completed - info.received;
  console.log(`${new Date().toISOString()} ${method.toUpperCase()} ${path} ${response.statusCode} ${tookMs}ms`);
});
server.events.on({ name: 'request', channels: 'error' }, (request, event) => {
  console.error(request.path, event.error);
});

server.start().then(() => console.log(`fieldnotes at ${server.info.uri}`));
