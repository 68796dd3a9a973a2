-- Sees whether a server may begin here: it may write, and those that share this state write as it does.
-- The format of what they write; nobody wrote one down before there was a second one. ARGV: the server's own.
local meta = KEYS[1] .. ':meta'
redis.call('SET', KEYS[1] .. ':begins', '1', 'PX', 1)
if redis.call('HEXISTS', meta, 'run') == 0 then return ARGV[1] end
return redis.call('HGET', meta, 'format') or '1'
