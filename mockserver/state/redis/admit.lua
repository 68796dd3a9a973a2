-- Lets a request in that its limits allow: '' or the limit that is reached.
-- ARGV: world, model, id, seconds of its lease, the time ('' for that of here), seconds to live, then the
-- limits, each as name and number, in the order in which they are checked.
local p, world, model, id = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local function meter(what) return p .. ':meter:' .. what .. ':' .. world .. ':' .. model end
local clock = redis.call('TIME')
local here = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local now = ARGV[5] == '' and here or tonumber(ARGV[5])
local latest = tonumber(redis.call('HGET', meter('m'), 'latest') or '0')
if latest > now then now = latest end
local requests, tokens, running = meter('r'), meter('t'), meter('c')
local stamp = string.format('%.17g', now)
redis.call('ZREMRANGEBYSCORE', requests, '-inf', string.format('%.17g', now - 60))
local gone = redis.call('ZRANGEBYSCORE', tokens, '-inf', string.format('%.17g', now - 60))
for _, member in ipairs(gone) do
  redis.call('HINCRBY', meter('m'), 'tokens', string.format('%d', -tonumber(string.match(member, '^(%d+):'))))
  redis.call('ZREM', tokens, member)
end
redis.call('ZREMRANGEBYSCORE', running, '-inf', string.format('%.17g', here))
redis.call('HSET', meter('m'), 'latest', stamp)
redis.call('EXPIRE', meter('m'), ARGV[6])
redis.call('SADD', p .. ':models:' .. world, model)
redis.call('EXPIRE', p .. ':models:' .. world, ARGV[6])
redis.call('ZADD', p .. ':worlds', clock[1], world)
for at = 7, #ARGV, 2 do
  local name, used = ARGV[at], 0
  if name == 'rpm' then used = redis.call('ZCARD', requests)
  elseif name == 'burst' then used = redis.call('ZCOUNT', requests, '(' .. string.format('%.17g', now - 1), '+inf')
  elseif name == 'tpm' then used = tonumber(redis.call('HGET', meter('m'), 'tokens') or '0')
  else used = redis.call('ZCARD', running) end
  if used >= tonumber(ARGV[at + 1]) then return name end
end
redis.call('ZADD', requests, stamp, id)
redis.call('ZADD', running, string.format('%.17g', here + tonumber(ARGV[4])), id)
redis.call('EXPIRE', requests, ARGV[6])
redis.call('EXPIRE', running, ARGV[6])
return ''
