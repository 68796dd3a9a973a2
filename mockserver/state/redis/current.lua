-- What was changed since a version: the run of this state, and the changes behind it.
-- ARGV: a name for a run that begins now, the run that is known, its version.
local p = KEYS[1]
redis.call('HSETNX', p .. ':meta', 'run', ARGV[1])
local run = redis.call('HGET', p .. ':meta', 'run')
local from = ARGV[3]
if run ~= ARGV[2] then from = '0' end
if (redis.call('HGET', p .. ':meta', 'version') or '0') == from then return { run } end
return { run, redis.call('XRANGE', p .. ':board', '(' .. from .. '-0', '+', 'COUNT', 1000) }
