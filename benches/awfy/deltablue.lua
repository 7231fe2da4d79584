local som = require("som")

local REQUIRED, PREFERRED, STRONG_DEFAULT, DEFAULT, WEAKEST = -800, -400, -200, 0, 10000
local NONE, FORWARD, BACKWARD = 0, 1, 2

local function remove_value(list, value)
  for i = 1, #list do
    if list[i] == value then table.remove(list, i); return end
  end
end

local Variable = som.class()

function Variable.new(value)
  return setmetatable({
    value = value or 0, constraints = {}, determined_by = nil, mark = 0, strength = WEAKEST, stay = true,
  }, Variable)
end

function Variable:remove(constraint)
  remove_value(self.constraints, constraint)
  if self.determined_by == constraint then self.determined_by = nil end
end

local Constraint = som.class()

function Constraint:is_input() return false end

function Constraint:activate(planner)
  self:add_to_graph()
  planner:add(self)
end

function Constraint:deactivate(planner)
  if self:is_satisfied() then planner:remove(self) end
  self:remove_from_graph()
end

function Constraint:inputs_known(mark)
  return not self:any_input(function(v)
    return v.mark ~= mark and not v.stay and v.determined_by ~= nil
  end)
end

function Constraint:satisfy(mark, planner)
  self:choose(mark)
  if not self:is_satisfied() then
    if self.strength == REQUIRED then error("a required constraint cannot be satisfied") end
    return nil
  end
  self:each_input(function(v) v.mark = mark end)
  local out = self:output()
  local overridden = out.determined_by
  if overridden ~= nil then overridden:unsatisfy() end
  out.determined_by = self
  if not planner:propagate(self, mark) then error("the constraints form a cycle") end
  out.mark = mark
  return overridden
end

local Unary = som.class(Constraint)

local function unary(class, out, strength, planner)
  local self = setmetatable({ strength = strength, out = out, satisfied = false }, class)
  self:activate(planner)
  return self
end

function Unary:is_satisfied() return self.satisfied end
function Unary:unsatisfy() self.satisfied = false end
function Unary:output() return self.out end
function Unary:execute() end
function Unary:each_input(_) end
function Unary:any_input(_) return false end

function Unary:add_to_graph()
  local constraints = self.out.constraints
  constraints[#constraints + 1] = self
  self.satisfied = false
end

function Unary:remove_from_graph()
  self.out:remove(self)
  self.satisfied = false
end

function Unary:choose(mark)
  self.satisfied = self.out.mark ~= mark and self.strength < self.out.strength
end

function Unary:recalculate()
  self.out.strength = self.strength
  self.out.stay = not self:is_input()
  if self.out.stay then self:execute() end
end

local Stay = som.class(Unary)
function Stay.new(out, strength, planner) return unary(Stay, out, strength, planner) end

local Edit = som.class(Unary)
function Edit.new(out, strength, planner) return unary(Edit, out, strength, planner) end
function Edit:is_input() return true end

local Binary = som.class(Constraint)

function Binary:init(a, b, strength, planner)
  self.strength = strength
  self.a = a
  self.b = b
  self.direction = NONE
  self:activate(planner)
  return self
end

function Binary:is_satisfied() return self.direction ~= NONE end
function Binary:unsatisfy() self.direction = NONE end
function Binary:output() if self.direction == FORWARD then return self.b else return self.a end end
function Binary:input() if self.direction == FORWARD then return self.a else return self.b end end
function Binary:each_input(f) f(self:input()) end
function Binary:any_input(f) return f(self:input()) end

function Binary:add_to_graph()
  local constraints = self.a.constraints
  constraints[#constraints + 1] = self
  constraints = self.b.constraints
  constraints[#constraints + 1] = self
  self.direction = NONE
end

function Binary:remove_from_graph()
  self.a:remove(self)
  self.b:remove(self)
  self.direction = NONE
end

function Binary:choose(mark)
  local a, b, strength = self.a, self.b, self.strength
  if a.mark == mark then
    self.direction = (b.mark ~= mark and strength < b.strength) and FORWARD or NONE
  elseif b.mark == mark then
    self.direction = strength < a.strength and BACKWARD or NONE
  elseif a.strength > b.strength then
    self.direction = strength < a.strength and BACKWARD or NONE
  else
    self.direction = strength < b.strength and FORWARD or NONE
  end
end

function Binary:recalculate()
  local source = self:input()
  local out = self:output()
  out.strength = source.strength > self.strength and source.strength or self.strength
  out.stay = self:stays(source)
  if out.stay then self:execute() end
end

function Binary:stays(source) return source.stay end

local Equality = som.class(Binary)

function Equality.new(a, b, strength, planner)
  return setmetatable({}, Equality):init(a, b, strength, planner)
end

function Equality:execute() self:output().value = self:input().value end

local Scale = som.class(Binary)

function Scale.new(a, scale, offset, b, strength, planner)
  return setmetatable({ scale = scale, offset = offset }, Scale):init(a, b, strength, planner)
end

function Scale:add_to_graph()
  Binary.add_to_graph(self)
  local constraints = self.scale.constraints
  constraints[#constraints + 1] = self
  constraints = self.offset.constraints
  constraints[#constraints + 1] = self
end

function Scale:remove_from_graph()
  Binary.remove_from_graph(self)
  self.scale:remove(self)
  self.offset:remove(self)
end

function Scale:each_input(f)
  Binary.each_input(self, f)
  f(self.scale)
  f(self.offset)
end

function Scale:stays(source) return source.stay and self.scale.stay and self.offset.stay end

function Scale:execute()
  if self.direction == FORWARD then
    self.b.value = self.a.value * self.scale.value + self.offset.value
  else
    self.a.value = (self.b.value - self.offset.value) // self.scale.value
  end
end

local Planner = som.class()

function Planner.new() return setmetatable({ mark = 1 }, Planner) end

function Planner:new_mark()
  self.mark = self.mark + 1
  return self.mark
end

function Planner:add(constraint)
  local mark = self:new_mark()
  local overridden = constraint:satisfy(mark, self)
  while overridden ~= nil do overridden = overridden:satisfy(mark, self) end
end

function Planner:remove(constraint)
  local out = constraint:output()
  constraint:unsatisfy()
  constraint:remove_from_graph()
  for _, freed in ipairs(self:unsatisfied_behind(out)) do self:add(freed) end
end

function Planner:plan(constraints)
  local sources = {}
  for _, c in ipairs(constraints) do
    if c:is_input() and c:is_satisfied() then sources[#sources + 1] = c end
  end
  return self:plan_from(sources)
end

function Planner:plan_from(sources)
  local mark = self:new_mark()
  local plan, todo = {}, sources
  while #todo > 0 do
    local c = table.remove(todo)
    local out = c:output()
    if out.mark ~= mark and c:inputs_known(mark) then
      plan[#plan + 1] = c
      out.mark = mark
      self:consumers(out, function(d) todo[#todo + 1] = d end)
    end
  end
  return plan
end

function Planner:propagate(constraint, mark)
  local todo = { constraint }
  while #todo > 0 do
    local d = table.remove(todo)
    if d:output().mark == mark then
      self:remove(constraint)
      return false
    end
    d:recalculate()
    self:consumers(d:output(), function(c) todo[#todo + 1] = c end)
  end
  return true
end

function Planner:consumers(variable, f)
  for _, c in ipairs(variable.constraints) do
    if c ~= variable.determined_by and c:is_satisfied() then f(c) end
  end
end

function Planner:unsatisfied_behind(out)
  local unsatisfied = {}
  out.determined_by = nil
  out.strength = WEAKEST
  out.stay = true
  local todo = { out }
  while #todo > 0 do
    local v = table.remove(todo)
    for _, c in ipairs(v.constraints) do
      if not c:is_satisfied() then unsatisfied[#unsatisfied + 1] = c end
    end
    self:consumers(v, function(c)
      c:recalculate()
      todo[#todo + 1] = c:output()
    end)
  end
  table.sort(unsatisfied, function(a, b) return a.strength < b.strength end)
  return unsatisfied
end

local function run(plan)
  for _, constraint in ipairs(plan) do constraint:execute() end
end

function Planner:change(variable, value)
  local edit = Edit.new(variable, PREFERRED, self)
  local plan = self:plan({ edit })
  for _ = 1, 10 do
    variable.value = value
    run(plan)
  end
  edit:deactivate(self)
end

local function chain(n)
  local planner = Planner.new()
  local variables = {}
  for i = 1, n + 1 do variables[i] = Variable.new() end
  for i = 1, n do Equality.new(variables[i], variables[i + 1], REQUIRED, planner) end
  Stay.new(variables[n + 1], STRONG_DEFAULT, planner)
  local edit = Edit.new(variables[1], PREFERRED, planner)
  local plan = planner:plan({ edit })
  for i = 0, 99 do
    variables[1].value = i
    run(plan)
    assert(variables[n + 1].value == i)
  end
  edit:deactivate(planner)
  return #plan
end

local function projection(n)
  local planner = Planner.new()
  local scale, offset = Variable.new(10), Variable.new(1000)
  local targets = {}
  local source, target
  for i = 1, n do
    source, target = Variable.new(i), Variable.new(i)
    targets[i] = target
    Stay.new(source, DEFAULT, planner)
    Scale.new(source, scale, offset, target, REQUIRED, planner)
  end
  planner:change(source, 17)
  assert(target.value == 1170)
  planner:change(target, 1050)
  assert(source.value == 5)
  planner:change(scale, 5)
  for i = 1, n - 1 do assert(targets[i].value == i * 5 + 1000) end
  planner:change(offset, 2000)
  for i = 1, n - 1 do assert(targets[i].value == i * 5 + 2000) end
  return source.value .. " " .. target.value
end

local n = som.size()
print("DeltaBlue: " .. chain(n) .. " " .. projection(n))
