// Package acctest gives acceptance tests a server, the provider under test and what the CLI at hand can do. Only tests
// import it.
package acctest

import (
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/flagops/terraform-provider-flagops/internal/provider"
)

// Providers is the provider under test, in this process.
func Providers() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"flagops": providerserver.NewProtocol6WithError(provider.New("test")()),
	}
}
