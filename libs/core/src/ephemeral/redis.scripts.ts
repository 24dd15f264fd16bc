import { COLLECT_AFTER_MS } from './collection.js';

/*
 * The verbs that need more than one Redis command, each as one Lua script. Times are whole milliseconds of the
 * caller's clock, never Redis' own; PX and PEXPIRE only collect.
 *
 * A bucket is a string `count:end`, a record a hash of `v` (value), `g` (guard) and `e` (end).
 */

const COMMON = `
local COLLECT_AFTER = ${COLLECT_AFTER_MS}
local function read_bucket(key)
  local stored = redis.call('GET', key)
  if not stored then return 0, 0 end
  local count, ends = string.match(stored, '^(%d+):(-?%d+)$')
  return tonumber(count), tonumber(ends)
end
local function write_bucket(key, count, ends, now)
  local lives = math.max(1, ends - now + COLLECT_AFTER)
  redis.call('SET', key, string.format('%.0f:%.0f', count, ends), 'PX', string.format('%.0f', lives))
end
`;

/*
 * Appends to `reply`: the 1-based place of the first exhausted bucket or 0, then what remains and when the window
 * ends for each. Buckets are KEYS from `first` on, ARGV from `arg` on their limits and windows. Every read stands
 * before the first write, so that a key of the wrong type changes nothing.
 */
const TAKE = `
local function take(reply, now, first, arg)
  local drafts, buckets = {}, {}
  for k = first, #KEYS do
    local key = KEYS[k]
    local limit, window = tonumber(ARGV[arg]), tonumber(ARGV[arg + 1])
    arg = arg + 2
    local draft = drafts[key]
    if not draft then
      local count, ends = read_bucket(key)
      draft = { count = count, ends = ends, taken = 0 }
      drafts[key] = draft
    end
    if draft.ends <= now then
      draft.count, draft.ends, draft.fresh = 0, now + window, true
    elseif draft.ends - now > window then
      draft.ends, draft.cut = now + window, true
    end
    buckets[#buckets + 1] = { limit = limit, draft = draft }
  end
  local exhausted = 0
  for i, bucket in ipairs(buckets) do
    bucket.draft.taken = bucket.draft.taken + 1
    if bucket.draft.count + bucket.draft.taken > bucket.limit then
      exhausted = i
      break
    end
  end
  for key, draft in pairs(drafts) do
    if exhausted > 0 then draft.taken = 0 end
    if exhausted == 0 or (draft.cut and not draft.fresh) then
      write_bucket(key, draft.count + draft.taken, draft.ends, now)
    end
  end
  reply[#reply + 1] = exhausted
  for _, bucket in ipairs(buckets) do
    local draft = bucket.draft
    reply[#reply + 1] = math.max(0, bucket.limit - draft.count - draft.taken)
    if draft.fresh and draft.taken == 0 and bucket.limit > 0 then
      reply[#reply + 1] = 0
    else
      reply[#reply + 1] = draft.ends - now
    end
  end
  return reply
end
`;

/** KEYS: the buckets. ARGV: now, then limit and window of each. */
export const TAKE_SCRIPT = `${COMMON}${TAKE}
return take({}, tonumber(ARGV[1]), 1, 2)
`;

/** KEYS: the record, then the buckets. ARGV: now, the guard, then limit and window of each bucket. */
export const CLAIM_SCRIPT = `${COMMON}${TAKE}
local now = tonumber(ARGV[1])
local record = redis.call('HMGET', KEYS[1], 'v', 'g', 'e')
if not record[1] then return { 'absent' } end
local ends = tonumber(record[3])
if now >= ends + COLLECT_AFTER then return { 'absent' } end
if record[2] ~= ARGV[2] then return { 'foreign' } end
if ends <= now then return { 'expired', record[1] } end
return take({ 'open', record[1] }, now, 2, 3)
`;

/** KEYS: the buckets. ARGV: now, then limit and window of each. Answers as TAKE does and writes nothing. */
export const PEEK_SCRIPT = `${COMMON}
local now = tonumber(ARGV[1])
local reply = { 0 }
for i, key in ipairs(KEYS) do
  local count, ends = read_bucket(key)
  local limit, window = tonumber(ARGV[i * 2]), tonumber(ARGV[i * 2 + 1])
  if ends <= now then
    reply[#reply + 1] = limit
    reply[#reply + 1] = limit > 0 and 0 or window
  else
    reply[#reply + 1] = math.max(0, limit - count)
    reply[#reply + 1] = math.min(ends - now, window)
  end
end
return reply
`;

/** KEYS: the buckets. ARGV: now, then the window of each. */
export const GIVE_BACK_SCRIPT = `${COMMON}
local now = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  local count, ends = read_bucket(key)
  if ends > now and count > 0 then
    write_bucket(key, count - 1, math.min(ends, now + tonumber(ARGV[i + 1])), now)
  end
end
return 0
`;

/** KEYS: the record. ARGV: value, guard, end, milliseconds until it is collected. */
export const PUT_SCRIPT = `
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'g', ARGV[2], 'e', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 0
`;
