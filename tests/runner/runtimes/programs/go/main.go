// What the contract suite asks of a function, in Go with AWS's own client.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

var calls = 0

type ValueError struct{ text string }

func (e *ValueError) Error() string { return e.text }

type event struct {
	Do        string
	How       string
	Text      string
	Size      int
	Seconds   *int
	Megabytes int
	Host      string
}

func handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var asked event
	if err := json.Unmarshal(raw, &asked); err != nil {
		return nil, err
	}
	switch asked.Do {
	case "echo":
		where, _ := os.Getwd()
		return map[string]any{"got": raw, "env": os.Getenv("OWN"), "where": where}, nil
	case "context":
		call, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"name": lambdacontext.FunctionName, "version": lambdacontext.FunctionVersion,
			"memory": fmt.Sprint(lambdacontext.MemoryLimitInMB), "group": lambdacontext.LogGroupName,
			"stream": lambdacontext.LogStreamName, "arn": call.InvokedFunctionArn, "id": call.AwsRequestID,
			"left": time.Until(deadline).Milliseconds(),
		}, nil
	case "fail":
		fmt.Println("boom")
		return nil, &ValueError{"boom"}
	case "leave":
		fmt.Println("last words")
		os.Exit(3)
	case "answer":
		return strings.Repeat(asked.Text, asked.Size), nil
	case "shout":
		return nil, &ValueError{strings.Repeat("y", asked.Size)}
	case "size":
		return utf8.RuneCountInString(asked.Text), nil
	case "trace":
		if trace := os.Getenv("_X_AMZN_TRACE_ID"); trace != "" {
			return trace, nil
		}
		return nil, nil
	case "sleep":
		seconds := 60
		if asked.Seconds != nil {
			seconds = *asked.Seconds
		}
		time.Sleep(time.Duration(seconds) * time.Second)
		return "slept", nil
	case "eat":
		var kept [][]byte
		for {
			piece := make([]byte, 1_000_000)
			for i := range piece {
				piece[i] = 1
			}
			kept = append(kept, piece)
		}
	case "write":
		if err := os.WriteFile("/tmp/f", []byte("x"), 0o600); err != nil {
			return nil, err
		}
		data, err := os.ReadFile("/tmp/f")
		return string(data), err
	case "fill":
		file, err := os.Create("/tmp/large")
		for i := 0; i < asked.Megabytes && err == nil; i++ {
			_, err = file.Write(make([]byte, 1024*1024))
		}
		return nil, err
	case "spoil":
		return nil, os.WriteFile("/var/task/f", []byte("x"), 0o600)
	case "show":
		fmt.Println("one")
		child := exec.Command("echo", "two")
		child.Stdout = os.Stdout
		err := child.Run()
		fmt.Print("three")
		return 1, err
	case "count":
		calls++
		return calls, nil
	case "binary":
		bytes := make([]byte, 256)
		for i := range bytes {
			bytes[i] = byte(i)
		}
		return map[string]any{
			"statusCode": 200, "headers": map[string]string{"content-type": "application/octet-stream"},
			"isBase64Encoded": true, "body": base64.StdEncoding.EncodeToString(bytes),
		}, nil
	case "connect":
		_, err := net.DialTimeout("tcp", asked.Host+":80", 3*time.Second)
		return "connected", err
	}
	return nil, nil
}

func main() {
	fmt.Println("cold")
	if os.Getenv("BREAK") != "" {
		log.Fatal("broken at start")
	}
	lambda.Start(handle)
}
