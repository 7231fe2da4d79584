local som = require("som")
local minified = require("json_document")

local JsonValue = som.class()
function JsonValue:is_object() return false end
function JsonValue:is_array() return false end
function JsonValue:is_string() return false end
function JsonValue:is_number() return false end

local JsonLiteral = som.class(JsonValue)
function JsonLiteral.new(text) return setmetatable({ text = text }, JsonLiteral) end

local JsonNumber = som.class(JsonValue)
function JsonNumber.new(text) return setmetatable({ text = text }, JsonNumber) end
function JsonNumber:is_number() return true end

local JsonString = som.class(JsonValue)
function JsonString.new(text) return setmetatable({ text = text }, JsonString) end
function JsonString:is_string() return true end

local JsonArray = som.class(JsonValue)
function JsonArray.new() return setmetatable({ values = {} }, JsonArray) end
function JsonArray:is_array() return true end
function JsonArray:add(value) self.values[#self.values + 1] = value end

local JsonObject = som.class(JsonValue)

local function slot(name) return ((#name * 1402589) & 31) + 1 end

function JsonObject.new()
  return setmetatable({ names = {}, values = {}, table = som.filled(32, 0) }, JsonObject)
end

function JsonObject:is_object() return true end

function JsonObject:add(name, value)
  local index = #self.names
  self.table[slot(name)] = index < 0xff and index + 1 or 0
  self.names[index + 1] = name
  self.values[index + 1] = value
end

function JsonObject:get(name)
  local index = self:index_of(name)
  if index == nil then return nil else return self.values[index] end
end

function JsonObject:index_of(name)
  local index = self.table[slot(name)]
  if index > 0 and self.names[index] == name then return index end
  for i = 1, #self.names do
    if self.names[i] == name then return i end
  end
  return nil
end

local NULL, TRUE, FALSE = JsonLiteral.new("null"), JsonLiteral.new("true"), JsonLiteral.new("false")

local function is_digit(c) return c ~= nil and "0" <= c and c <= "9" end

local Parser = som.class()

function Parser.new(input)
  return setmetatable(
    { input = input, index = 0, line = 1, column = 0, current = nil, start = 0, captured = "" }, Parser)
end

function Parser:document()
  self:read()
  self:skip_blanks()
  local result = self:value()
  self:skip_blanks()
  if self.current ~= nil then self:fail("unexpected character") end
  return result
end

function Parser:value()
  local c = self.current
  if c == "n" then return self:word("null", NULL)
  elseif c == "t" then return self:word("true", TRUE)
  elseif c == "f" then return self:word("false", FALSE)
  elseif c == '"' then return JsonString.new(self:string())
  elseif c == "[" then return self:array()
  elseif c == "{" then return self:object()
  elseif c == "-" then return self:number()
  elseif is_digit(c) then return self:number()
  else self:expected("a value") end
end

function Parser:array()
  self:read()
  local array = JsonArray.new()
  self:skip_blanks()
  if self:take("]") then return array end
  while true do
    self:skip_blanks()
    array:add(self:value())
    self:skip_blanks()
    if not self:take(",") then break end
  end
  if not self:take("]") then self:expected("`,` or `]`") end
  return array
end

function Parser:object()
  self:read()
  local object = JsonObject.new()
  self:skip_blanks()
  if self:take("}") then return object end
  while true do
    self:skip_blanks()
    if self.current ~= '"' then self:expected("a name") end
    local name = self:string()
    self:skip_blanks()
    if not self:take(":") then self:expected("`:`") end
    self:skip_blanks()
    object:add(name, self:value())
    self:skip_blanks()
    if not self:take(",") then break end
  end
  if not self:take("}") then self:expected("`,` or `}`") end
  return object
end

function Parser:word(text, value)
  for i = 1, #text do
    if not self:take(text:sub(i, i)) then self:expected("`" .. text .. "`") end
  end
  return value
end

function Parser:string()
  self:read()
  self:begin_capture()
  while self.current ~= '"' do
    local c = self.current
    if c == "\\" then
      self:pause_capture()
      self:read()
      self.captured = self.captured .. self:escape()
      self:read()
      self:begin_capture()
    elseif c == nil then self:expected('`"`')
    elseif c < " " then self:expected("a character that is no control character")
    else self:read() end
  end
  local text = self:end_capture()
  self:read()
  return text
end

function Parser:escape()
  local c = self.current
  if c == '"' or c == "/" or c == "\\" then return c
  elseif c == "b" then return "\b"
  elseif c == "f" then return "\f"
  elseif c == "n" then return "\n"
  elseif c == "r" then return "\r"
  elseif c == "t" then return "\t"
  else self:expected("an escape") end
end

function Parser:number()
  self:begin_capture()
  self:take("-")
  local first = self.current
  self:digit()
  if first ~= "0" then self:more_digits() end
  if self:take(".") then self:digit(); self:more_digits() end
  if self:take("e") or self:take("E") then
    if not self:take("+") then self:take("-") end
    self:digit()
    self:more_digits()
  end
  return JsonNumber.new(self:end_capture())
end

function Parser:digit()
  if not is_digit(self.current) then self:expected("a digit") end
  self:read()
end

function Parser:more_digits()
  while is_digit(self.current) do self:read() end
end

function Parser:take(c)
  if self.current ~= c then return false end
  self:read()
  return true
end

function Parser:skip_blanks()
  while self.current == " " or self.current == "\t" or self.current == "\n" or self.current == "\r" do
    self:read()
  end
end

function Parser:read()
  if self.current == "\n" then self.line = self.line + 1; self.column = 0 end
  self.index = self.index + 1
  self.column = self.column + 1
  if self.index <= #self.input then
    self.current = self.input:sub(self.index, self.index)
  else
    self.current = nil
  end
end

function Parser:begin_capture() self.start = self.index end

function Parser:pause_capture()
  self.captured = self.captured .. self.input:sub(self.start, self.index - 1)
  self.start = 0
end

function Parser:end_capture()
  self:pause_capture()
  local text = self.captured
  self.captured = ""
  return text
end

function Parser:expected(what)
  if self.current == nil then self:fail("unexpected end of input") else self:fail("expected " .. what) end
end

function Parser:fail(message) error(message .. " at " .. self.line .. ":" .. self.column) end

local function operations(document)
  local result = Parser.new(document):document()
  assert(result:is_object() and result:get("head"):is_object() and result:get("operations"):is_array())
  return #result:get("operations").values
end

local document = minified(118)
som.repeated("Json", som.size(), 156, function() return operations(document) end)
