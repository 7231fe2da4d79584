local som = require("som")

local Element = som.class()

function Element.new(value) return setmetatable({ value = value, next = nil }, Element) end

function Element:length()
  if self.next == nil then return 1 else return 1 + self.next:length() end
end

local function make(length)
  if length == 0 then return nil end
  local element = Element.new(length)
  element.next = make(length - 1)
  return element
end

local function is_shorter(a, b)
  local left, right = a, b
  while right ~= nil do
    if left == nil then return true end
    left = left.next
    right = right.next
  end
  return false
end

local function tail(x, y, z)
  if not is_shorter(y, x) then return z end
  return tail(tail(x.next, y, z), tail(y.next, z, x), tail(z.next, x, y))
end

som.repeated("List", som.size(), 10, function() return tail(make(15), make(10), make(6)):length() end)
