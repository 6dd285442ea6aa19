import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Member } from './member.entity';

@Injectable()
export class MembersService {
  constructor(@InjectRepository(Member) private readonly members: Repository<Member>) {}

  async byBadge(badge: string): Promise<Member> {
    const known = await this.members.findOneBy({ badge });
    if (known) return known;
    return this.members.save(this.members.create({ badge, visits: 0 }));
  }

  async countVisit(member: Member, gate: string): Promise<Member> {
    member.visits += 1;
    member.lastGate = gate;
    return this.members.save(member);
  }
}
