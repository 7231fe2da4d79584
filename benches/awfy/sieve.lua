local som = require("som")

local function sieve(limit)
  local flags = som.filled(limit, true)
  local count = 0
  for i = 2, limit do
    if flags[i - 1] then
      count = count + 1
      local k = i + i
      while k <= limit do
        flags[k - 1] = false
        k = k + i
      end
    end
  end
  return count
end

som.repeated("Sieve", som.size(), 669, function() return sieve(5000) end)
