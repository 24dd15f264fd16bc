import { defineSection, duration, list } from '@countersign/core';
import { z } from 'zod';
import { isNetwork, type Network, networkOf, touchesLinkLocal } from './targets/network.js';

/** What webhooks need to know. Times in milliseconds. */
export interface WebhooksConfig {
  /** Pauses between the attempts of a delivery, from the first failure on. */
  readonly retryScheduleMs: readonly number[];
  readonly timeoutMs: number;
  /** Networks that are not public and may be called all the same. */
  readonly allowedNetworks: readonly Network[];
}

const DEFAULT_SCHEDULE = '5s,5m,30m,2h,5h,10h,14h,20h,24h';
const MOST_RETRIES = 30;

function schedule(): z.ZodType<number[], string> {
  return z.string().transform((text, context) => {
    const items = text.split(',').map((item) => duration().safeParse(item.trim()));
    const pauses = items.flatMap(({ success, data }) => (success ? [data] : []));
    if (pauses.length === items.length && items.length <= MOST_RETRIES) return pauses;
    context.addIssue({ code: 'custom', message: `expected a list of durations such as ${DEFAULT_SCHEDULE}` });
    return z.NEVER;
  });
}

function networksFault(items: readonly string[]): string | undefined {
  if (!items.every(isNetwork)) return 'expected networks such as 127.0.0.0/8,10.0.0.0/8';
  return items.some(touchesLinkLocal) ? 'may not hold link-local addresses' : undefined;
}

const variables = {
  WEBHOOK_RETRY_SCHEDULE: schedule()
    .prefault(DEFAULT_SCHEDULE)
    .describe('pauses between the attempts of a webhook delivery'),
  WEBHOOK_TIMEOUT: duration().prefault('15s').describe('how long a webhook receiver may take'),
  WEBHOOK_ALLOW_PRIVATE_NETWORKS: list()
    .superRefine((items, context) => {
      const message = networksFault(items);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .prefault('')
    .describe('networks that webhooks may call although they are not public; never link-local'),
};

/** The webhooks' part of the configuration. */
export const webhooksSection = defineSection<'webhooks', typeof variables, WebhooksConfig>({
  name: 'webhooks',
  variables,
  secrets: [],
  read: (values) => ({
    retryScheduleMs: values.WEBHOOK_RETRY_SCHEDULE,
    timeoutMs: values.WEBHOOK_TIMEOUT,
    allowedNetworks: values.WEBHOOK_ALLOW_PRIVATE_NETWORKS.map(networkOf),
  }),
});
