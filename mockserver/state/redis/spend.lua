-- Books the tokens of an answer. ARGV: world, model, id, tokens, the time ('' for that of here), seconds to live.
local p, world, model = KEYS[1], ARGV[1], ARGV[2]
local function meter(what) return p .. ':meter:' .. what .. ':' .. world .. ':' .. model end
if redis.call('SISMEMBER', p .. ':models:' .. world, model) == 0 then return 0 end
local clock = redis.call('TIME')
local now = ARGV[5] == '' and tonumber(clock[1]) + tonumber(clock[2]) / 1000000 or tonumber(ARGV[5])
local latest = tonumber(redis.call('HGET', meter('m'), 'latest') or '0')
if latest > now then now = latest end
local stamp = string.format('%.17g', now)
redis.call('HSET', meter('m'), 'latest', stamp)
redis.call('HINCRBY', meter('m'), 'tokens', ARGV[4])
redis.call('ZADD', meter('t'), stamp, ARGV[4] .. ':' .. ARGV[3])
redis.call('EXPIRE', meter('m'), ARGV[6])
redis.call('EXPIRE', meter('t'), ARGV[6])
return 1
