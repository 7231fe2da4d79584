local som = require("som")

local Tree = som.class()
local Node = som.class()

function Tree.new() return setmetatable({ root = nil }, Tree) end

function Node.new(key, value, parent)
  return setmetatable(
    { key = key, value = value, parent = parent, left = nil, right = nil, is_red = true }, Node)
end

function Node:first()
  local node = self
  while node.left ~= nil do node = node.left end
  return node
end

function Node:next()
  if self.right ~= nil then return self.right:first() end
  local node = self
  local parent = node.parent
  while parent ~= nil and node == parent.right do
    node = parent
    parent = node.parent
  end
  return parent
end

local function is_red(node) return node ~= nil and node.is_red end

function Tree:get(key)
  local node = self:find(key)
  if node == nil then return nil else return node.value end
end

function Tree:put(key, value)
  local parent, place, side = nil, self.root, 0
  while place ~= nil do
    parent = place
    side = key:compare(place.key)
    if side == 0 then
      local old = place.value
      place.value = value
      return old
    end
    if side < 0 then place = place.left else place = place.right end
  end
  local node = Node.new(key, value, parent)
  if parent == nil then
    self.root = node
  elseif side < 0 then
    parent.left = node
  else
    parent.right = node
  end
  self:mend_after_put(node)
  return nil
end

function Tree:remove(key)
  local node = self:find(key)
  if node == nil then return nil end
  local taken = node
  if node.left ~= nil and node.right ~= nil then taken = node:next() end
  local child = taken.left or taken.right
  local parent = taken.parent
  if child ~= nil then child.parent = parent end
  self:replace(taken, parent, child)
  if not taken.is_red then self:mend_after_remove(child, parent) end
  if taken ~= node then self:put_in_place_of(taken, node) end
  return node.value
end

function Tree:each(f)
  if self.root == nil then return end
  local node = self.root:first()
  while node ~= nil do
    f(node.key, node.value)
    node = node:next()
  end
end

function Tree:find(key)
  local node = self.root
  while node ~= nil do
    local side = key:compare(node.key)
    if side == 0 then return node end
    if side < 0 then node = node.left else node = node.right end
  end
  return nil
end

function Tree:replace(node, parent, other)
  if parent == nil then
    self.root = other
  elseif node == parent.left then
    parent.left = other
  else
    parent.right = other
  end
end

function Tree:put_in_place_of(node, old)
  node.is_red = old.is_red
  node.parent = old.parent
  node.left = old.left
  node.right = old.right
  if old.left ~= nil then old.left.parent = node end
  if old.right ~= nil then old.right.parent = node end
  self:replace(old, old.parent, node)
end

function Tree:rotate_left(node)
  local up = node.right
  node.right = up.left
  if up.left ~= nil then up.left.parent = node end
  up.parent = node.parent
  self:replace(node, node.parent, up)
  up.left = node
  node.parent = up
end

function Tree:rotate_right(node)
  local up = node.left
  node.left = up.right
  if up.right ~= nil then up.right.parent = node end
  up.parent = node.parent
  self:replace(node, node.parent, up)
  up.right = node
  node.parent = up
end

function Tree:mend_after_put(new)
  local node = new
  while node ~= self.root and node.parent.is_red do
    local above = node.parent.parent
    local on_left = node.parent == above.left
    local uncle
    if on_left then uncle = above.right else uncle = above.left end
    if is_red(uncle) then
      node.parent.is_red = false
      uncle.is_red = false
      above.is_red = true
      node = above
    else
      if on_left then
        if node == node.parent.right then node = node.parent; self:rotate_left(node) end
      else
        if node == node.parent.left then node = node.parent; self:rotate_right(node) end
      end
      node.parent.is_red = false
      above.is_red = true
      if on_left then self:rotate_right(above) else self:rotate_left(above) end
    end
  end
  self.root.is_red = false
end

function Tree:mend_after_remove(start, start_parent)
  local node, parent = start, start_parent
  while node ~= self.root and not is_red(node) do
    local on_left = node == parent.left
    local sibling
    if on_left then sibling = parent.right else sibling = parent.left end
    if sibling.is_red then
      sibling.is_red = false
      parent.is_red = true
      if on_left then self:rotate_left(parent) else self:rotate_right(parent) end
      if on_left then sibling = parent.right else sibling = parent.left end
    end
    if not is_red(sibling.left) and not is_red(sibling.right) then
      sibling.is_red = true
      node = parent
      parent = node.parent
    else
      if on_left then
        if not is_red(sibling.right) then
          sibling.left.is_red = false
          sibling.is_red = true
          self:rotate_right(sibling)
          sibling = parent.right
        end
        sibling.right.is_red = false
      else
        if not is_red(sibling.left) then
          sibling.right.is_red = false
          sibling.is_red = true
          self:rotate_left(sibling)
          sibling = parent.left
        end
        sibling.left.is_red = false
      end
      sibling.is_red = parent.is_red
      parent.is_red = false
      if on_left then self:rotate_left(parent) else self:rotate_right(parent) end
      node = self.root
    end
  end
  if node ~= nil then node.is_red = false end
end

return Tree
