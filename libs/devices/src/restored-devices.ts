import { Injectable, type OnModuleInit } from '@nestjs/common';
import { emptying, RestoreSteps } from '@countersign/core';

/** Ends trusted devices after a restore: one that was revoked since the backup would be trusted again. */
@Injectable()
export class RestoredDevices implements OnModuleInit {
  constructor(private readonly steps: RestoreSteps) {}

  onModuleInit(): void {
    this.steps.add(emptying('devices', 'trusted devices end', 30));
  }
}
