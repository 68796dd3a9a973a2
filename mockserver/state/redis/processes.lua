-- What each process that shares this state did, as it told last; who asks tells of itself.
-- ARGV: owner, what it tells, seconds to live. Owners whose lease has ended, or who were replaced, are left out.
local p = KEYS[1]
redis.call('HSET', p .. ':processes', ARGV[1], ARGV[2])
redis.call('EXPIRE', p .. ':processes', ARGV[3])
local told, rows = {}, redis.call('HGETALL', p .. ':processes')
for at = 1, #rows, 2 do
  if rows[at] == ARGV[1] or redis.call('ZSCORE', p .. ':owners', rows[at]) then
    told[#told + 1] = rows[at + 1]
  else
    redis.call('HDEL', p .. ':processes', rows[at])
  end
end
return told
