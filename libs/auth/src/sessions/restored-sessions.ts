import { Injectable, type OnModuleInit } from '@nestjs/common';
import { emptying, RestoreSteps } from '@countersign/core';

/** Ends sessions and mailed links after a restore: those that ended or were used since the backup are there again. */
@Injectable()
export class RestoredSessions implements OnModuleInit {
  constructor(private readonly steps: RestoreSteps) {}

  onModuleInit(): void {
    this.steps.add(emptying('sessions', 'sessions end', 20));
    this.steps.add(emptying('mailed_links', 'mailed links end', 40));
  }
}
