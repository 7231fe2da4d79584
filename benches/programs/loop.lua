-- 100 million turns of a loop of ints.
local sum = 0
for i = 0, 99999999 do sum = sum + i % 7 end
print(sum)
