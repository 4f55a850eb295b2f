// Command sandbox runs an in-memory Flagsmith for people and scripts, or prints what a Flagsmith serves.
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

	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		log.Fatalf("sandbox: %s", err)
	}
}

// run does what the arguments say until it is done or ctx is.
func run(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	f.SetOutput(out)
	address := f.String("flagsmith", "127.0.0.1:0", "serve an in-memory Flagsmith on this `address`; port 0 is any free one")
	ready := f.String("ready", "", "once it serves, write its URL, key and organisation to this `file`, as lines for a shell")
	show := f.String("print", "", "serve nothing, print the flags of the Flagsmith at this `URL` (ending in /api/v1)")
	key := f.String("key", os.Getenv("FLAGSMITH_API_KEY"), "organisation API `key` for -print (default $FLAGSMITH_API_KEY)")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%q is no flag", f.Arg(0))
	}
	if *show != "" {
		return printFlags(ctx, out, *show, *key)
	}
	return serve(ctx, out, *address, *ready)
}

// serve runs a sandbox until ctx is done.
func serve(ctx context.Context, out io.Writer, address, ready string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	s := sandbox.New()
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()

	lines := "FLAGSMITH_API_URL=http://" + listener.Addr().String() + "/api/v1\n" +
		"FLAGSMITH_API_KEY=" + s.Key + "\n" +
		"FLAGSMITH_ORGANISATION_ID=" + strconv.FormatInt(s.OrganisationID, 10) + "\n"
	if ready != "" {
		if err := writeFile(ready, lines); err != nil {
			return errors.Join(err, server.Close())
		}
	}
	_, err = fmt.Fprintf(out, "An empty Flagsmith %s, in memory until this stops (Ctrl-C). To use it:\n\n"+
		"set -a\n%sset +a\n\nand to see its flags: sandbox -print $FLAGSMITH_API_URL\n", sandbox.Version, lines)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// writeFile makes a file that is there whole or not at all, for its owner alone: it has a key in it.
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
