local som = require("som")

local Storage = som.class()

function Storage.new() return setmetatable({ count = 0, random = som.Random.new() }, Storage) end

function Storage:tree(depth)
  self.count = self.count + 1
  if depth == 1 then return som.filled(self.random:next() % 10 + 1, false) end
  local node = som.filled(4, false)
  for i = 1, 4 do node[i] = self:tree(depth - 1) end
  return node
end

local function nodes(depth)
  local storage = Storage.new()
  storage:tree(depth)
  return storage.count
end

som.repeated("Storage", som.size(), 5461, function() return nodes(7) end)
