import { Injectable, ServiceUnavailableException } from '@nestjs/common';

/** The table of the day is the same for everybody and does not change. */
@Injectable()
export class TidesService {
  async table() {
    const answer = await fetch(`${process.env.TIDES_URL}/today`);
    if (!answer.ok) throw new ServiceUnavailableException();
    return answer.json();
  }
}
