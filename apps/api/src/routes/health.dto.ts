/** States of the dependencies. */
export class HealthChecksDto {
  /** PostgreSQL. */
  database!: 'ok' | 'unavailable';
  /** Redis, or the in-process store. */
  ephemeralStore!: 'ok' | 'unavailable';
  /** Only where the database was restored from a backup: webhooks and notices wait for `after-restore`. */
  relay?: 'held';
}

/** State of the service. */
export class HealthDto {
  status!: 'ok' | 'unavailable';
  checks!: HealthChecksDto;
  /** What an operator should look at, though requests are served. */
  notes?: string[];
}

/** Proof of life. */
export class LivenessDto {
  status!: 'ok';
}
