-- What is new in a journal. ARGV: journal, the revision that is known, how many at once.
local p, journal = KEYS[1], ARGV[1]
local epoch = redis.call('HGET', p .. ':meta', journal .. ':epoch') or '0'
return { epoch, redis.call('XRANGE', p .. ':' .. journal, ARGV[2] + 1, '+', 'COUNT', ARGV[3]) }
