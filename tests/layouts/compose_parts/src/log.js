const write = (level) => (message, fields = {}) =>
  console.log(JSON.stringify({ at: new Date().toISOString(), level, message, ...fields }));

module.exports = { info: write('info'), error: write('error') };
