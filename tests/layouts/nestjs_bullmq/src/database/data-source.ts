import 'reflect-metadata';
import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { CheckIn } from '../check-ins/check-in.entity';
import { config } from '../config';
import { Member } from '../members/member.entity';

export const options: DataSourceOptions = {
  type: 'postgres',
  ...config.postgres,
  entities: [Member, CheckIn],
  migrations: [join(__dirname, 'migrations', '*.js')],
};

export default new DataSource(options);
