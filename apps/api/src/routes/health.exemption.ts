import type { CanActivate } from '@nestjs/common';
import { HealthController } from './health.controller.js';

/**
 * A guard that lets requests for the service's health pass unasked: the guards ask the database whose request it is,
 * and health must be told above all while the database is away.
 */
export function exceptHealth(guard: CanActivate): CanActivate {
  return {
    canActivate: (context) => context.getClass<unknown>() === HealthController || guard.canActivate(context),
  };
}
