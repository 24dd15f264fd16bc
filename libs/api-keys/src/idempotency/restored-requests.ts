import { Injectable, type OnModuleInit } from '@nestjs/common';
import { emptying, RestoreSteps } from '@countersign/core';

/** Forgets kept answers after a restore: what they tell of may not be in the database any more. */
@Injectable()
export class RestoredRequests implements OnModuleInit {
  constructor(private readonly steps: RestoreSteps) {}

  onModuleInit(): void {
    this.steps.add(emptying('idempotent_requests', 'answers kept for an Idempotency-Key are forgotten', 50));
  }
}
