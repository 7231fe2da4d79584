local som = require("som")

local UNVISITED = math.maxinteger
local NONHEADER, REDUCIBLE, IRREDUCIBLE, SELF, DEAD = "nonheader", "reducible", "irreducible", "self", "dead"

-- A set that keeps the order in which its values came, as Kettle's does.
local Set = som.class()

function Set.new() return setmetatable({ known = {}, values = {} }, Set) end

function Set:add(value)
  if self.known[value] then return end
  self.known[value] = true
  self.values[#self.values + 1] = value
end

local Block = som.class()

function Block.new(id) return setmetatable({ id = id, sources = {}, targets = {} }, Block) end

local Graph = som.class()

function Graph.new() return setmetatable({ blocks = {}, start = nil, edges = 0 }, Graph) end

function Graph:block(id)
  while #self.blocks <= id do self.blocks[#self.blocks + 1] = false end
  if not self.blocks[id + 1] then self.blocks[id + 1] = Block.new(id) end
  if self.start == nil then self.start = self.blocks[id + 1] end
  return self.blocks[id + 1]
end

function Graph:connect(from, to)
  local source, target = self:block(from), self:block(to)
  source.targets[#source.targets + 1] = target
  target.sources[#target.sources + 1] = source
  self.edges = self.edges + 1
end

function Graph:straight(start, n)
  for i = 0, n - 1 do self:connect(start + i, start + i + 1) end
  return start + n
end

function Graph:diamond(start)
  self:connect(start, start + 1)
  self:connect(start, start + 2)
  self:connect(start + 1, start + 3)
  self:connect(start + 2, start + 3)
  return start + 3
end

function Graph:base_loop(from)
  local header = self:straight(from, 1)
  local first = self:diamond(header)
  local middle = self:straight(first, 1)
  local second = self:diamond(middle)
  local footer = self:straight(second, 1)
  self:connect(second, middle)
  self:connect(first, header)
  self:connect(footer, from)
  return self:straight(footer, 1)
end

function Graph:loops(outer, middle, inner)
  local n = 2
  for _ = 1, outer do
    self:block(n + 1)
    self:connect(2, n + 1)
    n = n + 1
    for _ = 1, middle do
      local top = n
      n = self:straight(n, 1)
      for _ = 1, inner do n = self:base_loop(n) end
      local bottom = self:straight(n, 1)
      self:connect(n, top)
      n = bottom
    end
    self:connect(n, 1)
  end
end

local Loop = som.class()

function Loop.new(header, is_reducible)
  local self = setmetatable({
    header = header, is_reducible = is_reducible, parent = nil, is_root = false,
    nesting = 0, depth = 0, blocks = Set.new(), children = Set.new(),
  }, Loop)
  if header ~= nil then self.blocks:add(header) end
  return self
end

function Loop:set_parent(parent)
  self.parent = parent
  parent.children:add(self)
end

function Loop:set_nesting(level)
  self.nesting = level
  if level == 0 then self.is_root = true end
end

local Structure = som.class()

function Structure.new()
  local root = Loop.new(nil, true)
  root:set_nesting(0)
  return setmetatable({ root = root, loops = { root } }, Structure)
end

function Structure:add(header, is_reducible)
  local found = Loop.new(header, is_reducible)
  self.loops[#self.loops + 1] = found
  return found
end

function Structure:measure()
  for _, inner in ipairs(self.loops) do
    if not inner.is_root and inner.parent == nil then inner:set_parent(self.root) end
  end
  self:measure_below(self.root, 0)
end

function Structure:measure_below(outer, depth)
  outer.depth = depth
  for _, inner in ipairs(outer.children.values) do
    self:measure_below(inner, depth + 1)
    outer:set_nesting(math.max(outer.nesting, inner.nesting + 1))
  end
end

local Node = som.class()

function Node.new()
  return setmetatable({ parent = nil, block = nil, number = 0, found = nil }, Node)
end

function Node:start(block, number)
  self.parent = self
  self.block = block
  self.number = number
end

function Node:find()
  local passed = {}
  local node = self
  while node ~= node.parent do
    if node.parent ~= node.parent.parent then passed[#passed + 1] = node end
    node = node.parent
  end
  for _, each in ipairs(passed) do each.parent = self.parent end
  return node
end

local Finder = som.class()

function Finder.new(graph, structure)
  return setmetatable({
    graph = graph, structure = structure, other_sources = {}, back_sources = {},
    number = {}, header = {}, kind = {}, last = {}, nodes = {},
  }, Finder)
end

function Finder:is_ancestor(w, v) return w <= v and v <= self.last[w + 1] end

function Finder:visit(block, current)
  self.nodes[current + 1]:start(block, current)
  self.number[block] = current
  local last = current
  for _, target in ipairs(block.targets) do
    if self.number[target] == UNVISITED then last = self:visit(target, last + 1) end
  end
  self.last[current + 1] = last
  return last
end

function Finder:sort_edges(w)
  local block = self.nodes[w + 1].block
  if block == nil then self.kind[w + 1] = DEAD; return end
  for _, source in ipairs(block.sources) do
    local v = self.number[source]
    if v ~= UNVISITED then
      if self:is_ancestor(w, v) then
        local back = self.back_sources[w + 1]
        back[#back + 1] = v
      else
        self.other_sources[w + 1]:add(v)
      end
    end
  end
end

function Finder:prepare()
  local size = #self.graph.blocks
  self.header = som.filled(size, 0)
  self.kind = som.filled(size, NONHEADER)
  self.last = som.filled(size, 0)
  for i = 1, size do
    self.nodes[i] = Node.new()
    self.other_sources[i] = Set.new()
    self.back_sources[i] = {}
  end
  for _, block in ipairs(self.graph.blocks) do self.number[block] = UNVISITED end
  self:visit(self.graph.start, 0)
  for w = 0, size - 1 do self:sort_edges(w) end
end

function Finder:find_loops()
  if self.graph.start == nil then return end
  self:prepare()
  for w = #self.nodes - 1, 0, -1 do
    if self.nodes[w + 1].block ~= nil then
      local pool = self:sources_of(w)
      local todo = table.move(pool, 1, #pool, 1, {})
      if #pool > 0 then self.kind[w + 1] = REDUCIBLE end
      while #todo > 0 do self:chase(w, table.remove(todo, 1), pool, todo) end
      if #pool > 0 or self.kind[w + 1] == SELF then self:close(w, pool) end
    end
  end
end

function Finder:sources_of(w)
  local pool = {}
  for _, v in ipairs(self.back_sources[w + 1]) do
    if v == w then self.kind[w + 1] = SELF else pool[#pool + 1] = self.nodes[v + 1]:find() end
  end
  return pool
end

function Finder:chase(w, node, pool, todo)
  for _, v in ipairs(self.other_sources[node.number + 1].values) do
    local source = self.nodes[v + 1]:find()
    if not self:is_ancestor(w, source.number) then
      self.kind[w + 1] = IRREDUCIBLE
      self.other_sources[w + 1]:add(source.number)
    elseif source.number ~= w then
      todo[#todo + 1] = source
      pool[#pool + 1] = source
    end
  end
end

function Finder:close(w, pool)
  local head = self.nodes[w + 1]
  local outer = self.structure:add(head.block, self.kind[w + 1] ~= IRREDUCIBLE)
  head.found = outer
  for _, node in ipairs(pool) do
    self.header[node.number + 1] = w
    node.parent = head
    if node.found == nil then outer.blocks:add(node.block) else node.found:set_parent(outer) end
  end
end

local function havlak(warm_up, rounds, outer, middle, inner)
  local graph, structure = Graph.new(), Structure.new()
  graph:block(0)
  graph:base_loop(0)
  graph:block(1)
  graph:connect(0, 2)
  for _ = 1, warm_up do Finder.new(graph, structure):find_loops() end
  graph:loops(outer, middle, inner)
  Finder.new(graph, structure):find_loops()
  for _ = 1, rounds do Finder.new(graph, Structure.new()):find_loops() end
  structure:measure()
  return #structure.loops .. "," .. #graph.blocks
end

local known = { [1] = 1605, [15] = 1647, [150] = 2052, [1500] = 6102, [15000] = 46602 }

local n = som.size()
som.report("Havlak", havlak(n, 50, 10, 10, 5), known[n] and known[n] .. ",5213")
