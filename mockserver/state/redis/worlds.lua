-- What every world used, or cost, or used of its quotas. ARGV: what ('uses', 'ledger' or 'meter'), the time.
local p, what = KEYS[1], ARGV[1]
local found = {}

-- The counts of a world; what was given back is not used.
local function counted(world)
  local rows, kept = redis.call('HGETALL', p .. ':' .. what .. ':' .. world), {}
  for at = 1, #rows, 2 do
    if rows[at] ~= '' then
      local left = what == 'uses' and redis.call('HGET', p .. ':back:' .. world, rows[at])
      kept[#kept + 1] = rows[at]
      kept[#kept + 1] = rows[at + 1] - (left and #cmsgpack.unpack(left) or 0)
    end
  end
  return kept
end

if what == 'uses' then found[1] = { '', counted('') } end
local clock = redis.call('TIME')
local here = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
for _, world in ipairs(redis.call('ZRANGE', p .. ':worlds', 0, -1)) do
  if what == 'meter' then
    for _, model in ipairs(redis.call('SMEMBERS', p .. ':models:' .. world)) do
      local function meter(kind) return p .. ':meter:' .. kind .. ':' .. world .. ':' .. model end
      local now = ARGV[2] == '' and here or tonumber(ARGV[2])
      local latest = tonumber(redis.call('HGET', meter('m'), 'latest') or '0')
      if latest > now then now = latest end
      local minute, second = '(' .. string.format('%.17g', now - 60), '(' .. string.format('%.17g', now - 1)
      local tokens = 0
      for _, member in ipairs(redis.call('ZRANGEBYSCORE', meter('t'), minute, '+inf')) do
        tokens = tokens + tonumber(string.match(member, '^(%d+):'))
      end
      found[#found + 1] = {
        world, model,
        redis.call('ZCOUNT', meter('r'), minute, '+inf'), tokens,
        redis.call('ZCOUNT', meter('r'), second, '+inf'),
        redis.call('ZCOUNT', meter('c'), '(' .. string.format('%.17g', here), '+inf'),
      }
    end
  else
    found[#found + 1] = { world, counted(world) }
  end
end
return found
