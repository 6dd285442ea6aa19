export const CHECK_INS_QUEUE = 'check-ins';

export class CheckInDto {
  badge: string;
  gate: string;
}
