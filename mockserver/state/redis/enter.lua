-- Enters something into a journal, and what it cost into its world's ledger.
-- ARGV: seconds to live, the owner of its lease, journal, the most that is kept, the most bytes; kind, key,
-- payload, body, the number of its lease ('' for none), whether something was taken under it already; what is
-- taken with it, whose use is nobody's matter: world and name (both '' for nothing); model, and the counts of
-- the ledger in the order of their names ('' for none). Begins with take.lua.
local COUNTED = { 'requests', 'input_tokens', 'output_tokens', 'cached_tokens', 'refusals' }
local owner, journal, kind, key, number_of = ARGV[2], ARGV[3], ARGV[6], ARGV[7], ARGV[10]
local meta, stream, leases = p .. ':meta', p .. ':' .. journal, p .. ':leases:' .. owner
local lease = nil
if number_of ~= '' and kind == 'entered' then
  if ARGV[11] == '1' then
    lease = redis.call('HGET', leases, number_of)
    if not lease then return redis.error_reply('LATE the lease of this answer has ended') end
    lease = cmsgpack.unpack(lease)
  elseif gave(owner, number_of) then
    return redis.error_reply('LATE this request was given up')
  end
  if ARGV[13] ~= '' then
    local _, taken = take(owner, number_of, ARGV[12], ARGV[13], -1)
    lease = taken
  end
end
local seq = redis.call('HINCRBY', meta, journal .. ':revision', 1)
local number = 0
if kind == 'entered' then number = redis.call('HINCRBY', meta, journal .. ':number', 1) end
local size = #ARGV[8] + #ARGV[9]
redis.call('XADD', stream, seq .. '-0', 'kind', kind, 'key', key, 'number', number, 'payload', ARGV[8], 'body', ARGV[9])
local bytes = redis.call('HINCRBY', meta, journal .. ':bytes', size)
while redis.call('XLEN', stream) > tonumber(ARGV[4]) or (bytes > tonumber(ARGV[5]) and redis.call('XLEN', stream) > 1) do
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
if ARGV[15] ~= '' then
  local ledger, at = p .. ':ledger:' .. key, 0
  for count in string.gmatch(ARGV[15], '%d+') do
    at = at + 1
    if count ~= '0' then
      counts[#counts + 1] = COUNTED[at] .. ':' .. ARGV[14]
      counts[#counts + 1] = count
      redis.call('HINCRBY', ledger, counts[#counts - 1], count)
    end
  end
  redis.call('HSETNX', ledger, '', redis.call('HGET', meta, 'version') or '0')
  since = redis.call('HGET', ledger, '')
  redis.call('EXPIRE', ledger, life)
  redis.call('ZADD', p .. ':worlds', redis.call('TIME')[1], key)
end
if lease and journal == 'journal' then
  lease.entered = { journal = journal, revision = seq, world = key, number = number, counts = counts, since = since }
  hold(owner, number_of, lease)
elseif number_of ~= '' then
  -- The answer is over; or it is one beside chat, which is given with this.
  redis.call('HDEL', leases, number_of)
end
return number
