import { Foundation0000000000001 } from './0001-foundation.js';
import { Messages0000000000002 } from './0002-messages.js';
import { Relay0000000000003 } from './0003-relay.js';
import { ApiKeys0000000000004 } from './0004-api-keys.js';
import { Webhooks0000000000005 } from './0005-webhooks.js';
import { MailedLinks0000000000006 } from './0006-mailed-links.js';
import { SigningKeys0000000000007 } from './0007-signing-keys.js';
import { RefreshMilestones0000000000008 } from './0008-refresh-milestones.js';
import { UserIndices0000000000009 } from './0009-user-indices.js';
import { WhoseAddress0000000000010 } from './0010-whose-address.js';
import { Erasures0000000000011 } from './0011-erasures.js';
import { FactorIdentities0000000000012 } from './0012-factor-identities.js';
import { MessageSources0000000000014 } from './0014-message-sources.js';
import { DatabaseOrigin0000000000016 } from './0016-database-origin.js';
import { Redeliveries0000000000017 } from './0017-redeliveries.js';
import { UnverifiedAccounts0000000000020 } from './0020-unverified-accounts.js';
import { LoginFailures0000000000021 } from './0021-login-failures.js';

/** Every migration, oldest first. */
export const migrations = [
  Foundation0000000000001,
  Messages0000000000002,
  Relay0000000000003,
  ApiKeys0000000000004,
  Webhooks0000000000005,
  MailedLinks0000000000006,
  SigningKeys0000000000007,
  RefreshMilestones0000000000008,
  UserIndices0000000000009,
  WhoseAddress0000000000010,
  Erasures0000000000011,
  FactorIdentities0000000000012,
  MessageSources0000000000014,
  DatabaseOrigin0000000000016,
  Redeliveries0000000000017,
  UnverifiedAccounts0000000000020,
  LoginFailures0000000000021,
];
