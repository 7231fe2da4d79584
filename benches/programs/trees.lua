local function tree(depth)
  if depth == 0 then return {} end
  return { tree(depth - 1), tree(depth - 1) }
end
local function count(t)
  if #t == 0 then return 1 end
  return 1 + count(t[1]) + count(t[2])
end
local total = 0
for i = 1, 20 do total = total + count(tree(14)) end
print(total)
