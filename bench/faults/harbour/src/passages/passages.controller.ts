import { Body, Controller, Headers, HttpCode, Post, UnauthorizedException } from '@nestjs/common';
import { JobsService } from '../jobs/jobs.service';

@Controller('hooks/passages')
export class PassagesController {
  constructor(private readonly jobs: JobsService) {}

  @Post()
  @HttpCode(202)
  async passed(
    @Headers('x-api-key') key: string,
    @Body() body: { vessel: string; state: string; number: number },
  ) {
    if (key !== process.env.RADAR_KEY) throw new UnauthorizedException();
    await this.jobs.report({ vessel: body.vessel, state: body.state, number: body.number });
  }
}
