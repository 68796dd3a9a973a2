-- Enters events into a journal, all that are told at once in one step, and what they cost into their worlds' ledgers.
-- ARGV: seconds to live, the owner of their leases, journal, the most that is kept, the most bytes, the run and the
-- version that were known; then of each event: kind, key, payload, body, the number of its lease ('' for none),
-- whether something was taken under it already; what is taken with it, whose use is nobody's matter: world and name
-- (both '' for nothing); model, and the counts of the ledger in the order of their names ('' for none); whether it
-- is to be entered only if that version is still the newest. Answers with the number of each: 0 for an event that
-- has none, -1 for one of another version; or why it is not entered. Begins with take.lua.
local COUNTED = { 'requests', 'input_tokens', 'output_tokens', 'cached_tokens', 'refusals' }
local EACH, FIRST = 11, 8
local owner, journal = ARGV[2], ARGV[3]
local meta, stream, leases = p .. ':meta', p .. ':' .. journal, p .. ':leases:' .. owner
local known = redis.call('HMGET', meta, 'run', 'version')
local version = known[2] or '0'
local old = known[1] ~= ARGV[6] or version ~= ARGV[7]
local lost = redis.call('EXISTS', p .. ':lost:' .. owner) == 1
local told, entering, taking, size, numbered = {}, {}, {}, 0, 0

for at = FIRST, #ARGV, EACH do
  local number_of, refused, lease = ARGV[at + 4], nil, nil
  if old and ARGV[at + 10] == '1' then
    refused = -1
  elseif number_of ~= '' and ARGV[at] == 'entered' then
    if ARGV[at + 5] == '1' then
      lease = redis.call('HGET', leases, number_of)
      if lease then lease = cmsgpack.unpack(lease) else refused = redis.error_reply('LATE the lease of this answer has ended') end
    elseif lost and gave(owner, number_of) then
      refused = redis.error_reply('LATE this request was given up')
    end
    if not refused and ARGV[at + 7] ~= '' then
      lease = lease or { took = {} }
      local world, name = ARGV[at + 6], ARGV[at + 7]
      taking[world] = taking[world] or {}
      taking[world][name] = taking[world][name] or {}
      table.insert(taking[world][name], lease)
    end
  end
  if refused then
    told[#told + 1] = refused
  else
    local event = { at = at, lease = lease, place = #told + 1 }
    entering[#entering + 1], told[#told + 1] = event, 0
    size = size + #ARGV[at + 2] + #ARGV[at + 3]
    if ARGV[at] == 'entered' then numbered = numbered + 1 end
  end
end
if #entering == 0 then return told end

for world, names in pairs(taking) do
  for name, takers in pairs(names) do
    local uses, since = used(world, name, -1, #takers)
    for at, lease in ipairs(takers) do
      lease.took[#lease.took + 1] = { world = world, name = name, use = uses[at], since = since }
    end
  end
end

-- What is counted for each world: how often the same counts, and when its counting began.
local worlds, counted = {}, {}
local function booked(key, model, counts)
  local world, name = worlds[key], model .. ' ' .. counts
  if not world then
    local ledger = p .. ':ledger:' .. key
    redis.call('HSETNX', ledger, '', version)
    world = { ledger = ledger, since = redis.call('HGET', ledger, ''), times = {} }
    worlds[key] = world
  end
  local made = counted[name]
  if not made then
    local at = 0
    made = {}
    for count in string.gmatch(counts, '%d+') do
      at = at + 1
      if count ~= '0' then
        made[#made + 1] = COUNTED[at] .. ':' .. model
        made[#made + 1] = tonumber(count)
      end
    end
    counted[name] = made
  end
  world.times[made] = (world.times[made] or 0) + 1
  return made, world.since
end

local revision = redis.call('HINCRBY', meta, journal .. ':revision', #entering) - #entering
local number = numbered > 0 and redis.call('HINCRBY', meta, journal .. ':number', numbered) - numbered
local total = redis.call('HINCRBY', meta, journal .. ':total', size)
local before = total - size
local held, over = {}, {}
for _, event in ipairs(entering) do
  local at, mine, counts, since = event.at, 0, nil, nil
  local kind, key, payload, body, number_of = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  revision = revision + 1
  if kind == 'entered' then
    number = number + 1
    mine = number
  end
  -- What was entered before it is a part of its id, so that nobody has to add up what is kept.
  redis.call('XADD', stream, revision .. '-' .. before, 'kind', kind, 'key', key, 'number', mine, 'payload', payload, 'body', body)
  before = before + #payload + #body
  told[event.place] = mine
  if ARGV[at + 9] ~= '' then counts, since = booked(key, ARGV[at + 8], ARGV[at + 9]) end
  if event.lease and journal == 'journal' then
    event.lease.entered =
      { journal = journal, revision = revision, world = key, number = mine, counts = counts or {}, since = since }
    held[#held + 1] = number_of
    held[#held + 1] = cmsgpack.pack(event.lease)
  elseif number_of ~= '' then
    -- The answer is over; or it is one beside chat, which is given with this.
    over[#over + 1] = number_of
  end
end

redis.call('XTRIM', stream, 'MAXLEN', ARGV[4])
local floor = tonumber(redis.call('HGET', meta, journal .. ':floor') or '0')
while total - floor > tonumber(ARGV[5]) do
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1][1]
  floor = tonumber(string.match(first, '%d+$'))
  redis.call('HSET', meta, journal .. ':floor', floor)
  if total - floor <= tonumber(ARGV[5]) or redis.call('XLEN', stream) == 1 then break end
  redis.call('XDEL', stream, first)
end
redis.call('EXPIRE', meta, life)
redis.call('EXPIRE', stream, life)
local now = redis.call('TIME')[1]
for key, world in pairs(worlds) do
  for made, times in pairs(world.times) do
    for at = 1, #made, 2 do redis.call('HINCRBY', world.ledger, made[at], made[at + 1] * times) end
  end
  redis.call('EXPIRE', world.ledger, life)
  redis.call('ZADD', p .. ':worlds', now, key)
end
if #held > 0 then
  redis.call('HSET', leases, unpack(held))
  redis.call('EXPIRE', leases, life)
end
if #over > 0 then redis.call('HDEL', leases, unpack(over)) end
return told
