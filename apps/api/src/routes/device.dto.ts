/** A browser or phone that the user chose to trust. */
export class DeviceDto {
  /** @example "dev_01jdc0m6bye5ts0kc28f7q9v3m" */
  id!: string;
  /** @example "Laptop" */
  name!: string | null;
  createdAt!: string;
  lastUsedAt!: string | null;
  expiresAt!: string;
  /** @example "203.0.113.7" */
  ip!: string | null;
  userAgent!: string | null;
}

/** A page of devices. */
export class DeviceListDto {
  data!: DeviceDto[];
  /** Asks for the next page; `null` on the last. */
  nextCursor!: string | null;
}
