// Real recorders of Go: each records the same exchanges and writes them in its own form.
//
// `driver JOB` reads {"tool", "base", "out", "exchanges": [{"method", "target", "headers", "body"}]}.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	v3 "gopkg.in/dnaeon/go-vcr.v3/recorder"
	v4 "gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"
)

type exchange struct {
	Method  string            `json:"method"`
	Target  string            `json:"target"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

type job struct {
	Tool      string     `json:"tool"`
	Base      string     `json:"base"`
	Out       string     `json:"out"`
	Exchanges []exchange `json:"exchanges"`
}

// ask sends one request; whatever is answered is read to its end.
func ask(client *http.Client, base string, one exchange) error {
	request, err := http.NewRequest(one.Method, base+one.Target, strings.NewReader(one.Body))
	if err != nil {
		return err
	}
	for name, value := range one.Headers {
		request.Header.Set(name, value)
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// recorder opens the tool that the job names; what it gives is a transport, and how it is ended.
func recorder(one job) (http.RoundTripper, func() error, error) {
	name := filepath.Join(one.Out, "exchanges")
	if one.Tool == "go-vcr-v3" {
		made, err := v3.NewWithOptions(&v3.Options{CassetteName: name, Mode: v3.ModeRecordOnly})
		return made, made.Stop, err
	}
	made, err := v4.New(name, v4.WithMode(v4.ModeRecordOnly))
	return made, made.Stop, err
}

func main() {
	content, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var one job
	if err := json.Unmarshal(content, &one); err != nil {
		log.Fatal(err)
	}
	transport, stop, err := recorder(one)
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: transport}
	for _, each := range one.Exchanges {
		if err := ask(client, one.Base, each); err != nil {
			log.Fatal(err)
		}
	}
	if err := stop(); err != nil {
		log.Fatal(err)
	}
}
