-- Renews the leases of answers that are still being sent, and keeps what all share alive.
-- ARGV: seconds of a lease, seconds to live, then of each: world, model, id.
local p = KEYS[1]
local clock = redis.call('TIME')
local ends = string.format('%.17g', tonumber(clock[1]) + tonumber(clock[2]) / 1000000 + tonumber(ARGV[1]))
for at = 3, #ARGV, 3 do
  redis.call('ZADD', p .. ':meter:c:' .. ARGV[at] .. ':' .. ARGV[at + 1], 'XX', ends, ARGV[at + 2])
end
for _, name in ipairs({ 'meta', 'board', 'uses:', 'worlds', 'journal', 'calls' }) do
  redis.call('EXPIRE', p .. ':' .. name, ARGV[2])
end
return 1
