local som = require("som")

local Permutation = som.class()

function Permutation.new(items) return setmetatable({ items = items, count = 0 }, Permutation) end

function Permutation:swap(i, j)
  self.items[i], self.items[j] = self.items[j], self.items[i]
end

function Permutation:permute(n)
  self.count = self.count + 1
  if n == 0 then return end
  local last = n - 1
  self:permute(last)
  for i = last, 0, -1 do
    self:swap(last + 1, i + 1)
    self:permute(last)
    self:swap(last + 1, i + 1)
  end
end

local function calls(n)
  local items = {}
  for i = 1, n do items[i] = i - 1 end
  local permutation = Permutation.new(items)
  permutation:permute(n)
  return permutation.count
end

som.repeated("Permute", som.size(), 8660, function() return calls(6) end)
