'use strict';

/**
 * Checks `req[part]` with one rule per field. A rule gives the cleaned value or
 * throws with a message for the client. The result is put at `req.valid`.
 */
function validate(part, rules) {
  return (req, res, next) => {
    const problems = {};
    const valid = {};
    for (const [field, rule] of Object.entries(rules)) {
      try {
        valid[field] = rule((req[part] || {})[field]);
      } catch (err) {
        problems[field] = err.message;
      }
    }
    if (Object.keys(problems).length > 0) {
      req.log.warn({ problems }, 'validation failed');
      return res.status(400).json({ error: 'validation failed', problems });
    }
    req.valid = valid;
    return next();
  };
}

function text({ max }) {
  return (value) => {
    if (typeof value !== 'string' || value.trim() === '') throw new Error('is required');
    if (value.length > max) throw new Error(`is longer than ${max} characters`);
    return value.trim();
  };
}

function integer({ min, max, fallback }) {
  return (value) => {
    if (value === undefined) return fallback;
    const number = Number(value);
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new Error(`must be a whole number from ${min} to ${max}`);
    }
    return number;
  };
}

function oneOf(choices) {
  return (value) => {
    if (value === undefined || choices.includes(value)) return value;
    throw new Error(`must be one of ${choices.join(', ')}`);
  };
}

module.exports = { validate, text, integer, oneOf };
