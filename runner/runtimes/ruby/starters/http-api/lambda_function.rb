# A small HTTP API. A function URL sends each request as an event (payload format 2.0).
require "base64"
require "json"

# Lives as long as this execution environment, and each has its own: fine for trying things out, but anything to
# keep belongs in a database.
NOTES = ["read the code of this function"]

def list_notes(_event)
  answer(200, { notes: NOTES })
end

def add_note(event)
  text = read_json(event)["text"]
  return answer(400, { error: 'Send {"text": "..."}.' }) unless text.is_a?(String) && !text.strip.empty?

  NOTES << text.strip
  answer(201, { notes: NOTES })
end

ROUTES = {
  ["GET", "/"] => :list_notes,
  ["GET", "/notes"] => :list_notes,
  ["POST", "/notes"] => :add_note
}.freeze

def lambda_handler(event:, context:)
  method = event["requestContext"]["http"]["method"]
  path = event["rawPath"]
  route = ROUTES[[method, path]]
  puts "#{method} #{path}: #{route || "no route"}"
  return answer(404, { error: "Nothing is at #{method} #{path}." }) if route.nil?

  send(route, event)
end

# The request's body as JSON; {} if there is none or it is not an object.
def read_json(event)
  body = event["body"] || "{}"
  body = Base64.decode64(body) if event["isBase64Encoded"]
  found = JSON.parse(body)
  found.is_a?(Hash) ? found : {}
rescue JSON::ParserError
  {}
end

# What a function URL turns into an HTTP response.
def answer(status, content)
  { statusCode: status, headers: { "content-type" => "application/json" }, body: JSON.generate(content) }
end
