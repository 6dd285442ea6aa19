'use strict';

const { Note, Tag } = require('./models');

/** Writes a note down and files it under its tags, which are made as they are first used. */
async function write({ observer, body, labels }) {
  const note = await Note.create({ observer, body });
  for (const label of [...new Set(labels.map(normalised))].sort()) {
    const [tag, created] = await Tag.findOrCreate({ where: { label } });
    if (created) console.log(`new tag "${label}" (${tag.id})`);
    await note.addTag(tag);
  }
  return note;
}

async function filedUnder(label) {
  const tag = await Tag.findOne({ where: { label: normalised(label) }, include: 'notes' });
  return tag ? tag.notes : [];
}

function normalised(label) {
  return label.trim().toLowerCase();
}

module.exports = { write, filedUnder };
