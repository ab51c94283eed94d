// Uses what most functions use, so that it is compiled once, when the image is made.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"io"
	"log"
	"log/slog"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/rpc"
	"net/url"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

var _ = []any{
	bufio.NewReader, bytes.NewReader, gzip.NewReader, context.Background, hmac.New, sha256.New, sql.Open, base64.StdEncoding,
	csv.NewReader, hex.EncodeToString, json.Marshal, xml.Marshal, errors.New, flag.Parse, fmt.Println, template.New, io.EOF,
	log.Println, slog.Info, big.NewInt, rand.Int, http.Get, rpc.NewServer, url.Parse, exec.Command, signal.Notify,
	filepath.Join, regexp.Compile, debug.Stack, slices.Sort[[]int], strconv.Itoa, strings.Split, sync.OnceFunc, time.Now,
}

func main() {}
