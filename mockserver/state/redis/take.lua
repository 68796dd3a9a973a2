-- What the scripts that take something begin with.
local p, life = KEYS[1], ARGV[1]

-- The next uses of a thing, so `many` as it has left, and the number of the change before which its counting began.
-- What was given back goes first.
local function used(world, name, limit, many)
  local uses, back, taken = p .. ':uses:' .. world, p .. ':back:' .. world, {}
  local left = redis.call('HGET', back, name)
  if left then
    left = cmsgpack.unpack(left)
    while #taken < many and left[1] and (limit < 0 or left[1] < limit) do taken[#taken + 1] = table.remove(left, 1) end
    if #left > 0 then redis.call('HSET', back, name, cmsgpack.pack(left)) else redis.call('HDEL', back, name) end
  end
  local more = many - #taken
  if more > 0 then
    local use = tonumber(redis.call('HGET', uses, name) or '0')
    if limit >= 0 and use + more > limit then more = math.max(0, limit - use) end
    if more > 0 and (use > 0 or redis.call('HLEN', uses) <= 20000) then redis.call('HINCRBY', uses, name, more) end
    for at = 0, more - 1 do taken[#taken + 1] = use + at end
  end
  if #taken == 0 then return nil end
  redis.call('HSETNX', uses, '', redis.call('HGET', p .. ':meta', 'version') or '0')
  redis.call('EXPIRE', uses, life)
  if world ~= '' then redis.call('ZADD', p .. ':worlds', redis.call('TIME')[1], world) end
  return taken, redis.call('HGET', uses, '')
end

-- Whether what an owner took under a number went back, so that nothing more may be taken under it.
local function gave(owner, number)
  return redis.call('SISMEMBER', p .. ':lost:' .. owner, number) == 1
end
