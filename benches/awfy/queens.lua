local som = require("som")

local Board = som.class()

function Board.new()
  return setmetatable({
    rows = som.filled(8, true),
    rising = som.filled(16, true),
    falling = som.filled(16, true),
    queens = som.filled(8, -1),
  }, Board)
end

function Board:is_free(row, column)
  return self.rows[row] and self.rising[column + row] and self.falling[column - row + 8]
end

function Board:mark(row, column, free)
  self.rows[row] = free
  self.rising[column + row] = free
  self.falling[column - row + 8] = free
end

function Board:place(column)
  for row = 1, 8 do
    if self:is_free(row, column) then
      self.queens[row] = column
      self:mark(row, column, false)
      if column == 8 or self:place(column + 1) then return true end
      self:mark(row, column, true)
    end
  end
  return false
end

local function all_placed(times)
  local placed = true
  for _ = 1, times do placed = Board.new():place(1) and placed end
  return placed
end

som.repeated("Queens", som.size(), true, function() return all_placed(10) end)
