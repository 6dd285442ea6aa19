const instance = process.env.INSTANCE || 'letters';

function write(level, msg, fields) {
  const line = { time: new Date().toISOString(), level, instance, msg, ...fields };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

module.exports = {
  info: (msg, fields) => write('info', msg, fields),
  warn: (msg, fields) => write('warn', msg, fields),
  error: (msg, fields) => write('error', msg, fields),
};
