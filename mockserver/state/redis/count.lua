-- Takes the next use of the first of some things that has one left: where it stands, and the use, from 0.
-- What was given back goes first. It is taken under a lease, which says so until the answer is over.
-- ARGV: seconds to live, the owner and the number of the lease, then of each: world ('' for all), name,
-- limit (-1 for none). Begins with take.lua.
local owner, number = ARGV[2], ARGV[3]
if gave(owner, number) then return redis.error_reply('LATE this request was given up') end
for at = 4, #ARGV, 3 do
  local use, lease = take(owner, number, ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]))
  if use then
    hold(owner, number, lease)
    return { (at - 4) / 3, use }
  end
end
return {}
