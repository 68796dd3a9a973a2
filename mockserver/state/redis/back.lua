-- Ends leases: what was taken under them goes back, to be taken next, and what was entered is withdrawn.
-- ARGV: how, the owner, seconds to live, numbers of leases. How: 'these' go back, and whatever comes late under
-- them is refused; 'all' go back but these, of an owner that died; 'late' are all of one that was not heard of,
-- of which what was entered counts as answered; 'over' are these, answered.
local p, how, owner, life = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local meta, leases = p .. ':meta', p .. ':leases:' .. owner
local gave = false

local function withdraw(entered)
  local journal, stream = entered.journal, p .. ':' .. entered.journal
  local found = redis.call('XRANGE', stream, entered.revision, entered.revision)[1]
  if found then redis.call('XDEL', stream, found[1]) end
  local id = redis.call('HINCRBY', meta, journal .. ':revision', 1) .. '-' .. (redis.call('HGET', meta, journal .. ':total') or '0')
  redis.call('XADD', stream, id, 'kind', 'withdrawn', 'key', entered.world, 'number', entered.number, 'payload', '', 'body', '')
  redis.call('HINCRBY', meta, journal .. ':epoch', 1)
  local ledger = p .. ':ledger:' .. entered.world
  if redis.call('HGET', ledger, '') == entered.since then
    for at = 1, #entered.counts, 2 do
      redis.call('HINCRBY', ledger, entered.counts[at], 0 - entered.counts[at + 1])
    end
  end
end

local function give(number, held)
  redis.call('HDEL', leases, number)  -- where memory is full, nothing stops a script that began to write
  if not held then return end
  local lease = cmsgpack.unpack(held)
  if lease.entered and how == 'late' then return end
  for _, took in ipairs(lease.took) do
    -- What was counted before a reset is forgotten.
    if redis.call('HGET', p .. ':uses:' .. took.world, '') == took.since then
      local back = p .. ':back:' .. took.world
      local uses = redis.call('HGET', back, took.name)
      uses = uses and cmsgpack.unpack(uses) or {}
      uses[#uses + 1] = took.use
      table.sort(uses)
      redis.call('HSET', back, took.name, cmsgpack.pack(uses))
      redis.call('EXPIRE', back, life)
      gave = true
    end
  end
  if lease.entered then withdraw(lease.entered) end
end

if how == 'over' or how == 'these' then
  for at = 4, #ARGV do
    if how == 'over' then
      redis.call('HDEL', leases, ARGV[at])
    else
      give(ARGV[at], redis.call('HGET', leases, ARGV[at]))
      redis.call('SADD', p .. ':lost:' .. owner, ARGV[at])
      redis.call('EXPIRE', p .. ':lost:' .. owner, 60)
    end
  end
else
  local but = {}
  for at = 4, #ARGV do but[ARGV[at]] = true end
  local held = redis.call('HGETALL', leases)
  for at = 1, #held, 2 do
    if not but[held[at]] then give(held[at], held[at + 1]) end
  end
  redis.call('DEL', leases)
  redis.call('ZREM', p .. ':owners', owner)
end
if gave then redis.call('HINCRBY', meta, 'returned', 1) end
return 1
