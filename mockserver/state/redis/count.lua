-- Takes the next use of the first of some things that has one left: where it stands, and the use, from 0.
-- What was given back goes first. It is taken under a lease, which says so until the answer is over.
-- ARGV: seconds to live, the owner and the number of the lease, then of each: world ('' for all), name,
-- limit (-1 for none).
local p, life, owner, number = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
if redis.call('SISMEMBER', p .. ':lost:' .. owner, number) == 1 then
  return redis.error_reply('LATE this request was given up')
end

-- The next use of a thing that has one left; a number of the change before which its counting began.
local function take(world, name, limit)
  local uses, back = p .. ':uses:' .. world, p .. ':back:' .. world
  local left, use = redis.call('HGET', back, name), nil
  left = left and cmsgpack.unpack(left)
  if left and (limit < 0 or left[1] < limit) then
    use = table.remove(left, 1)
    if #left > 0 then redis.call('HSET', back, name, cmsgpack.pack(left)) else redis.call('HDEL', back, name) end
  else
    use = tonumber(redis.call('HGET', uses, name) or '0')
    if limit >= 0 and use >= limit then return nil end
    if use > 0 or redis.call('HLEN', uses) <= 20000 then redis.call('HINCRBY', uses, name, 1) end
  end
  redis.call('HSETNX', uses, '', redis.call('HGET', p .. ':meta', 'version') or '0')
  redis.call('EXPIRE', uses, life)
  return use, redis.call('HGET', uses, '')
end

for at = 4, #ARGV, 3 do
  local world, name = ARGV[at], ARGV[at + 1]
  local use, since = take(world, name, tonumber(ARGV[at + 2]))
  if use then
    if world ~= '' then redis.call('ZADD', p .. ':worlds', redis.call('TIME')[1], world) end
    local leases = p .. ':leases:' .. owner
    local held = redis.call('HGET', leases, number)
    local lease = held and cmsgpack.unpack(held) or { took = {} }
    lease.took[#lease.took + 1] = { world = world, name = name, use = use, since = since }
    redis.call('HSET', leases, number, cmsgpack.pack(lease))
    redis.call('EXPIRE', leases, life)
    return { (at - 4) / 3, use }
  end
end
return {}
