-- What the scripts that take something begin with.
local p, life = KEYS[1], ARGV[1]

-- The next use of a thing that has one left, and the number of the change before which its counting began.
local function used(world, name, limit)
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

-- Takes it under a lease, a number of an owner: the use, and the lease as it is to be held from now on.
local function take(owner, number, world, name, limit)
  local use, since = used(world, name, limit)
  if not use then return nil end
  if world ~= '' then redis.call('ZADD', p .. ':worlds', redis.call('TIME')[1], world) end
  local held = redis.call('HGET', p .. ':leases:' .. owner, number)
  local lease = held and cmsgpack.unpack(held) or { took = {} }
  lease.took[#lease.took + 1] = { world = world, name = name, use = use, since = since }
  return use, lease
end

-- Holds a lease.
local function hold(owner, number, lease)
  redis.call('HSET', p .. ':leases:' .. owner, number, cmsgpack.pack(lease))
  redis.call('EXPIRE', p .. ':leases:' .. owner, life)
end

-- Whether what an owner took under a number went back, so that nothing more may be taken under it.
local function gave(owner, number)
  return redis.call('SISMEMBER', p .. ':lost:' .. owner, number) == 1
end
