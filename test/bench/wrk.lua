-- Sends requests of a file, each drawn at random, and prints what wrk has measured as one line of JSON.
-- `@@@@@@@@@@` in a request becomes a number that no other has, of as many digits, so that Content-Length stays right.
local requests = {}
local number = 0

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  for text in string.gmatch(file:read('*a'), '[^\1]+') do requests[#requests + 1] = text end
  file:close()
  math.randomseed(os.time())
end

function request()
  local text = requests[math.random(#requests)]
  if not string.find(text, '@@@@@@@@@@', 1, true) then return text end
  number = number + 1
  return (string.gsub(text, '@@@@@@@@@@', string.format('%010d', number)))
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"not2xx":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout
  ))
end
