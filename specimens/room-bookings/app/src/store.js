import { DataTypes, Sequelize } from 'sequelize';

export const sequelize = new Sequelize(process.env.DATABASE_URL, {
  dialect: 'postgres',
  logging: false,
  pool: { max: 8, min: 1 },
});

export const Reservation = sequelize.define(
  'Reservation',
  {
    room: { type: DataTypes.STRING(60), allowNull: false },
    club: { type: DataTypes.STRING(120), allowNull: false },
    startsAt: { type: DataTypes.DATE, allowNull: false },
    endsAt: { type: DataTypes.DATE, allowNull: false },
  },
  { tableName: 'reservations', underscored: true },
);
