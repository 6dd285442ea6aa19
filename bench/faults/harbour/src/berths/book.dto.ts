import { IsDateString, IsInt, Min } from 'class-validator';

export class BookDto {
  @IsInt()
  skipperId!: number;

  @IsDateString()
  night!: string;

  @IsInt()
  @Min(1)
  metres!: number;
}
