-- What the programs of this folder share, as `tests/programs/awfy/som.ket` does it.
local som = {}

function som.size() return math.tointeger(tonumber(arg[1] or 1)) end

function som.class(parent)
  local class = {}
  class.__index = class
  if parent then setmetatable(class, { __index = parent }) end
  return class
end

function som.report(name, result, known)
  assert(known == nil or result == known, name .. " has to give " .. tostring(known))
  print(name .. ": " .. tostring(result))
end

function som.repeated(name, rounds, known, round)
  for _ = 1, rounds do
    assert(round() == known, name .. " has to give " .. tostring(known))
  end
  print(name .. ": " .. tostring(known))
end

function som.filled(count, value)
  local list = {}
  for i = 1, count do list[i] = value end
  return list
end

local Random = som.class()
som.Random = Random

function Random.new() return setmetatable({ seed = 74755 }, Random) end

function Random:next()
  self.seed = (self.seed * 1309 + 13849) & 0xffff
  return self.seed
end

return som
