local som = require("som")

local Disk = som.class()

function Disk.new(size) return setmetatable({ size = size, next = nil }, Disk) end

local Towers = som.class()

function Towers.new() return setmetatable({ piles = {}, moves = 0 }, Towers) end

function Towers:push(disk, pile)
  local top = self.piles[pile]
  if top ~= nil and disk.size >= top.size then error("a disk cannot lie on a smaller one") end
  disk.next = top
  self.piles[pile] = disk
end

function Towers:pop(pile)
  local top = self.piles[pile]
  if top == nil then error("there is no disk on pile " .. pile) end
  self.piles[pile] = top.next
  top.next = nil
  return top
end

function Towers:build(pile, disks)
  for i = disks, 0, -1 do self:push(Disk.new(i), pile) end
end

function Towers:move(disks, from, to)
  if disks == 1 then
    self:push(self:pop(from), to)
    self.moves = self.moves + 1
    return
  end
  local other = 6 - from - to
  self:move(disks - 1, from, other)
  self:move(1, from, to)
  self:move(disks - 1, other, to)
end

local function moves(disks)
  local towers = Towers.new()
  towers:build(1, disks)
  towers:move(disks, 1, 2)
  return towers.moves
end

som.repeated("Towers", som.size(), 8191, function() return moves(13) end)
