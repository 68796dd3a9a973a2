-- Enters something into a journal, and what it cost into its world's ledger.
-- ARGV: journal, kind, key, payload, body, number of the exchange that it is about (0 for a new one),
-- the most that is kept, the most bytes, seconds to live, the owner and the number of its lease ('' for none),
-- model, then the counts of the ledger.
local p, journal, life, number_of = KEYS[1], ARGV[1], ARGV[9], ARGV[11]
local meta, stream, leases = p .. ':meta', p .. ':' .. journal, p .. ':leases:' .. ARGV[10]
local lease = nil
if number_of ~= '' and ARGV[2] == 'entered' then
  lease = redis.call('HGET', leases, number_of)
  if not lease then return redis.error_reply('LATE the lease of this answer has ended') end
end
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
    bytes = redis.call('HINCRBY', meta, journal .. ':bytes', 0 - (#fields[8] + #fields[10]))  -- -0 is no integer
  end
  redis.call('XDEL', stream, first[1])
end
redis.call('EXPIRE', meta, life)
redis.call('EXPIRE', stream, life)
local counts, since = {}, nil
if #ARGV > 12 then
  local ledger = p .. ':ledger:' .. ARGV[3]
  for at = 13, #ARGV, 2 do
    counts[#counts + 1] = ARGV[at] .. ':' .. ARGV[12]
    counts[#counts + 1] = ARGV[at + 1]
    redis.call('HINCRBY', ledger, counts[#counts - 1], ARGV[at + 1])
  end
  redis.call('HSETNX', ledger, '', redis.call('HGET', meta, 'version') or '0')
  since = redis.call('HGET', ledger, '')
  redis.call('EXPIRE', ledger, life)
  redis.call('ZADD', p .. ':worlds', redis.call('TIME')[1], ARGV[3])
end
if lease and journal == 'journal' then
  lease = cmsgpack.unpack(lease)
  lease.entered = { journal = journal, revision = seq, world = ARGV[3], number = number, counts = counts, since = since }
  redis.call('HSET', leases, number_of, cmsgpack.pack(lease))
elseif number_of ~= '' then
  -- The answer is over; or it is one beside chat, which is given with this.
  redis.call('HDEL', leases, number_of)
end
return number
