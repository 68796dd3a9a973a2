-- What was changed since a version: the run of this state, how often something was given back, and the
-- changes behind it.
-- ARGV: a name for a run that begins now, the run that is known, its version, the format of who asks.
local p = KEYS[1]
if redis.call('HSETNX', p .. ':meta', 'run', ARGV[1]) == 1 then
  redis.call('HSET', p .. ':meta', 'format', ARGV[4])
end
local run = redis.call('HGET', p .. ':meta', 'run')
local from = ARGV[3]
if run ~= ARGV[2] then from = '0' end
local known = redis.call('HMGET', p .. ':meta', 'version', 'returned')
local returned = known[2] or '0'
if (known[1] or '0') == from then return { run, returned } end
return { run, returned, redis.call('XRANGE', p .. ':board', '(' .. from .. '-0', '+', 'COUNT', 1000) }
