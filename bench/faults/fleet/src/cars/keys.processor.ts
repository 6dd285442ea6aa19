import { Processor, WorkerHost } from '@nestjs/bullmq';
import axios from 'axios';
import { Job } from 'bullmq';
import { CarsService } from './cars.service';

@Processor('keys')
export class KeysProcessor extends WorkerHost {
  constructor(private readonly service: CarsService) {
    super();
  }

  async process(job: Job<{ rentalId: number }>): Promise<void> {
    const rental = await this.service.find(job.data.rentalId);
    await axios.post(
      `${process.env.TELEMATICS_URL}/unlock`,
      { car: rental.carId },
      { headers: { 'Idempotency-Key': rental.code }, timeout: 5000 },
    );
  }
}
