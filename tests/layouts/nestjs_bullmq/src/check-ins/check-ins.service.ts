import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { MembersService } from '../members/members.service';
import { CheckInDto } from './check-in.dto';
import { CheckIn } from './check-in.entity';

@Injectable()
export class CheckInsService {
  constructor(
    @InjectRepository(CheckIn) private readonly checkIns: Repository<CheckIn>,
    private readonly members: MembersService,
  ) {}

  async enter({ badge, gate }: CheckInDto): Promise<number> {
    const member = await this.members.byBadge(badge);
    await this.checkIns.insert({ member, gate });
    const counted = await this.members.countVisit(member, gate);
    return counted.visits;
  }
}
