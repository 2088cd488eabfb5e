-- Sends requests of a file, each drawn at random, and prints what wrk has measured as one line of JSON.
-- `@@@@@@@@@@` in a request becomes a number that no other has, of as many digits, so that Content-Length stays right.
local requests = {}
local number = 0
local threads = {}

-- By itself, wrk takes a 3xx for right. A global, or it can't be read by thread:get.
not2xx = 0

function setup(thread) threads[#threads + 1] = thread end

function response(status, _, _)
  if status < 200 or status > 299 then not2xx = not2xx + 1 end
end

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
  local wrong = 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get('not2xx') end
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"not2xx":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), wrong,
    errors.connect + errors.read + errors.write + errors.timeout
  ))
end
