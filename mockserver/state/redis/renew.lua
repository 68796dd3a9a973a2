-- Renews the leases of a process and the places of its answers, and keeps what all share alive: the owners
-- whose leases ended meanwhile. ARGV: seconds of a lease, seconds to live, owner, then of each place: world,
-- model, id.
local p = KEYS[1]
local clock = redis.call('TIME')
local ends = string.format('%.17g', tonumber(clock[1]) + tonumber(clock[2]) / 1000000 + tonumber(ARGV[1]))
for at = 4, #ARGV, 3 do
  redis.call('ZADD', p .. ':meter:c:' .. ARGV[at] .. ':' .. ARGV[at + 1], 'XX', ends, ARGV[at + 2])
end
local here = string.format('%.17g', tonumber(clock[1]) + tonumber(clock[2]) / 1000000)
redis.call('ZADD', p .. ':owners', ends, ARGV[3])
redis.call('EXPIRE', p .. ':leases:' .. ARGV[3], ARGV[2])
for _, name in ipairs({ 'meta', 'board', 'uses:', 'back:', 'worlds', 'journal', 'calls', 'owners', 'processes' }) do
  redis.call('EXPIRE', p .. ':' .. name, ARGV[2])
end
return redis.call('ZRANGEBYSCORE', p .. ':owners', '-inf', here, 'LIMIT', 0, 16)
