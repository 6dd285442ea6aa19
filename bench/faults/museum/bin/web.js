#!/usr/bin/env node
'use strict';

const app = require('../lib/app');

app.listen(process.env.PORT || 3000);
