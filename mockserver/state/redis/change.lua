-- Enters a change behind all others. A reset forgets what was counted, and the changes that it undoes.
-- ARGV: name, document, key ('' for none), ids of replies, ids of faults, seconds to live.
local p, name, key, life = KEYS[1], ARGV[1], ARGV[3], ARGV[6]
local meta, board, whose = p .. ':meta', p .. ':board', p .. ':board:' .. key
if redis.call('XLEN', board) >= 100000 then return redis.error_reply('FULL 100000 changes: reset the server') end
local version = redis.call('HINCRBY', meta, 'version', 1)
local replies = redis.call('HINCRBY', meta, 'replies', ARGV[4]) - ARGV[4]
local faults = redis.call('HINCRBY', meta, 'faults', ARGV[5]) - ARGV[5]

local function forget(world)
  for _, model in ipairs(redis.call('SMEMBERS', p .. ':models:' .. world)) do
    for _, what in ipairs({ 'r', 't', 'c', 'm' }) do
      redis.call('DEL', p .. ':meter:' .. what .. ':' .. world .. ':' .. model)
    end
  end
  redis.call('DEL', p .. ':models:' .. world, p .. ':uses:' .. world, p .. ':back:' .. world, p .. ':ledger:' .. world)
  redis.call('ZREM', p .. ':worlds', world)
end

if name == 'reset' then
  if key == '' then
    for _, world in ipairs(redis.call('ZRANGE', p .. ':worlds', 0, -1)) do
      redis.call('DEL', p .. ':board:' .. world)
      forget(world)
    end
    redis.call('DEL', board, p .. ':uses:', p .. ':back:')
  else
    for _, id in ipairs(redis.call('SMEMBERS', whose)) do redis.call('XDEL', board, id) end
    redis.call('DEL', whose)
    forget(key)
  end
  for _, journal in ipairs({ 'journal', 'calls' }) do
    local seq = redis.call('HINCRBY', meta, journal .. ':revision', 1)
    local total = redis.call('HGET', meta, journal .. ':total') or '0'
    if key == '' then redis.call('DEL', p .. ':' .. journal) end
    redis.call('XADD', p .. ':' .. journal, seq .. '-' .. total, 'kind', 'reset', 'key', key)
    redis.call('HINCRBY', meta, journal .. ':epoch', 1)
  end
end
local id = version .. '-0'
redis.call('XADD', board, id, 'name', name, 'document', ARGV[2], 'replies', replies, 'faults', faults)
if key ~= '' then
  redis.call('SADD', whose, id)
  redis.call('EXPIRE', whose, life)
end
redis.call('EXPIRE', meta, life)
redis.call('EXPIRE', board, life)
return version
