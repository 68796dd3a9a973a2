-- Gives the place of an answer back. ARGV: world, model, id.
return redis.call('ZREM', KEYS[1] .. ':meter:c:' .. ARGV[1] .. ':' .. ARGV[2], ARGV[3])
