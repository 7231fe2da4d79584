local som = require("som")

local function escapes(cr, ci)
  local real, imaginary, zi = 0.0, 0.0, 0.0
  for _ = 1, 50 do
    local zr = real - imaginary + cr
    zi = 2.0 * zr * zi + ci
    real = zr * zr
    imaginary = zi * zi
    if real + imaginary > 4.0 then return true end
  end
  return false
end

local function checksum(size)
  local sum = 0
  for y = 0, size - 1 do
    local ci = 2.0 * y / size - 1.0
    local byte, bits = 0, 0
    for x = 0, size - 1 do
      local cr = 2.0 * x / size - 1.5
      byte = (byte << 1) + (escapes(cr, ci) and 1 or 0)
      bits = bits + 1
      if bits == 8 or x == size - 1 then
        sum = sum ~ (byte << (8 - bits))
        byte, bits = 0, 0
      end
    end
  end
  return sum
end

local known = { [1] = 128, [500] = 191, [750] = 50 }

local size = som.size()
som.report("Mandelbrot", checksum(size), known[size])
