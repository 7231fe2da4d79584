-- 10 million calls of a method that changes a field.
local Counter = {}
Counter.__index = Counter
function Counter.new() return setmetatable({n = 0}, Counter) end
function Counter:add(k)
  self.n = self.n + k
  return self.n
end
local counter = Counter.new()
for i = 0, 9999999 do counter:add(i % 3) end
print(counter.n)
