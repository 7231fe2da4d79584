local Counter = {}
Counter.__index = Counter
function Counter.new() return setmetatable({ n = 0 }, Counter) end
function Counter:add(k) self.n = self.n + k; return self.n end
local function run()
  local c = Counter.new()
  for i = 0, 4999999 do c:add(i % 3) end
  return c.n
end
print(run())
