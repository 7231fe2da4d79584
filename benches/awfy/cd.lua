local som = require("som")
local Tree = require("red_black_tree")

local WIDTH, HEIGHT, RADIUS = 1000.0, 10.0, 1.0
local COLUMN = RADIUS * 2.0

local function order(a, b)
  if a < b then return -1 elseif a > b then return 1 else return 0 end
end

local Vector2 = som.class()

function Vector2.new(x, y) return setmetatable({ x = x, y = y }, Vector2) end
function Vector2.__add(a, b) return Vector2.new(a.x + b.x, a.y + b.y) end
function Vector2.__sub(a, b) return Vector2.new(a.x - b.x, a.y - b.y) end

function Vector2:compare(other)
  local by_x = order(self.x, other.x)
  if by_x ~= 0 then return by_x else return order(self.y, other.y) end
end

local Vector3 = som.class()

function Vector3.new(x, y, z) return setmetatable({ x = x, y = y, z = z }, Vector3) end
function Vector3.__add(a, b) return Vector3.new(a.x + b.x, a.y + b.y, a.z + b.z) end
function Vector3.__sub(a, b) return Vector3.new(a.x - b.x, a.y - b.y, a.z - b.z) end
function Vector3.__mul(a, factor) return Vector3.new(a.x * factor, a.y * factor, a.z * factor) end
function Vector3:dot(other) return self.x * other.x + self.y * other.y + self.z * other.z end
function Vector3:squared() return self:dot(self) end

function Vector3:is_inside()
  return 0.0 <= self.x and self.x <= WIDTH and 0.0 <= self.y and self.y <= WIDTH
    and 0.0 <= self.z and self.z <= HEIGHT
end

local RIGHT, UP = Vector2.new(COLUMN, 0.0), Vector2.new(0.0, COLUMN)

local CallSign = som.class()

function CallSign.new(number) return setmetatable({ number = number }, CallSign) end
function CallSign:compare(other) return order(self.number, other.number) end

local function within(low, high)
  return low <= 1.0 and 1.0 <= high or low <= 0.0 and 0.0 <= high or 0.0 <= low and high <= 1.0
end

local function crossing(corner, from, to)
  local half = RADIUS / 2.0
  local speed = to - from
  if speed == 0.0 then
    local low = corner - half - from < 0.0 and -math.huge or math.huge
    local high = corner + COLUMN + half - from < 0.0 and -math.huge or math.huge
    local inside = corner <= from + half and from - half <= corner + COLUMN
    return low, high, inside or within(low, high)
  end
  local low = (corner - half - from) / speed
  local high = (corner + COLUMN + half - from) / speed
  if speed < 0.0 then return high, low, within(high, low) else return low, high, within(low, high) end
end

local Motion = som.class()

function Motion.new(sign, from, to) return setmetatable({ sign = sign, from = from, to = to }, Motion) end
function Motion:delta() return self.to - self.from end

function Motion:meeting(other)
  local way, other_way = self:delta(), other:delta()
  local a = (other_way - way):squared()
  if a == 0.0 then
    local near = math.sqrt((other.from - self.from):squared()) <= RADIUS
    if near then return (self.from + other.from) * 0.5 else return nil end
  end
  local b = 2.0 * (self.from - other.from):dot(way - other_way)
  local c = -RADIUS * RADIUS + (other.from - self.from):squared()
  local discriminant = b * b - 4.0 * a * c
  if discriminant < 0.0 then return nil end
  local first = (-b - math.sqrt(discriminant)) / (2.0 * a)
  local last = (-b + math.sqrt(discriminant)) / (2.0 * a)
  if not (first <= last and (first <= 1.0 and 1.0 <= last or first <= 0.0 and 0.0 <= last
    or 0.0 <= first and last <= 1.0)) then
    return nil
  end
  local at = first <= 0.0 and 0.0 or first
  local place = (self.from + way * at + (other.from + other_way * at)) * 0.5
  if place:is_inside() then return place else return nil end
end

function Motion:touches(corner)
  if corner.x > WIDTH or corner.x < 0.0 or corner.y > WIDTH or corner.y < 0.0 then return false end
  local low_x, high_x, in_x = crossing(corner.x, self.from.x, self.to.x)
  local low_y, high_y, in_y = crossing(corner.y, self.from.y, self.to.y)
  if not in_x or not in_y then return false end
  return self.from.x == self.to.x or self.from.y == self.to.y
    or low_y <= high_x and high_x <= high_y
    or low_y <= low_x and low_x <= high_y
    or low_x <= low_y and high_y <= high_x
end

local function truncated(x) if x < 0.0 then return math.ceil(x) else return math.floor(x) end end

local function column_of(place)
  local x = COLUMN * truncated(place.x / COLUMN)
  local y = COLUMN * truncated(place.y / COLUMN)
  return Vector2.new(place.x < 0.0 and x - COLUMN or x, place.y < 0.0 and y - COLUMN or y)
end

local function draw(columns, seen, corner, motion)
  if not motion:touches(corner) then return end
  if seen:put(corner, true) ~= nil then return end
  local motions = columns:get(corner)
  if motions == nil then columns:put(corner, { motion }) else motions[#motions + 1] = motion end
  draw(columns, seen, corner - RIGHT, motion)
  draw(columns, seen, corner + RIGHT, motion)
  draw(columns, seen, corner - UP, motion)
  draw(columns, seen, corner + UP, motion)
  draw(columns, seen, corner - RIGHT - UP, motion)
  draw(columns, seen, corner - RIGHT + UP, motion)
  draw(columns, seen, corner + RIGHT - UP, motion)
  draw(columns, seen, corner + RIGHT + UP, motion)
end

local function crowded_columns(motions)
  local columns = Tree.new()
  for _, motion in ipairs(motions) do draw(columns, Tree.new(), column_of(motion.from), motion) end
  local crowded = {}
  columns:each(function(_, together)
    if #together > 1 then crowded[#crowded + 1] = together end
  end)
  return crowded
end

local Detector = som.class()

function Detector.new() return setmetatable({ positions = Tree.new() }, Detector) end

function Detector:collisions(frame)
  local collisions = {}
  for _, together in ipairs(crowded_columns(self:motions(frame))) do
    for i = 1, #together do
      local first = together[i]
      for j = i + 1, #together do
        local second = together[j]
        local place = first:meeting(second)
        if place ~= nil then
          collisions[#collisions + 1] = { first = first.sign, second = second.sign, position = place }
        end
      end
    end
  end
  return collisions
end

function Detector:motions(frame)
  local motions, seen = {}, Tree.new()
  for _, aircraft in ipairs(frame) do
    local sign, position = aircraft.sign, aircraft.position
    local before = self.positions:put(sign, position) or position
    seen:put(sign, true)
    motions[#motions + 1] = Motion.new(sign, before, position)
  end
  local gone = {}
  self.positions:each(function(sign, _)
    if seen:get(sign) == nil then gone[#gone + 1] = sign end
  end)
  for _, sign in ipairs(gone) do self.positions:remove(sign) end
  return motions
end

local function frame_at(signs, time)
  local frame = {}
  for i = 0, #signs - 1, 2 do
    frame[#frame + 1] = { sign = signs[i + 1], position = Vector3.new(time, math.cos(time) * 2.0 + i * 3.0, 10.0) }
    frame[#frame + 1] = { sign = signs[i + 2], position = Vector3.new(time, math.sin(time) * 2.0 + i * 3.0, 10.0) }
  end
  return frame
end

local function count(aircraft, frames)
  local signs = {}
  for i = 0, aircraft - 1 do signs[#signs + 1] = CallSign.new(i) end
  local detector = Detector.new()
  local collisions = 0
  for i = 0, frames - 1 do collisions = collisions + #detector:collisions(frame_at(signs, i / 10.0)) end
  return collisions
end

local known = { [2] = 42, [10] = 390, [100] = 4305, [200] = 8655, [250] = 10830, [500] = 14484, [1000] = 14484 }

local n = som.size()
som.report("CD", count(n, 200), known[n])
