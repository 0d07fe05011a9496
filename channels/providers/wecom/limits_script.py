"""The one atomic step of the shared limits, run inside Redis.

KEYS: pause, slots (sorted set: call → end of its lease in ms), parallel (hash: allowed, at), and a
bucket for each rule. ARGV: call id, most parallel calls (0 = any), ms per regained parallel call,
lease in ms, then burst and refill per second of each bucket.
Returns verdict, ms to wait, Redis's time in ms, parallel calls allowed now.
"""

ENTER = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local pause = redis.call('PTTL', KEYS[1])
if pause > 0 then return {'paused', pause, now, 0} end

local wait, levels = 0, {}
for i = 4, #KEYS do
  local burst, rate = tonumber(ARGV[2 * i - 3]), tonumber(ARGV[2 * i - 2]) / 1000
  local row = redis.call('HMGET', KEYS[i], 'level', 'at')
  local level = tonumber(row[1]) or burst
  level = math.min(burst, level + math.max(0, now - (tonumber(row[2]) or now)) * rate)
  levels[i] = level
  if level < 1 then wait = math.max(wait, math.ceil((1 - level) / rate)) end
end
if wait > 0 then return {'empty', wait, now, 0} end

local most, allowed = tonumber(ARGV[2]), tonumber(ARGV[2])
if most > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  local lowered = redis.call('HMGET', KEYS[3], 'allowed', 'at')
  if lowered[1] then
    local regained = math.floor(math.max(0, now - lowered[2]) / math.max(1, tonumber(ARGV[3])))
    allowed = math.min(most, lowered[1] + regained)
  end
  if redis.call('ZCARD', KEYS[2]) >= allowed then return {'busy', 20, now, allowed} end
  redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
end
for i = 4, #KEYS do
  local burst, rate = tonumber(ARGV[2 * i - 3]), tonumber(ARGV[2 * i - 2]) / 1000
  redis.call('HSET', KEYS[i], 'level', levels[i] - 1, 'at', now)
  redis.call('PEXPIRE', KEYS[i], math.ceil(burst / rate) + 1000)
end
return {'go', 0, now, allowed}
"""
