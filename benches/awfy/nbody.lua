local som = require("som")

local SOLAR_MASS = 4 * 3.141592653589793 * 3.141592653589793
local DAYS_PER_YEAR = 365.24
local PLANETS = {
  { 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0 },
  { 4.84143144246472090e0, -1.16032004402742839e0, -1.03622044471123109e-1,
    1.66007664274403694e-3, 7.69901118419740425e-3, -6.90460016972063023e-5, 9.54791938424326609e-4 },
  { 8.34336671824457987e0, 4.12479856412430479e0, -4.03523417114321381e-1,
    -2.76742510726862411e-3, 4.99852801234917238e-3, 2.30417297573763929e-5, 2.85885980666130812e-4 },
  { 1.28943695621391310e1, -1.51111514016986312e1, -2.23307578892655734e-1,
    2.96460137564761618e-3, 2.37847173959480950e-3, -2.96589568540237556e-5, 4.36624404335156298e-5 },
  { 1.53796971148509165e1, -2.59193146099879641e1, 1.79258772950371181e-1,
    2.68067772490389322e-3, 1.62824170038242295e-3, -9.51592254519715870e-5, 5.15138902046611451e-5 },
}

local Body = som.class()

function Body.of(n)
  return setmetatable({
    x = n[1], y = n[2], z = n[3],
    vx = n[4] * DAYS_PER_YEAR, vy = n[5] * DAYS_PER_YEAR, vz = n[6] * DAYS_PER_YEAR,
    mass = n[7] * SOLAR_MASS,
  }, Body)
end

function Body:move(dt)
  self.x = self.x + dt * self.vx
  self.y = self.y + dt * self.vy
  self.z = self.z + dt * self.vz
end

function Body:kinetic()
  return 0.5 * self.mass * (self.vx * self.vx + self.vy * self.vy + self.vz * self.vz)
end

local System = som.class()

function System.new()
  local bodies = {}
  for i, numbers in ipairs(PLANETS) do bodies[i] = Body.of(numbers) end
  local px, py, pz = 0.0, 0.0, 0.0
  for _, body in ipairs(bodies) do
    px = px + body.vx * body.mass
    py = py + body.vy * body.mass
    pz = pz + body.vz * body.mass
  end
  local sun = bodies[1]
  sun.vx = -(px / SOLAR_MASS)
  sun.vy = -(py / SOLAR_MASS)
  sun.vz = -(pz / SOLAR_MASS)
  return setmetatable({ bodies = bodies }, System)
end

function System:advance(dt)
  local bodies = self.bodies
  for i = 1, #bodies do
    local a = bodies[i]
    for j = i + 1, #bodies do
      local b = bodies[j]
      local dx = a.x - b.x
      local dy = a.y - b.y
      local dz = a.z - b.z
      local squared = dx * dx + dy * dy + dz * dz
      local magnitude = dt / (squared * math.sqrt(squared))
      a.vx = a.vx - dx * b.mass * magnitude
      a.vy = a.vy - dy * b.mass * magnitude
      a.vz = a.vz - dz * b.mass * magnitude
      b.vx = b.vx + dx * a.mass * magnitude
      b.vy = b.vy + dy * a.mass * magnitude
      b.vz = b.vz + dz * a.mass * magnitude
    end
  end
  for _, body in ipairs(bodies) do body:move(dt) end
end

function System:energy()
  local energy = 0.0
  local bodies = self.bodies
  for i, a in ipairs(bodies) do
    energy = energy + a:kinetic()
    for j = i + 1, #bodies do
      local b = bodies[j]
      local dx = a.x - b.x
      local dy = a.y - b.y
      local dz = a.z - b.z
      energy = energy - a.mass * b.mass / math.sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  return energy
end

local known = {
  [1] = -0.16907495402506745,
  [1600] = -0.16901124420350946,
  [16000] = -0.16902211820216737,
  [250000] = -0.1690859889909308,
}

local steps = som.size()
local system = System.new()
for _ = 1, steps do system:advance(0.01) end
som.report("NBody", system:energy(), known[steps])
