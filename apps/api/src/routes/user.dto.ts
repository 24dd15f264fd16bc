import { IsIn, IsOptional, IsString, MaxLength, Validate } from 'class-validator';
import { UserDto } from './account.dto.js';
import { LanguageTag, EmailAddress, MayBeAbsent, Printable } from './fields.js';

/** What a server says of a user; absent fields stay. */
export class PutUserDto {
  /**
   * Where mail goes that has no other address; `null` clears it. A built-in account's changes only by its owner.
   * @example "jo@example.com"
   */
  @IsOptional()
  @EmailAddress()
  email?: string | null;

  /** `null` clears it. */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  @Validate(Printable)
  displayName?: string | null;

  /** A BCP 47 language tag; `null` clears it. */
  @IsOptional()
  @IsString()
  @LanguageTag()
  locale?: string | null;

  /** A suspended user has no sessions, no trusted devices, and proves nothing. */
  @MayBeAbsent()
  @IsIn(['active', 'suspended'])
  status?: 'active' | 'suspended';
}

/** A page of users. */
export class UserListDto {
  data!: UserDto[];
  /** Asks for the next page; `null` on the last. */
  nextCursor!: string | null;
}
