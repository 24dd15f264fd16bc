import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What stands for the network that an SMS of an enrolment was asked for from. */
export class MessageSources0000000000014 implements MigrationInterface {
  readonly name = 'MessageSources0000000000014';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE messages ADD COLUMN source text`);
  }

  async down(): Promise<void> {
    throw new Error('Migrations go forward only; restore a backup to go back.');
  }
}
