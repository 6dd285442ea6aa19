'use strict';
// Names the line that an operation comes from inside the operation itself.
let number = 0;
exports.tag = (name) => `@${name}-${(number += 1)}@`;
exports.rounds = Number(process.argv[2]);
exports.version = (name) => console.log(require(`${name}/package.json`).version);
