-- Sends every prepared request once, stops when they or the time are over, waits for the last answers, and says what came of it.
-- Arguments: a file of requests (each with its length in four bytes before it), connections, seconds.

local ffi = require("ffi")

ffi.cdef [[
typedef struct { long seconds; long nanoseconds; } bench_time;
int clock_gettime(int clock, bench_time *time);
int kill(int process, int signal);
int getpid(void);
]]

local MONOTONIC, INTERRUPT = 1, 2
local requests, connections, seconds = {}, 0, 0
local moment = ffi.new("bench_time")
local is_probed = false

-- Globals: `done` runs in another interpreter and reads them from there.
sent, drained, started, ended, cpu_started, cpu_ended = 0, 0, 0, 0, 0, 0

local function now()
  ffi.C.clock_gettime(MONOTONIC, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

function setup(thread)
  the_thread = thread
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  connections, seconds = tonumber(arguments[2]), tonumber(arguments[3])
  while true do
    local head = file:read(4)
    if not head then break end
    local a, b, c, d = head:byte(1, 4)
    requests[#requests + 1] = file:read(((a * 256 + b) * 256 + c) * 256 + d)
  end
  file:close()
end

-- wrk calls this when a connection may send, so once more after each answer: the last call of all is the last answer's time.
function request()
  if not is_probed then
    -- Before the run wrk asks for one request to look at it, and does not send it.
    is_probed = true
    return requests[1]
  end
  local time = now()
  if sent == 0 then started, cpu_started = time, os.clock() end
  if sent == #requests or time - started >= seconds then
    drained = drained + 1
    ended, cpu_ended = time, os.clock()
    -- Everything is answered: end wrk, which would sleep on. It takes an interrupt as the end of its time.
    if drained == connections then ffi.C.kill(ffi.C.getpid(), INTERRUPT) end
    -- Nothing is sent, and the connection waits.
    return ""
  end
  sent = sent + 1
  return requests[sent]
end

function done(summary, latency, _)
  local parts = {}
  local function say(name, value) parts[#parts + 1] = string.format('"%s": %.6f', name, value) end
  for _, name in ipairs { "sent", "drained", "started", "ended", "cpu_started", "cpu_ended" } do
    say(name, the_thread:get(name))
  end
  say("answered", summary.requests)
  say("refused", summary.errors.status)
  local quantiles = {}
  for step = 1, 1000 do
    quantiles[step] = string.format("%d", latency:percentile(step / 10))
  end
  io.write("\nbench {", table.concat(parts, ", "), ', "quantiles": [', table.concat(quantiles, ", "), "]}\n")
end
