-- Takes the next use of the first of some things that has one left: where it stands, and the use, from 0.
-- What was given back goes first. It is taken under a lease, a number of an owner, which says so until the answer
-- is over. ARGV: seconds to live, the owner and the number of the lease, then of each: world ('' for all), name,
-- limit (-1 for none). Begins with take.lua.
local owner, number = ARGV[2], ARGV[3]
local leases = p .. ':leases:' .. owner
if gave(owner, number) then return redis.error_reply('LATE this request was given up') end
for at = 4, #ARGV, 3 do
  local world, name = ARGV[at], ARGV[at + 1]
  local uses, since = used(world, name, tonumber(ARGV[at + 2]), 1)
  if uses then
    local held = redis.call('HGET', leases, number)
    local lease = held and cmsgpack.unpack(held) or { took = {} }
    lease.took[#lease.took + 1] = { world = world, name = name, use = uses[1], since = since }
    redis.call('HSET', leases, number, cmsgpack.pack(lease))
    redis.call('EXPIRE', leases, life)
    return { (at - 4) / 3, uses[1] }
  end
end
return {}
