'use strict';

module.exports = {
  development: { use_env_variable: 'PG_URL', dialect: 'postgres', logging: false },
};
