const { createRequire } = require('node:module');
const { join } = require('node:path');

// npm links this folder into bench/node_modules, from where `require('pg')` would find itself again.
module.exports = createRequire(join(__dirname, '../../../package.json'))('pg');
