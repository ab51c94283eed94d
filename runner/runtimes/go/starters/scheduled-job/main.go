// A job that a schedule runs. It stops in time, and says in its answer how far it came.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// Leave this much time for the answer: a call that reaches its time-out fails, whatever it has done.
const reserve = 500 * time.Millisecond

type job struct {
	Items *int `json:"items"`
}

type report struct {
	Done []string `json:"done"`
	Left int      `json:"left"`
}

func handle(ctx context.Context, event job) (report, error) {
	wanted := 3
	if event.Items != nil {
		wanted = *event.Items
	}
	deadline, _ := ctx.Deadline()
	done := []string{}
	for len(done) < wanted {
		if time.Until(deadline) < reserve {
			fmt.Printf("stopping early: %d left for the next run\n", wanted-len(done))
			break
		}
		item := fmt.Sprintf("item-%d", len(done))
		workOn(item)
		done = append(done, item)
	}
	fmt.Printf("done with %d of %d\n", len(done), wanted)
	return report{Done: done, Left: wanted - len(done)}, nil
}

// Replace this with real work. A job may be run twice, so let a second run do no harm.
func workOn(item string) {
	fmt.Println("working on", item)
	time.Sleep(50 * time.Millisecond)
}

func main() {
	lambda.Start(handle)
}
