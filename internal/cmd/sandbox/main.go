// Command sandbox runs an in-memory Flagsmith and an in-memory Unleash for people and scripts, or prints what flags such
// servers have.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	flagsmith "github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
	unleash "github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		log.Fatalf("sandbox: %s", err)
	}
}

// run does what the arguments say until it is done or ctx is.
func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	f := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	f.SetOutput(out)
	const anyPort = "127.0.0.1:0"
	at := map[string]*string{
		"Flagsmith": f.String("flagsmith", anyPort, "serve an in-memory Flagsmith on this `address`: port 0 is any free one, an empty address none at all"),
		"Unleash":   f.String("unleash", anyPort, "serve an in-memory Unleash on this `address`, likewise"),
	}
	ready := f.String("ready", "", "once they serve, write their URLs and keys to this `file`, as lines for a shell")
	show := f.Bool("print", false, "serve nothing, print the flags of the Flagsmith of FLAGSMITH_API_URL and FLAGSMITH_API_KEY and of the Unleash\n"+
		"of UNLEASH_URL and UNLEASH_TOKEN, whichever are set")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%q is no flag", f.Arg(0))
	}
	if *show {
		return printFlags(ctx, out, getenv)
	}
	fs, un := flagsmith.New(), unleash.New()
	var servers []server
	for _, s := range []server{
		{"Flagsmith " + flagsmith.Version, *at["Flagsmith"], fs, func(url string) string {
			return "FLAGSMITH_API_URL=" + url + "/api/v1\nFLAGSMITH_API_KEY=" + fs.Key + "\nFLAGSMITH_ORGANISATION_ID=" + strconv.FormatInt(fs.OrganisationID, 10) + "\n"
		}},
		{"Unleash " + unleash.Version, *at["Unleash"], un, func(url string) string {
			return "UNLEASH_URL=" + url + "\nUNLEASH_TOKEN='" + un.Token + "'\n" // a shell would expand its stars
		}},
	} {
		if s.address != "" {
			servers = append(servers, s)
		}
	}
	if len(servers) == 0 {
		return errors.New("no address, nothing to serve")
	}
	return serve(ctx, out, servers, *ready)
}

// server is a sandbox to be served. variables says, in lines for a shell, how to use it at a URL.
type server struct {
	title, address string
	handler        http.Handler
	variables      func(url string) string
}

// serve runs sandboxes until ctx is done.
func serve(ctx context.Context, out io.Writer, servers []server, ready string) (err error) {
	done := make(chan error, len(servers))
	var titles, lines string
	for i, s := range servers {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.address)
		if err != nil {
			return err
		}
		h := &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second}
		defer func() { _ = h.Close() }()
		go func() { done <- h.Serve(listener) }()
		if i > 0 {
			titles += " and an empty "
		}
		titles += s.title
		lines += s.variables("http://" + listener.Addr().String())
	}
	if ready != "" {
		if err := writeFile(ready, lines); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(out, "An empty %s, in memory until this stops (Ctrl-C). To use what is here:\n\n"+
		"set -a\n%sset +a\n\nand to see its flags: sandbox -print\n", titles, lines); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return nil
	}
}

// writeFile makes a file that is there whole or not at all, for its owner alone: it has keys in it.
func writeFile(name, text string) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
