// A worker for asynchronous events: callers send and go on, Functory keeps the event until it succeeded.
//
// Send one with:  aws lambda invoke --invocation-type Event --function-name ... --payload ... out.json
// When this function returns an error, the event is tried again after one minute and after two, then it is a dead
// letter, to be looked at under Events and sent again.
package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"
)

// An event can arrive twice: after a failure halfway, or when a machine dies just before it is marked done. So a worker
// notes what it has finished. This map is only as good as this environment: use a database.
var finished = map[string]bool{}

type event struct {
	Order  string `json:"order"`
	Amount int    `json:"amount"`
}

type answer struct {
	Order string `json:"order"`
	State string `json:"state"`
}

func handle(_ context.Context, event event) (answer, error) {
	if event.Order == "" {
		return answer{}, errors.New("the event names no order") // it fails and shows up with its error
	}
	if finished[event.Order] {
		fmt.Printf("order %s is done already\n", event.Order)
		return answer{event.Order, "already done"}, nil
	}
	if event.Amount <= 0 {
		return answer{}, fmt.Errorf("order %s has no amount", event.Order)
	}
	fmt.Printf("charging %d for order %s\n", event.Amount, event.Order)
	finished[event.Order] = true
	return answer{event.Order, "done"}, nil
}

func main() {
	lambda.Start(handle)
}
