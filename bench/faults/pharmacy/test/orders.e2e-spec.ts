import { MikroORM } from '@mikro-orm/postgresql';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module';
import { OrdersService } from '../src/orders/orders.service';

describe('orders', () => {
  it('uses a prescription once', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await module.get(MikroORM).schema.refreshDatabase();
    const orders = module.get(OrdersService);
    const results = await Promise.allSettled([orders.place(1, 1, 'P-1', 1), orders.place(1, 1, 'P-1', 1)]);
    expect(results.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
  });
});
