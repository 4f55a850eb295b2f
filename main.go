// Command terraform-provider-flagops is the Terraform provider flagops: feature flags on Flagsmith and Unleash.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/flagops/terraform-provider-flagops/internal/provider"
)

var version = "dev" // set by the linker in releases

func main() {
	debug := flag.Bool("debug", false, "keep running, to be attached to by a debugger")
	flag.Parse()
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: "registry.terraform.io/flagops/flagops",
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
