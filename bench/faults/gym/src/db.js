'use strict';

const { Sequelize, DataTypes } = require('sequelize');

const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false });

const Member = sequelize.define('Member', {
  email: { type: DataTypes.STRING, allowNull: false, unique: true },
  credits: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
}, { tableName: 'members', underscored: true });

const Lesson = sequelize.define('Lesson', {
  title: DataTypes.STRING,
  capacity: { type: DataTypes.INTEGER, allowNull: false },
}, { tableName: 'lessons', underscored: true });

const Booking = sequelize.define('Booking', {
  memberId: { type: DataTypes.INTEGER, allowNull: false },
  lessonId: { type: DataTypes.INTEGER, allowNull: false },
  reference: { type: DataTypes.STRING, allowNull: false },
}, {
  tableName: 'bookings',
  underscored: true,
  indexes: [
    { unique: true, fields: ['member_id', 'lesson_id'] },
    { unique: true, fields: ['reference'] },
  ],
});

const Notice = sequelize.define('Notice', {
  noticeId: { type: DataTypes.STRING, allowNull: false, unique: true },
}, { tableName: 'notices', underscored: true });

const Subscription = sequelize.define('Subscription', {
  providerRef: { type: DataTypes.STRING, allowNull: false, unique: true },
  memberId: DataTypes.INTEGER,
  state: { type: DataTypes.STRING, allowNull: false },
  sequence: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
}, { tableName: 'subscriptions', underscored: true });

const Instructor = sequelize.define('Instructor', {
  name: DataTypes.STRING,
  onDuty: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
}, { tableName: 'instructors', underscored: true });

const Voucher = sequelize.define('Voucher', {
  code: { type: DataTypes.STRING, allowNull: false, unique: true },
  usesLeft: { type: DataTypes.INTEGER, allowNull: false },
}, { tableName: 'vouchers', underscored: true });

module.exports = { sequelize, Member, Lesson, Booking, Notice, Subscription, Instructor, Voucher };
