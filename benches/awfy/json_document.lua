local FIRST_ROW = 108
local TITLES = { "Nr.", "Sym.", "Name", "Series", "Group", "Period" }
local SYLLABLES = { "hy", "dro", "ber", "yl", "li", "um", "car", "bon", "nit", "ox", "ne", "so" }
local SERIES = { "Nonmetal", "Noble gas", "Alkali metal", "Metalloid", "Halogen", "Transition metal", "Lanthanide" }

local function title(text) return text:sub(1, 1):upper() .. text:sub(2) end

local function add(list, format, ...) list[#list + 1] = format:format(...) end

local function frame(out)
  add(out, '["destroy","w54"]')
  add(out, '["set","w2",{"activeControl":"w99"}]')
  add(out, '["set","w53",{"children":["w95"]}]')
  for i, id in ipairs({ "w95", "w96", "w97", "w98", "w99", "w100" }) do
    add(out, '["create","%s","rwt.widgets.Composite",{"parent":"w%d","style":["NONE"],'
      .. '"bounds":[0,%d,1008,586],"tabIndex":-1,"opacity":0.%d5,'
      .. '"text":"say \\"hello\\"\\n\\tto %s","clientArea":[0,0,1008,586]}]', id, 93 + i, (i - 1) * 31, i - 1, id)
  end
  for _, id in ipairs({ "w98", "w99", "w100" }) do
    add(out, '["listen","%s",{"Selection":true,"KeyDown":true,"Modify":false}]', id)
  end
  for i = 0, 11 do
    add(out, '["set","w99",{"itemMetrics":[[%d,%d,50,%d,0,%d,44]],"itemHeight":28}]', i, i * 50, i * 50 + 3, i * 50 + 3)
  end
end

local function columns(out)
  for i, text in ipairs(TITLES) do
    add(out, '["create","w%d","rwt.widgets.GridColumn",{"parent":"w99","text":"%s",'
      .. '"index":%d,"left":%d,"width":50,"moveable":true}]', 101 + i, text, i - 1, (i - 1) * 70)
    add(out, '["listen","w%d",{"Selection":true}]', 101 + i)
  end
end

local function row(out, i)
  local name = SYLLABLES[i % 12 + 1] .. SYLLABLES[i * 5 % 12 + 1] .. SYLLABLES[i * 7 % 12 + 1]
  add(out, '["create","w%d","rwt.widgets.GridItem",{"parent":"w99","index":%d,'
    .. '"texts":["%d","%s","%s","%s","%d","%d"],'
    .. '"cellBackgrounds":[null,null,null,[%d,%d,%d,255],null,null]}]', FIRST_ROW + i, i,
    i + 1, title(name:sub(1, 2)), title(name), SERIES[i % 7 + 1], i % 18, i // 18,
    i * 11 % 256, i * 29 % 256, i * 53 % 256)
end

-- The document without blanks, as `tests/programs/awfy/json_document.ket` makes it.
return function(rows)
  local out = {}
  frame(out)
  columns(out)
  for i = 0, rows - 1 do row(out, i) end
  add(out, '["set","w99",{"selection":["w%d"],"focusItem":"w%d"}]', FIRST_ROW, FIRST_ROW)
  add(out, '["call","rwt.client","measure",{"items":[]}]')
  return '{"head":{"requestCounter":4,"ok":true},"operations":[' .. table.concat(out, ",") .. "]}"
end
