local som = require("som")

local WIDTH, HEIGHT = 500, 500

local Ball = som.class()

function Ball.new(random)
  return setmetatable({
    x = random:next() % WIDTH,
    y = random:next() % HEIGHT,
    dx = random:next() % 300 - 150,
    dy = random:next() % 300 - 150,
  }, Ball)
end

function Ball:bounce()
  local bounced = false
  self.x = self.x + self.dx
  self.y = self.y + self.dy
  if self.x > WIDTH then self.x = WIDTH; self.dx = -math.abs(self.dx); bounced = true end
  if self.x < 0 then self.x = 0; self.dx = math.abs(self.dx); bounced = true end
  if self.y > HEIGHT then self.y = HEIGHT; self.dy = -math.abs(self.dy); bounced = true end
  if self.y < 0 then self.y = 0; self.dy = math.abs(self.dy); bounced = true end
  return bounced
end

local function bounces()
  local random = som.Random.new()
  local balls = {}
  for i = 1, 100 do balls[i] = Ball.new(random) end
  local count = 0
  for _ = 1, 50 do
    for _, ball in ipairs(balls) do
      if ball:bounce() then count = count + 1 end
    end
  end
  return count
end

som.repeated("Bounce", som.size(), 1331, bounces)
