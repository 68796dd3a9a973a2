-- Counts one more use of the first of some things that has one left: where it stands, and its uses before.
-- ARGV: seconds to live, then of each: world ('' for all), name, limit (-1 for none).
local p = KEYS[1]
for at = 2, #ARGV, 3 do
  local world, name, limit = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local uses = p .. ':uses:' .. world
  local used = tonumber(redis.call('HGET', uses, name) or '0')
  if limit < 0 or used < limit then
    if used > 0 or redis.call('HLEN', uses) < 20000 then redis.call('HINCRBY', uses, name, 1) end
    redis.call('EXPIRE', uses, ARGV[1])
    if world ~= '' then redis.call('ZADD', p .. ':worlds', redis.call('TIME')[1], world) end
    return { (at - 2) / 3, used }
  end
end
return {}
