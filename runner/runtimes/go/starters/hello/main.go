// A first function. Functory calls handle once for each event.
package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Variables out here live as long as the execution environment, and each has its own.
var greetings = 0

// Event is what the caller sends: for a test, the JSON you wrote.
type Event struct {
	Name string `json:"name"`
}

// Answer is written as JSON.
type Answer struct {
	Message   string `json:"message"`
	RequestID string `json:"request_id"`
}

func handle(ctx context.Context, event Event) (Answer, error) {
	greetings++
	if event.Name == "" {
		event.Name = "world"
	}

	// Whatever is printed goes to the log of this call.
	fmt.Printf("greeting %s, number %d of this environment\n", event.Name, greetings)

	call, _ := lambdacontext.FromContext(ctx)
	return Answer{Message: "Hello, " + event.Name, RequestID: call.AwsRequestID}, nil
}

// What main does before lambda.Start runs once for each new execution environment (a cold start).
// Open connections and load files there: later calls find them ready.
func main() {
	lambda.Start(handle)
}
