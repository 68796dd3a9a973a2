-- Enters something into a journal, and what it cost into its world's ledger.
-- ARGV: journal, kind, key, payload, body, number of the exchange that it is about (0 for a new one),
-- the most that is kept, the most bytes, seconds to live, model, then the counts of the ledger.
local p, journal, life = KEYS[1], ARGV[1], ARGV[9]
local meta, stream = p .. ':meta', p .. ':' .. journal
local seq = redis.call('HINCRBY', meta, journal .. ':revision', 1)
local number = tonumber(ARGV[6])
if ARGV[2] == 'entered' then number = redis.call('HINCRBY', meta, journal .. ':number', 1) end
local size = #ARGV[4] + #ARGV[5]
redis.call('XADD', stream, seq .. '-0', 'kind', ARGV[2], 'key', ARGV[3], 'number', number, 'payload', ARGV[4], 'body', ARGV[5])
local bytes = redis.call('HINCRBY', meta, journal .. ':bytes', size)
while redis.call('XLEN', stream) > tonumber(ARGV[7]) or (bytes > tonumber(ARGV[8]) and redis.call('XLEN', stream) > 1) do
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  local fields = first[2]
  if fields[2] ~= 'reset' then
    bytes = redis.call('HINCRBY', meta, journal .. ':bytes', -(#fields[8] + #fields[10]))
  end
  redis.call('XDEL', stream, first[1])
end
redis.call('EXPIRE', meta, life)
redis.call('EXPIRE', stream, life)
if #ARGV > 10 then
  local ledger = p .. ':ledger:' .. ARGV[3]
  for at = 11, #ARGV, 2 do
    redis.call('HINCRBY', ledger, ARGV[at] .. ':' .. ARGV[10], ARGV[at + 1])
  end
  redis.call('EXPIRE', ledger, life)
  redis.call('ZADD', p .. ':worlds', redis.call('TIME')[1], ARGV[3])
end
return number
