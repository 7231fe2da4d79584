local som = require("som")

local IDLER, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = 1, 2, 3, 4, 5, 6
local DEVICE_PACKET, WORK_PACKET = 0, 1
local PACKET_SIZE = 4

local Packet = som.class()

function Packet.new(link, to, kind)
  return setmetatable(
    { link = link, to = to, kind = kind, datum = 0, data = som.filled(PACKET_SIZE, 0) }, Packet)
end

local function append(packet, chain)
  packet.link = nil
  if chain == nil then return packet end
  local last = chain
  while last.link ~= nil do last = last.link end
  last.link = packet
  return chain
end

local Task = som.class()

function Task.new(link, id, priority, input, is_waiting, step)
  return setmetatable({
    link = link, id = id, priority = priority, input = input,
    has_packet = input ~= nil, is_waiting = is_waiting, is_held = false, step = step,
  }, Task)
end

function Task:is_blocked()
  return self.is_held or (not self.has_packet and self.is_waiting)
end

function Task:receive(packet, running)
  if self.input == nil then
    self.input = packet
    self.has_packet = true
    if self.priority > running.priority then return self end
  else
    append(packet, self.input)
  end
  return running
end

function Task:run()
  local message = nil
  if self.has_packet and self.is_waiting and not self.is_held then
    message = self.input
    self.input = message.link
    self.is_waiting = false
    self.has_packet = self.input ~= nil
  end
  return self.step(message)
end

local Scheduler = som.class()

function Scheduler.new()
  return setmetatable(
    { tasks = nil, table = {}, running = nil, running_id = 0, queued = 0, held = 0 }, Scheduler)
end

function Scheduler:schedule()
  self.running = self.tasks
  while self.running ~= nil do
    if self.running:is_blocked() then
      self.running = self.running.link
    else
      self.running_id = self.running.id
      self.running = self.running:run()
    end
  end
end

function Scheduler:add(id, priority, input, is_waiting, step)
  self.tasks = Task.new(self.tasks, id, priority, input, is_waiting, step)
  self.table[id] = self.tasks
end

function Scheduler:wait()
  self.running.is_waiting = true
  return self.running
end

function Scheduler:hold()
  self.held = self.held + 1
  self.running.is_held = true
  return self.running.link
end

function Scheduler:release(id)
  local task = self:find(id)
  task.is_held = false
  if task.priority > self.running.priority then return task else return self.running end
end

function Scheduler:queue(packet)
  local task = self:find(packet.to)
  self.queued = self.queued + 1
  packet.link = nil
  packet.to = self.running_id
  return task:receive(packet, self.running)
end

function Scheduler:find(id) return self.table[id] or error("there is no task " .. id) end

function Scheduler:add_idler(count)
  local control, left = 1, count
  self:add(IDLER, 0, nil, false, function(_)
    left = left - 1
    if left == 0 then return self:hold() end
    if control & 1 == 0 then
      control = control // 2
      return self:release(DEVICE_A)
    end
    control = (control // 2) ~ 53256
    return self:release(DEVICE_B)
  end)
end

function Scheduler:add_worker(input)
  local destination, count = HANDLER_A, 0
  self:add(WORKER, 1000, input, true, function(packet)
    if packet == nil then return self:wait() end
    destination = destination == HANDLER_A and HANDLER_B or HANDLER_A
    packet.to = destination
    packet.datum = 0
    for i = 1, PACKET_SIZE do
      count = count + 1
      if count > 26 then count = 1 end
      packet.data[i] = 64 + count
    end
    return self:queue(packet)
  end)
end

function Scheduler:add_handler(id, priority, input)
  local work, device = nil, nil
  self:add(id, priority, input, true, function(packet)
    if packet ~= nil then
      if packet.kind == WORK_PACKET then work = append(packet, work) else device = append(packet, device) end
    end
    if work == nil then return self:wait() end
    local count = work.datum
    if count >= PACKET_SIZE then
      local done = work
      work = done.link
      return self:queue(done)
    end
    if device == nil then return self:wait() end
    local sent = device
    device = sent.link
    sent.datum = work.data[count + 1]
    work.datum = count + 1
    return self:queue(sent)
  end)
end

function Scheduler:add_device(id, priority)
  local pending = nil
  self:add(id, priority, nil, true, function(packet)
    if packet ~= nil then
      pending = packet
      return self:hold()
    end
    if pending == nil then return self:wait() end
    local sent = pending
    pending = nil
    return self:queue(sent)
  end)
end

local function packets(count, to, kind)
  local chain = nil
  for _ = 1, count do chain = Packet.new(chain, to, kind) end
  return chain
end

local function richards(rounds)
  local scheduler = Scheduler.new()
  scheduler:add_idler(rounds)
  scheduler:add_worker(packets(2, WORKER, WORK_PACKET))
  scheduler:add_handler(HANDLER_A, 2000, packets(3, DEVICE_A, DEVICE_PACKET))
  scheduler:add_handler(HANDLER_B, 3000, packets(3, DEVICE_B, DEVICE_PACKET))
  scheduler:add_device(DEVICE_A, 4000)
  scheduler:add_device(DEVICE_B, 5000)
  scheduler:schedule()
  return scheduler.queued .. "," .. scheduler.held
end

som.repeated("Richards", som.size(), "23246,9297", function() return richards(10000) end)
