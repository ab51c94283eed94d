// A small HTTP API. A function URL sends each request as an event (payload format 2.0).
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

type (
	request  = events.LambdaFunctionURLRequest
	response = events.LambdaFunctionURLResponse
	route    func(request) response
)

// Lives as long as this execution environment, and each has its own: fine for trying things out, but anything to keep
// belongs in a database.
var notes = []string{"read the code of this function"}

var routes = map[string]route{
	"GET /":       listNotes,
	"GET /notes":  listNotes,
	"POST /notes": addNote,
}

func listNotes(request) response {
	return answer(200, map[string]any{"notes": notes})
}

func addNote(event request) response {
	var sent struct{ Text string }
	if err := json.Unmarshal(body(event), &sent); err != nil || strings.TrimSpace(sent.Text) == "" {
		return answer(400, map[string]any{"error": `Send {"text": "..."}.`})
	}
	notes = append(notes, strings.TrimSpace(sent.Text))
	return answer(201, map[string]any{"notes": notes})
}

func handle(_ context.Context, event request) (response, error) {
	name := event.RequestContext.HTTP.Method + " " + event.RawPath
	fmt.Println(name)
	found, known := routes[name]
	if !known {
		return answer(404, map[string]any{"error": "Nothing is at " + name + "."}), nil
	}
	return found(event), nil
}

func body(event request) []byte {
	if !event.IsBase64Encoded {
		return []byte(event.Body)
	}
	data, _ := base64.StdEncoding.DecodeString(event.Body)
	return data
}

// What a function URL turns into an HTTP response.
func answer(status int, content any) response {
	text, _ := json.Marshal(content)
	return response{StatusCode: status, Headers: map[string]string{"content-type": "application/json"}, Body: string(text)}
}

func main() {
	lambda.Start(handle)
}
